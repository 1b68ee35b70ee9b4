"""How far a read has come: counted, marked and bookmarked by the documents alone, without a server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import bson
import pymongo
import pytest
from bson import Decimal128, ObjectId
from pymongo.collection import Collection

from common.io.sources import Scope
from common.io.sources.mongo.decoding import PLAIN
from common.io.sources.mongo.reading import Reading
from common.io.sources.mongo.settings import MongoSettings
from common.utils.errors import SourceError
from common.utils.window import Window

WINDOW = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
Document = dict[str, Any]


@pytest.fixture
def orders() -> Iterator[Collection[Document]]:
    """A collection that nobody serves."""
    with pymongo.MongoClient[Document]("mongodb://127.0.0.1:1", connect=False) as client:
        yield client["shop"]["orders"]


def reading(orders: Collection[Document], after: str = "", **settings: Any) -> Reading:
    asked = MongoSettings(connection="mongodb://127.0.0.1:1/shop", collection="orders", **settings)
    return Reading(orders, asked, Scope(WINDOW, {}, after), "VITRINE_A_B_")


def advance(one: Reading, *documents: Document) -> None:
    """Gives it documents as they come from a server."""
    pieces = [bson.encode(document) for document in documents]
    raw = b"".join(pieces)
    one.advance(raw, [0, *accumulate(map(len, pieces))], bson.decode_all(raw, PLAIN))


def test_the_bookmark_is_the_highest_value_so_far(orders: Collection[Document]) -> None:
    one = reading(orders, cursor="meta.n")
    assert one.bookmark == {}
    advance(one, {"_id": 1, "meta": {"n": 3}}, {"_id": 2, "meta": {"n": 7.9}})
    assert one.bookmark == {"cursor": "7"}
    advance(one, {"_id": 3, "meta": {"n": 5}})
    advance(one, {"_id": 4}, {"_id": 5, "meta": {"n": None}})
    assert (one.bookmark, one.count) == ({"cursor": "7"}, 5)


def test_a_value_of_a_type_that_sorts_later_is_higher(orders: Collection[Document]) -> None:
    one = reading(orders, cursor="n")
    advance(one, {"_id": 1, "n": 10**6}, {"_id": 2, "n": "a"})
    assert one.bookmark == {"cursor": "a"}
    advance(one, {"_id": 3, "n": 10**7})
    assert one.bookmark == {"cursor": "a"}


def test_a_read_without_a_cursor_has_no_bookmark(orders: Collection[Document]) -> None:
    one = reading(orders)
    advance(one, {"_id": 1, "n": 3})
    assert (one.bookmark, one.count) == ({}, 1)


def test_a_mark_counts_on_and_keeps_the_values_types(orders: Collection[Document]) -> None:
    one = reading(orders, cursor="n")
    _id, value = ObjectId(), Decimal128("1.50")
    advance(one, {"_id": ObjectId(), "n": 1}, {"_id": _id, "n": value})
    other = reading(orders, after=one.mark, cursor="n")
    assert (other.count, other.mark) == (2, "")
    assert other._after == {"count": 2, "_id": _id, "cursor": value}
    advance(other, {"_id": ObjectId(), "n": 2})
    assert other.count == 3


def test_the_mark_is_the_last_documents_even_where_it_cannot_be_used(orders: Collection[Document]) -> None:
    one = reading(orders, cursor="n")
    good, bad = bson.encode({"_id": 1, "n": 1}), bson.encode({"_id": 2, "n": 2, "N": 2})
    one.advance(good + bad, [0, len(good), len(good) + len(bad)], [{"_id": 1, "n": 1}])
    assert (one.count, one.bookmark) == (2, {"cursor": "2"})
    after = reading(orders, after=one.mark, cursor="n")._after
    assert after is not None
    assert after["_id"] == 2


def test_what_has_no_order_of_its_own_has_no_mark(orders: Collection[Document]) -> None:
    one = reading(orders, pipeline=[{"$unwind": "$lines"}])
    advance(one, {"_id": 1}, {"_id": 1})
    assert (one.mark, one.count) == ("", 2)


@pytest.mark.parametrize(("path", "value"), [("n", [1, 2]), ("n.at", [{"at": 1}])])
def test_an_array_is_no_cursor_wherever_it_lies(
    orders: Collection[Document], path: str, value: list[Any]
) -> None:
    with pytest.raises(SourceError, match="is an array, or lies in one") as refused:
        advance(reading(orders, cursor=path), {"_id": 1, "n": value}, {"_id": 2, "n": 1})
    assert refused.value.where == "VITRINE_A_B_CURSOR"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, 2.5, 3], ""),
        (["a", "b"], ""),
        ([1, None], "1 int, 1 NoneType"),
        (["a", datetime(2026, 1, 2, tzinfo=UTC), "b"], "2 str, 1 datetime"),
    ],
)
def test_documents_that_every_run_reads_again_are_told_of(
    orders: Collection[Document], caplog: pytest.LogCaptureFixture, values: list[Any], said: str
) -> None:
    one = reading(orders, cursor="n")
    advance(one, *({"_id": at, "n": value} for at, value in enumerate(values)))
    with caplog.at_level(logging.WARNING):
        one.report("orders at host")
    assert said in caplog.text
    assert bool(caplog.records) == bool(said)
