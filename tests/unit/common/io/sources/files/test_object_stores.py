"""Connections become the options of the libraries, whichever way Airflow writes them."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from common.io.sources.files import object_stores
from common.io.sources.files.object_stores import given_by, options_of, s3


@pytest.mark.parametrize(
    ("connection", "options"),
    [
        (
            "s3://key:s%2Fcr%40t%2541@?endpoint_override=http://127.0.0.1:9000&region=eu-central-1",
            {
                "access_key": "key",
                "secret_key": "s/cr@t%41",
                "endpoint_override": "127.0.0.1:9000",
                "scheme": "http",
                "region": "eu-central-1",
            },
        ),
        (
            "aws://key:secret@/?region_name=us-east-1&endpoint_url=https%3A%2F%2Fs3.example.org%2F",
            {
                "access_key": "key",
                "secret_key": "secret",
                "endpoint_override": "s3.example.org",
                "scheme": "https",
                "region": "us-east-1",
            },
        ),
        (
            "aws:///?__extra__="
            + quote(
                json.dumps({"aws_access_key_id": "k", "aws_secret_access_key": "s", "aws_session_token": "t"})
            ),
            {"access_key": "k", "secret_key": "s", "session_token": "t"},
        ),
        ("aws:///?role_arn=arn:aws:iam::1:role/r", {"role_arn": "arn:aws:iam::1:role/r"}),
        ("", {}),
    ],
)
def test_s3(connection: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def note(**used: Any) -> Any:
        given.update(used)
        return made(anonymous=True, region="us-east-1")

    made = object_stores.S3FileSystem
    monkeypatch.setattr(object_stores, "S3FileSystem", note)
    s3(connection)
    assert {name: given[name] for name in given if "timeout" not in name and "retry" not in name} == options


def test_other_file_systems_get_what_their_connection_has() -> None:
    assert options_of("sftp://me:pa%3Ass@host.example:2222/?key_filename=/k") == {
        "username": "me",
        "password": "pa:ss",
        "host": "host.example",
        "port": 2222,
        "key_filename": "/k",
    }
    assert options_of("") == {}
    assert given_by("s3://bucket.example/") == {}, "its host is none of S3's options"
