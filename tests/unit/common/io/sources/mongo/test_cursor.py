"""Cursor values of documents: found, kept as text, lowered and compared as MongoDB compares them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId

from common.io.sources.cursors import as_text
from common.io.sources.mongo.cursor import Value, at, less, lowered, parsed, usable
from common.utils.errors import SourceError

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
OID = ObjectId.from_datetime(NOW)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", {"b": {"c": 1}, "list": [{"c": 2}], "text": "x"}),
        ("a.b.c", 1),
        ("a.b.none", None),
        ("a.text.c", None),
        ("none.b", None),
        ("a.list", [{"c": 2}]),
        ("a.list.c", [{"c": 2}]),  # for which MongoDB would take each of them
    ],
)
def test_a_path_leads_into_objects_and_stops_at_an_array(path: str, value: Any) -> None:
    assert at({"a": {"b": {"c": 1}, "list": [{"c": 2}], "text": "x"}}, path) == value


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (7, 7),
        (Int64(2**62), 2**62),
        (2.5, 2),
        (-2.5, -3),
        (1e20, 10**20),
        (Decimal128("9007199254740993.9"), 9007199254740993),
        (Decimal128("NaN"), None),
        (Decimal128("-Infinity"), None),
        (math.nan, None),
        (math.inf, None),
        (True, None),
        ("", None),
        (None, None),
        ({"a": 1}, None),
        (b"a", None),
        ("a", "a"),
        (OID, OID),
        (NOW, NOW),
    ],
)
def test_a_bookmark_never_holds_more_than_the_value(value: Any, kept: Value | None) -> None:
    assert usable(value) == kept
    assert type(usable(value)) in (type(kept), Int64)


@pytest.mark.parametrize("value", [7, -(2**62), "a text", "7", NOW, OID])
def test_a_value_comes_back_from_its_text(value: Value) -> None:
    assert parsed(as_text(value), value) == value


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert parsed("2026-01-10T12:00:00", NOW) == NOW


@pytest.mark.parametrize(("text", "like"), [("x", 1), ("1.5", 1), ("7", NOW), ("7", OID), ("a" * 25, OID)])
def test_text_of_another_type_is_no_value(text: str, like: Value) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed(text, like)


@pytest.mark.parametrize(
    ("value", "overlap", "low"),
    [
        (7, "0", 7),
        (OID, "0h", OID),
        (7, "10", -3),
        (NOW, "2h", datetime(2026, 1, 10, 10, tzinfo=UTC)),
        (OID, "1d", ObjectId.from_datetime(datetime(2026, 1, 9, 12, tzinfo=UTC))),
        ("2026-01-10", "1d", "2026-01-09"),
        ("2026-01-10 12:00:00", "1h", "2026-01-10 11:00:00"),
        ("2026-01-10T12:00:00.500Z", "1h", "2026-01-10T11:00:00"),
        ("2026-01-10T12:00", "1h", "2026-01-10T11:00"),
    ],
)
def test_an_overlap_lowers_a_value_in_its_own_form(value: Value, overlap: str, low: Value) -> None:
    assert lowered(value, overlap) == low


@pytest.mark.parametrize(
    ("value", "overlap"), [(7, "2h"), (NOW, "5"), ("a", "5"), ("a", "1d"), ("10", "5"), (OID, "5")]
)
def test_an_overlap_of_another_kind_is_refused(value: Value, overlap: str) -> None:
    with pytest.raises(SourceError, match=f"overlap {overlap} cannot be taken"):
        lowered(value, overlap)


def test_values_are_ordered_as_mongodb_orders_them() -> None:
    ordered: list[Value] = [
        -1,
        10,
        "",
        "Z",
        "a",
        OID,
        ObjectId("f" * 24),
        NOW,
        datetime(2027, 1, 1, tzinfo=UTC),
    ]
    for place, value in enumerate(ordered):
        assert [less(value, other) for other in ordered] == [at > place for at in range(len(ordered))]
