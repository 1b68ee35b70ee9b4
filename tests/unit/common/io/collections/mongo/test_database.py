"""What MongoDB says becomes a StoreError that names the place and no secret; nothing waits without end."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from traceback import format_exception

import pymongo
import pytest

from common.io.collections import open_store
from common.io.collections.mongo.database import MongoDatabase
from common.io.collections.protocol import StoreError
from contract.kit import SALES, STORES, content, put, sale
from servers import server


def opened(url: str, *, read_only: bool = False) -> MongoDatabase:
    return MongoDatabase(url, batch_size=10, read_only=read_only)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mongodb://host:27017", "names no database"),
        ("mongodb://user:s3cret@host:port/shop", "cannot be read"),
        ("mongodb:///shop", "cannot be read"),
        ("mongodb://user:s3/cret@host/shop", "cannot be read"),
        ("mongodb://user:p/s3cret@host:12/shop", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, what: str) -> None:
    with pytest.raises(StoreError, match=what) as refused:
        opened(url)
    assert "mongodb://user:password@host:27017/database" in str(refused.value)
    assert "s3" not in "".join(format_exception(refused.value)), "a part of a password"


def test_the_place_names_hosts_and_database_only() -> None:
    database = opened("mongodb://ann:s3cret@one:27018,two/shop?replicaSet=rs")
    assert database.place == "mongodb://one:27018,two:27017/shop"


def test_a_url_of_the_name_service_is_read_without_asking_it() -> None:
    database = opened("mongodb+srv://ann:s3cret@cluster.invalid/shop?srvMaxHosts=2&socketTimeoutMS=5")
    assert database.place == "mongodb://cluster.invalid:27017/shop"
    assert "socketTimeoutMS" not in database._waits
    assert "connectTimeoutMS" in database._waits


def test_writes_that_fail_are_told_without_their_rows(tmp_path: Path) -> None:
    database = opened(STORES["mongodb"](tmp_path))
    told = pytest.raises(StoreError, match="2 writes failed, the first for: E11000, a duplicate")
    with told as refused, database.writing() as documents:
        documents["rows"].insert_many([{"_id": "1", "name": "Ann"}] * 3, ordered=False)
    assert "dup key" not in str(refused.value)
    trace = "".join(format_exception(refused.value))
    assert "full error" not in trace, "the driver's own error prints the rows, which are personal data"


def test_a_row_that_is_too_large_is_told(tmp_path: Path) -> None:
    database = opened(STORES["mongodb"](tmp_path))
    for size in (17_000_000, 50_000_000):  # one that the server refuses, and one that the driver does
        with pytest.raises(StoreError, match="too large"), database.writing() as documents:
            documents["rows"].insert_many([{"_id": "1", "name": "x" * size}], ordered=False)


def test_a_reader_by_the_documented_role_reads_and_cannot_write(repository: Path) -> None:
    script = (repository / "docs/roles/mongodb.js").read_text()
    assert 'roles: [{ role: "read", db: db.getName() }]' in script
    url = server("mongodb").empty_database()
    if "@" not in url:
        pytest.skip("nobody has to log in to this server")
    sales = open_store(url, batch_size=10).collection(SALES)
    sales.ensure()
    put(sales, "r", [1], [sale(1, "A")])
    with pymongo.MongoClient(url) as client:
        database = client.get_default_database()
        database.command("createUser", "reader", pwd="s3cret", roles=[{"role": "read", "db": database.name}])
    server_at = url.partition("@")[2].partition("/")[0]
    reader = f"mongodb://reader:s3cret@{server_at}/{database.name}"
    reading = open_store(reader, batch_size=10).collection(SALES)
    assert len(content(reading)) == 1
    with pytest.raises(StoreError, match="the user's rights") as refused:
        put(reading, "s", [1], [sale(1, "B")])
    assert "s3cret" not in str(refused.value)
    with pytest.raises(StoreError, match="Check the user and the password"):
        open_store(reader.replace("s3cret", "guess"), batch_size=10).collection(SALES).live()


def test_a_server_that_is_away_is_noticed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"mongodb://ann:s3cret@127.0.0.1:{taken.getsockname()[1]}/shop?serverSelectionTimeoutMS=300"
        began = time.monotonic()
        with pytest.raises(StoreError, match="did not answer") as refused:
            open_store(url, batch_size=10).collection(SALES).live()
    assert time.monotonic() - began < 10
    assert "s3cret" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)
    assert "Is it running" in str(refused.value)


def test_a_silent_server_is_given_up() -> None:
    running = server("mongodb")
    url = running.empty_database()
    sales = open_store(f"{url}{'&' if '?' in url else '?'}socketTimeoutMS=500", batch_size=10).collection(
        SALES
    )
    sales.ensure()
    put(sales, "r", [1], [sale(1, "A")])
    running.pause()
    try:
        with pytest.raises(StoreError, match="did not answer"):
            sales.live()
    finally:
        running.resume()
    assert sales.live() is not None


def test_read_only_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    database = opened(STORES["mongodb"](tmp_path), read_only=True)
    with pytest.raises(StoreError, match="read only"), database.writing():
        pytest.fail("it let a write through")
    assert "client" not in database.__dict__, "it connected"


def test_it_can_be_used_again_after_it_was_closed(tmp_path: Path) -> None:
    database = opened(STORES["mongodb"](tmp_path))
    backend = database.backend(SALES)
    backend.ensure()
    database.close()
    assert list(backend.chunks()) == []
    database.close()
