"""Credentials of remote places, as a Connection's URL has them, for the libraries that reach the places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fsspec.implementations.arrow import ArrowFSWrapper  # type: ignore[import-untyped]
from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

CONNECT, REQUEST, TRIES = 10.0, 60.0, 4  # seconds, seconds, attempts

S3_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "access_key": ("login", "aws_access_key_id"),
    "secret_key": ("password", "aws_secret_access_key"),
    "session_token": ("session_token", "aws_session_token"),
    "region": ("region", "region_name"),
    "endpoint_override": ("endpoint_override", "endpoint_url"),
    "role_arn": ("role_arn",),
    "external_id": ("external_id",),
}
"""The options of Arrow's client, and what URLs and the extras of Airflow's ``aws`` Connections call them."""


def s3(connection: str) -> ArrowFSWrapper:
    """An S3 file system; without a connection with the credentials of the AWS environment variables.

    Args:
        connection: ``s3://key:secret@?endpoint_override=http://127.0.0.1:9000&region=eu-central-1``.
    """
    given = given_by(connection)
    options = {
        option: next((given[name] for name in names if given.get(name)), None)
        for option, names in S3_OPTIONS.items()
    }
    endpoint = options["endpoint_override"] or ""
    if "://" in endpoint:
        options["scheme"], _, options["endpoint_override"] = endpoint.rstrip("/").partition("://")
    if options["role_arn"] and not options["access_key"]:
        options.pop("access_key"), options.pop("secret_key")
    kept: dict[str, Any] = {name: value for name, value in options.items() if value}
    retries = AwsStandardS3RetryStrategy(max_attempts=TRIES)
    client = S3FileSystem(connect_timeout=CONNECT, request_timeout=REQUEST, retry_strategy=retries, **kept)
    return ArrowFSWrapper(client, skip_instance_cache=True, use_listings_cache=False)


def options_of(connection: str) -> dict[str, Any]:
    """The options of fsspec's own file systems that a connection gives: its extras as they are named."""
    given = given_by(connection)
    named = {"login": "username"}
    return {named.get(name, name): value for name, value in given.items()}


def given_by(connection: str) -> dict[str, Any]:
    """Login, password, host, port and extras of a connection's URL."""
    if not connection:
        return {}
    parts = urlsplit(connection)
    extras: dict[str, Any] = dict(parse_qsl(parts.query))
    extras |= json.loads(extras.pop("__extra__", "{}"))  # how Airflow writes extras that are no plain texts
    login, password = (part and unquote(part) for part in (parts.username, parts.password))
    own: dict[str, Any] = {"login": login, "password": password}
    if parts.scheme not in ("s3", "s3a", "aws"):
        own |= {"host": parts.hostname, "port": parts.port}
    return {name: value for name, value in own.items() if value} | extras
