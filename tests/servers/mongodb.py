"""A server of the MongoDB protocol as a throw-away server: a genuine mongod, else SecantusDB."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from servers.process import HOST, PATIENCE, USER, Server, find
from servers.session import Session

CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
TOOLS = f"{CACHE}/vitrine-ci/bin"  # where .ci/run puts what it builds
STAND_IN = (
    "secantusd-rs"  # SecantusDB: MongoDB's protocol over WiredTiger, the library that MongoDB stores with
)


class MongoDB(Server):
    """A stand-alone server on which every acknowledged write is on disk, and whose users have to log in."""

    kind = "mongodb"
    title = "MongoDB"
    variable = "MONGODB_TEST_URI"

    def __init__(self, session: Session) -> None:
        super().__init__(session, secrets.token_hex(8))
        self._guarded = False
        if "@" in self.uri and "authSource" not in self.uri:
            parts = urlsplit(self.uri)
            query = "&".join(filter(None, [parts.query, f"authSource={parts.path.strip('/') or 'admin'}"]))
            self.uri = parts._replace(path="/", query=query).geturl()

    @classmethod
    def absent(cls) -> str | None:
        if os.environ.get(cls.variable) or program():
            return None
        return (
            f"no mongod on the PATH and no {STAND_IN} in {TOOLS}. "
            f"Run .ci/run, which installs one, or set {cls.variable}."
        )

    @classmethod
    def described(cls) -> str:
        if uri := os.environ.get(cls.variable):
            return f"MongoDB {version_at(uri)} ({cls.variable})"
        name = "MongoDB" if genuine() else "MongoDB protocol by SecantusDB"
        return f"{name} {version_of(program())}"

    def prepare(self) -> None:
        """Makes the user while nobody has to log in, as MongoDB's manual has it."""
        import pymongo

        (self.folder / "data").mkdir()
        self.launch()
        with pymongo.MongoClient(HOST, self.port) as client:
            client.admin.command("createUser", USER, pwd=self.password, roles=["root"])
        self._end(self.graceful)
        self._guarded = True

    def command(self) -> Sequence[str]:
        data, guarded = str(self.folder / "data"), ["--auth"] if self._guarded else []
        port = ["--port", str(self.port)]
        if genuine():
            return [program(), "--dbpath", data, "--bind_ip", HOST, *port, "--nounixsocket", *guarded]
        durable = ["--sync-on-commit", "--standalone"]
        return [program(), "--storage-path", data, *port, *durable, "--cache-size", "512M", *guarded]

    def answers(self) -> bool:
        import pymongo

        uri = self.uri if self._guarded or not self.own else f"mongodb://{HOST}:{self.port}"
        with pymongo.MongoClient(uri, serverSelectionTimeoutMS=1000 * PATIENCE) as client:
            try:
                client.admin.command("ping")
                return True
            except pymongo.errors.PyMongoError:
                return False

    def create(self, database: str) -> None:
        """A database is there as soon as something is written into it."""

    def drop(self, database: str) -> None:
        import pymongo

        with pymongo.MongoClient(self.uri) as client:
            client.drop_database(database)


def program() -> str:
    """The server's program; empty where there is none."""
    return find("mongod") or find(STAND_IN, TOOLS) or ""


def genuine() -> bool:
    """Whether it is MongoDB's own."""
    return Path(program()).name == "mongod"


@cache
def version_of(path: str) -> str:
    """The release of a program."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return re.findall(r"\d+\.\d+[\w.-]*", said.stdout)[0]


@cache
def version_at(uri: str) -> str:
    """The release of a server that is given."""
    import pymongo

    with pymongo.MongoClient(uri, serverSelectionTimeoutMS=1000 * PATIENCE) as client:
        try:
            return str(client.server_info()["version"])
        except pymongo.errors.PyMongoError:
            return "that does not answer"
