"""What MongoDB says becomes a StoreError that names the place and no secret; nothing waits without end."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.mongo.database import MongoDatabase
from common.io.collections.protocol import StoreError
from contract.kit import SALES, STORES, put, sale
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
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, what: str) -> None:
    with pytest.raises(StoreError, match=what) as refused:
        opened(url)
    assert "mongodb://user:password@host:27017/database" in str(refused.value)
    assert "s3" not in str(refused.value)


def test_the_place_names_hosts_and_database_only() -> None:
    database = opened("mongodb://ann:s3cret@one:27018,two/shop?replicaSet=rs")
    assert database.place == "mongodb://one:27018,two:27017/shop"


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
