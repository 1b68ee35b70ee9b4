"""An S3-protocol server as a throw-away server: moto, in a process of its own, that checks who asks.

It is no store of collections, so not among ``servers.KINDS``; ``s3()`` is the session's.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import urllib.request
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest

from servers.process import HOST, PATIENCE, Server
from servers.session import SESSION, Session

REGION = "eu-central-1"
SET_UP = 3  # requests that need no credentials: those by which the server's one user is made
EVERYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'


class S3(Server):
    """Buckets in memory: what is in them is gone with its process."""

    kind = "s3"
    title = "S3 protocol"
    variable = "S3_TEST_URI"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.key = self.secret = ""
        self._names = (name.replace("_", "-") for name in self._names)  # bucket names have no underscore

    @classmethod
    def absent(cls) -> str | None:
        there = all(importlib.util.find_spec(name) for name in ("moto", "flask", "boto3"))
        return None if there else "moto is not installed. Install moto[s3,server]."

    @classmethod
    def described(cls) -> str:
        return "S3 protocol by moto"

    def prepare(self) -> None:
        """Has nothing to make before it runs."""

    def command(self) -> Sequence[str]:
        arguments = f"['moto_server', '-H', '{HOST}', '-p', '{self.port}']"
        run = f"import sys; sys.argv = {arguments}; from moto.server import main; main()"
        return ["env", f"INITIAL_NO_AUTH_ACTION_COUNT={SET_UP}", sys.executable, "-c", run]

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/moto-api/", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def launch(self) -> None:
        """Starts it, with a user who may do everything."""
        super().launch()
        iam = self._client("iam", "any", "any")
        iam.create_user(UserName="vitrine")
        made = iam.create_access_key(UserName="vitrine")["AccessKey"]
        iam.put_user_policy(UserName="vitrine", PolicyName="all", PolicyDocument=EVERYTHING)
        self.key, self.secret = made["AccessKeyId"], made["SecretAccessKey"]

    def create(self, database: str) -> None:
        self.client.create_bucket(Bucket=database, CreateBucketConfiguration={"LocationConstraint": REGION})

    def drop(self, database: str) -> None:
        raise NotImplementedError("it is always the session's own")

    def empty_bucket(self) -> str:
        """The name of a new and empty bucket."""
        return self.empty_database().rpartition("/")[2]

    def url(self, database: str) -> str:
        return f"s3://{database}"

    def connection(self, key: str = "", secret: str = "") -> str:
        """What a source's ``CONNECTION`` says: with the right credentials, unless others are given."""
        login = f"{quote(key or self.key, safe='')}:{quote(secret or self.secret, safe='')}"
        return f"s3://{login}@?endpoint_override={quote(self.endpoint, safe='')}&region={REGION}"

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    @property
    def client(self) -> Any:
        """A client that may do everything."""
        return self._client("s3", self.key, self.secret)

    def _client(self, service: str, key: str, secret: str) -> Any:
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )


def new_s3() -> S3:
    """A running server for one test alone, which may break it."""
    reason = S3.absent()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI tests every store. {reason}")
    if reason:
        pytest.skip(reason)
    made = S3(SESSION)
    made.start()
    return made


@cache
def s3() -> S3:
    """The session's running server."""
    return new_s3()
