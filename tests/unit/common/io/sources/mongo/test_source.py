"""MongoDB collections: what is read again, what is read on, and what is refused."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from pymongo.collection import Collection

import servers
from common.io.sources import Part, Scope
from common.io.sources.mongo import MongoCollection
from common.io.sources.mongo.settings import MongoSettings
from common.utils.errors import SourceError
from common.utils.window import Window

Orders = Collection[dict[str, Any]]
Opened = Callable[..., MongoCollection]

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC))
ALL = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
NUMBERS = [math.nan, -math.inf, 1, 2.5, Decimal128("4.5")]
TEXTS_AND_MORE = ["a", "b", {"x": 1}, b"ab", Binary(b"u" * 16, 4), ObjectId(), ObjectId(), False, True]
TIMES = [NOW, NOW + timedelta(1), DatetimeMS(2**60), Timestamp(1, 2)]
EVERY_TYPE: list[Any] = [MinKey(), None, *NUMBERS, *TEXTS_AND_MORE, *TIMES, MaxKey()]


@pytest.fixture
def url() -> str:
    """Of a new database."""
    return servers.server("mongodb").empty_database()


@pytest.fixture
def orders(url: str) -> Iterator[Orders]:
    """An empty collection."""
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        yield client.get_default_database().create_collection("orders")


@pytest.fixture
def opened(url: str) -> Opened:
    """The source of the collection, in batches of three."""

    def open_(**settings: Any) -> MongoCollection:
        asked = {"connection": url, "collection": "orders", "batch_size": 3, **settings}
        return MongoCollection(MongoSettings(**asked), "VITRINE_A_B_")

    return open_


def read(source: MongoCollection, bookmark: str = "", after: str = "", window: Window = ALL) -> list[Part]:
    """All parts."""
    (item,) = source.items()
    return list(source.read(item, Scope(window, {"cursor": bookmark} if bookmark else {}, after)))


def column(parts: list[Part], name: str = "_id") -> list[Any]:
    """The values of a column of all parts."""
    return [value for part in parts for value in part.records[name].to_pylist()]


def letters(parts: list[Part]) -> list[dict[str, Any]]:
    """All dead letters."""
    return [row for part in parts for row in part.unreadable.to_pylist()]


def days(count: int) -> list[dict[str, Any]]:
    """Orders of as many days of January."""
    return [{"_id": day, "at": datetime(2026, 1, day, tzinfo=UTC)} for day in range(1, count + 1)]


@pytest.mark.parametrize("cursor", ["", "at", "_id"])
def test_reading_goes_on_after_a_value_of_whatever_type(orders: Orders, opened: Opened, cursor: str) -> None:
    pairs = zip(EVERY_TYPE, reversed(EVERY_TYPE), strict=True)
    orders.insert_many([{"_id": one, "at": other} for one, other in pairs])
    orders.insert_many([{"_id": 100 + at, "at": value} for at, value in enumerate(EVERY_TYPE)])
    orders.insert_one({"_id": "no cursor"})
    source = opened(cursor=cursor, batch_size=1)
    whole = read(source)
    assert sum(part.records.num_rows + part.unreadable.num_rows for part in whole) == 2 * len(EVERY_TYPE) + 1
    for at, part in enumerate(whole[:-1], 1):
        rest = read(source, after=part.mark)
        for got, expected in zip(rest, whole[at:], strict=True):
            assert str(got.records.to_pylist()) == str(expected.records.to_pylist())
            assert got.unreadable == expected.unreadable


def test_a_cursor_goes_on_where_it_ended_whatever_its_type_of_number(orders: Orders, opened: Opened) -> None:
    orders.insert_many([{"_id": at, "n": n} for at, n in enumerate([0, 1.0, Decimal128("2"), Int64(3)])])
    source = opened(cursor="n")
    assert read(source)[-1].bookmark == {"cursor": "3"}
    assert column(read(source, "2")) == [2, 3]


def test_fractions_are_rounded_down_so_that_none_is_passed_over(orders: Orders, opened: Opened) -> None:
    orders.insert_many([{"_id": 1, "n": 1.25}, {"_id": 2, "n": 2.75}])
    source = opened(cursor="n")
    assert read(source)[-1].bookmark == {"cursor": "2"}
    orders.insert_one({"_id": 3, "n": 2.8})
    assert column(read(source, "2")) == [2, 3]


@pytest.mark.parametrize(
    ("overlap", "expected"), [("0", [9, 10]), ("36h", [8, 9, 10]), ("2d", [7, 8, 9, 10])]
)
def test_dates_are_read_again_from_an_overlap_on(
    orders: Orders, opened: Opened, overlap: str, expected: list[int]
) -> None:
    orders.insert_many(days(10))
    found = read(opened(cursor="at", overlap=overlap), "2026-01-09T00:00:00+00:00")
    assert column(found) == expected
    assert found[-1].bookmark == {"cursor": "2026-01-10T00:00:00+00:00"}


def test_the_bookmark_never_falls_below_the_one_given(orders: Orders, opened: Opened) -> None:
    orders.insert_many(days(10))
    bookmarks = [
        part.bookmark["cursor"]
        for part in read(opened(cursor="at", overlap="5d"), "2026-01-09T00:00:00+00:00")
    ]
    assert bookmarks[0] == "2026-01-09T00:00:00+00:00"
    assert bookmarks == sorted(bookmarks)


def test_an_object_id_is_a_cursor_and_its_overlap_a_time(orders: Orders, opened: Opened) -> None:
    ids = [ObjectId.from_datetime(NOW + timedelta(hours=hour)) for hour in range(4)]
    orders.insert_many([{"_id": one} for one in ids])
    source = opened(cursor="_id", overlap="90m")
    assert read(source)[-1].bookmark == {"cursor": str(ids[3])}
    assert column(read(source, str(ids[3]))) == [str(one) for one in ids[2:]]


@pytest.mark.parametrize("form", ["{}T{}Z", "{} {}", "{}T{}.000+00:00"])
def test_times_that_are_text_are_lowered_in_their_own_form(orders: Orders, opened: Opened, form: str) -> None:
    texts = [form.format(f"2026-01-0{day}", "10:30:00") for day in range(1, 6)]
    orders.insert_many([{"_id": text, "at": text} for text in texts])
    assert column(read(opened(cursor="at", overlap="2d"), texts[4])) == texts[2:]


def test_text_that_sorts_otherwise_than_it_counts_has_no_overlap(orders: Orders, opened: Opened) -> None:
    orders.insert_many([{"_id": text} for text in ("100", "95")])
    with pytest.raises(SourceError, match="which is text"):
        read(opened(cursor="_id", overlap="10"), "100")


def test_a_cursor_within_an_object_is_found(orders: Orders, opened: Opened) -> None:
    orders.insert_many([{"_id": at, "meta": {"n": at}} for at in range(5)])
    for nested in ("struct", "json", "flatten"):
        assert column(read(opened(cursor="meta.n", nested=nested), "3")) == [3, 4]


def test_what_has_no_cursor_or_one_of_another_type_is_read_in_every_run(
    orders: Orders, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    odd = [None, "2026", math.nan, True, MaxKey()]
    orders.insert_many(
        [*days(9), *({"_id": 20 + at, "at": value} for at, value in enumerate(odd)), {"_id": 30}]
    )
    with caplog.at_level(logging.WARNING):
        found = read(opened(cursor="at"), "2026-01-09T00:00:00+00:00")
    assert sorted(column(found)) == [9, 20, 21, 22, 23, 24, 30]
    assert found[-1].bookmark == {"cursor": "2026-01-09T00:00:00+00:00"}
    assert "is read in every run" in caplog.text


def test_not_a_number_is_read_in_every_run_beside_numbers(orders: Orders, opened: Opened) -> None:
    orders.insert_many([{"_id": at, "n": n} for at, n in enumerate([math.nan, -math.inf, 1, 2, math.inf])])
    assert sorted(column(read(opened(cursor="n"), "2"))) == [0, 1, 3, 4]


@pytest.mark.parametrize(
    ("bookmark", "documents", "said"),
    [
        ("2026-01-11T00:00:00+00:00", days(10), "beyond the highest at"),
        ("2026-01-11T00:00:00+00:00", [], "no document has such a value"),
        ("5", [{"at": 3}], "beyond the highest at"),
        ("soon", days(3), 'is no value of at, which has ones such as "2026-01-03'),
        ("soon", [{"at": 7}], "is no value of at"),
        ("soon", [{"at": ObjectId()}], "is no value of at"),
    ],
)
def test_a_bookmark_that_the_source_has_not_reached_stops_the_run(
    orders: Orders, opened: Opened, bookmark: str, documents: list[dict[str, Any]], said: str
) -> None:
    if documents:
        orders.insert_many(documents)
    for more in ({}, {"pipeline": [{"$match": {"at": {"$gte": "{since}"}}}]}):
        with pytest.raises(SourceError, match=said) as lost:
            read(opened(cursor="at", **more), bookmark)
        assert "full_refresh" in lost.value.next_step


@pytest.mark.parametrize("documents", [[{"at": [1, 2]}], [{"at": 1}, {"at": [{"b": 3}]}]])
def test_an_array_is_no_cursor(orders: Orders, opened: Opened, documents: list[dict[str, Any]]) -> None:
    orders.insert_many(documents)
    with pytest.raises(SourceError, match="is an array"):
        read(opened(cursor="at"))


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": '{"at": {"$gte": "{window_start}", "$lt": "{window_end}"}}'},
        {"pipeline": '[{"$match": {"at": {"$gte": "{window_start}", "$lt": "{window_end}"}}}]'},
    ],
)
def test_a_query_is_about_the_window(orders: Orders, opened: Opened, asked: dict[str, str]) -> None:
    orders.insert_many(days(10))
    assert column(read(opened(**asked), window=WINDOW)) == [5, 6, 7]
    assert column(read(opened(**asked), window=Window(None, WINDOW.end))) == [1, 2, 3, 4, 5, 6, 7]


def test_a_pipeline_begins_at_the_cursor(orders: Orders, opened: Opened) -> None:
    orders.insert_many(days(10))
    pipeline = [{"$match": {"at": {"$gte": "{since}"}}}, {"$project": {"day": "$at"}}]
    source = opened(pipeline=pipeline, cursor="day")
    assert column(read(source)) == list(range(1, 11))
    found = read(source, "2026-01-09T00:00:00+00:00")
    assert column(found) == [9, 10]
    assert all(part.mark for part in found)


@pytest.mark.parametrize(
    "stages",
    [[{"$sort": {"at": -1}}], [{"$unwind": "$lines"}], [{"$project": {"_id": "$at"}}], [{"$unset": "_id"}]],
)
def test_a_pipeline_with_an_order_or_an_id_of_its_own_is_read_from_the_start(
    orders: Orders, opened: Opened, stages: list[dict[str, Any]]
) -> None:
    orders.insert_many([one | {"lines": [1, 2]} for one in days(5)])
    found = read(opened(pipeline=stages))
    assert {part.mark for part in found} == {""}
    assert sum(part.records.num_rows for part in found) == (10 if "$unwind" in stages[0] else 5)


def test_a_pipeline_keeps_the_order_that_it_gives(orders: Orders, opened: Opened) -> None:
    orders.insert_many(days(5))
    assert column(read(opened(pipeline=[{"$sort": {"at": -1}}]))) == [5, 4, 3, 2, 1]


def test_groups_are_resumed_by_what_they_are_grouped_by(orders: Orders, opened: Opened) -> None:
    orders.insert_many([{"customer": at % 7} for at in range(50)])
    source = opened(pipeline=[{"$group": {"_id": "$customer", "orders": {"$sum": 1}}}])
    whole = read(source)
    assert column(whole) == list(range(7))
    assert column(read(source, after=whole[0].mark)) == list(range(7))[3:]


@pytest.mark.parametrize(
    ("projection", "names"),
    [
        ('{"name": 1}', ["_id", "name"]),
        ('{"_id": 0, "name": 1}', ["name"]),
        ('{"_id": 1}', ["_id"]),
        ('{"_id": 0}', ["name", "n"]),
        ('{"n": 0}', ["_id", "name"]),
    ],
)
def test_a_projection_decides_about_the_columns_and_resumes_all_the_same(
    orders: Orders, opened: Opened, projection: str, names: list[str]
) -> None:
    orders.insert_many([{"_id": at, "name": "x", "n": 1} for at in range(4)])
    found = read(opened(projection=projection))
    assert found[0].records.schema.names[:-3] == names
    assert all(part.mark for part in found)


def test_documents_whose_names_a_table_cannot_hold_are_kept_as_dead_letters(
    orders: Orders, opened: Opened
) -> None:
    orders.insert_many([
        {"_id": 1, "a.b": 1, "$c": 2, "": 3},
        {"_id": 2, "Name": "x", "name": "y"},
        {"_id": 3, "_POSITION": 1},
        {"_id": 4, "a": {"b": 1}, "a.b": 2},
    ])  # fmt: skip
    flat = letters(read(opened(nested="flatten")))
    assert [(row["_position"], row["rule"], row["field"]) for row in flat] == [
        (2, "named_twice", "name"),
        (3, "reserved_name", "_POSITION"),
        (4, "named_twice", "a.b"),
    ]
    assert flat[0]["record"] == '{"_id":2,"Name":"x","name":"y"}'
    found = read(opened())
    assert column(found) == [1, 4]
    assert found[0].records.to_pylist()[0].items() >= {"a.b": 1, "$c": 2, "": 3}.items()


def test_a_date_outside_of_the_years_is_a_dead_letter_and_the_others_go_on(
    orders: Orders, opened: Opened
) -> None:
    orders.insert_many(
        [{"_id": 1, "at": NOW}, {"_id": 2, "b": [{"at": DatetimeMS(2**60)}]}, {"_id": 3, "at": NOW}]
    )
    found = read(opened())
    assert column(found, "at") == [NOW, NOW]
    assert [part.records["_position"].to_pylist() for part in found] == [[1, 3]]
    (letter,) = letters(found)
    assert (letter["rule"], letter["field"], letter["_position"]) == ("bson", "b.0.at", 2)
    assert "outside of the years 1 to 9999" in letter["reason"]
    assert "1152921504606846976" in letter["record"]


def test_a_missing_collection_is_named_with_the_nearest(orders: Orders, opened: Opened) -> None:
    with pytest.raises(SourceError, match="There is no collection 'order': did you mean 'orders'"):
        opened(collection="order").items()


def test_a_wrong_query_says_what_the_server_said(orders: Orders, opened: Opened) -> None:
    orders.insert_one({})
    with pytest.raises(SourceError, match=r"\$nonsense") as refused:
        read(opened(filter={"at": {"$nonsense": 1}}))
    assert "VITRINE_A_B_FILTER" in refused.value.next_step


def test_a_view_is_read_like_a_collection(orders: Orders, opened: Opened) -> None:
    orders.insert_many(days(5))
    orders.database.command("create", "late", viewOn="orders", pipeline=[{"$match": {"_id": {"$gt": 3}}}])
    assert column(read(opened(collection="late"))) == [4, 5]


def test_another_password_is_the_same_source_and_another_query_is_not(opened: Opened, url: str) -> None:
    password = url.split(":")[2].split("@", maxsplit=1)[0]
    assert opened().fingerprint == opened(connection=url.replace(password, "other")).fingerprint
    different = [{}, {"filter": {"a": 1}}, {"cursor": "at"}, {"nested": "json"}, {"collection": "x"}]
    assert len({opened(**one).fingerprint for one in different}) == len(different)


def test_a_window_and_a_cursor_do_not_go_together_in_a_pipeline(opened: Opened) -> None:
    with pytest.raises(SourceError, match="not by both"):
        opened(cursor="at", pipeline=[{"$match": {"at": {"$gte": "{window_start}"}}}])


def test_large_documents_come_in_pieces(
    orders: Orders, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.io.sources.mongo.PIECE", 1000)
    orders.insert_many([{"_id": at, "text": "x" * 400} for at in range(10)])
    found = read(opened(batch_size=100))
    assert [part.records.num_rows for part in found] == [2] * 5
    assert column(found, "_position") == list(range(1, 11))
    assert column(read(opened(batch_size=100), after=found[2].mark)) == [6, 7, 8, 9]
