"""Texts become types exactly or not at all."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from common.transforms import engine


def typed(frame: Callable[..., Any], text: str, sql: str) -> Any:
    ((_, value),) = engine.with_sql(frame([{"text": text}]), value=sql).to_native().fetchall()
    return value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2010-12-01", datetime(2010, 12, 1, tzinfo=UTC)),
        ("2010-12-01 08:26", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("2010-12-01 08:26:00", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("2010-12-01T08:26:00Z", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("2010-12-01T08:26:00.25+02:00", datetime(2010, 12, 1, 6, 26, 0, 250000, tzinfo=UTC)),
        ("2010-12-01T23:26:00-0530", datetime(2010, 12, 2, 4, 56, tzinfo=UTC)),
        ("2010-12-01T08:26:00.123456789Z", datetime(2010, 12, 1, 8, 26, 0, 123456, tzinfo=UTC)),
        ("2012-02-29", datetime(2012, 2, 29, tzinfo=UTC)),
        ("2011-02-29", None),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("0001-01-01T00:00:00+00:01", None),  # in UTC the year before the first
        ("0000-12-31", None),
        ("9999-12-31T23:59:59-00:01", None),
        ("2010-12-01T08:26:00+14:00", datetime(2010, 11, 30, 18, 26, tzinfo=UTC)),
        ("2010-12-01T08:26:00+99:00", None),
        ("2010-12-01T08:26:00+05:99", None),
        ("2010-13-01", None),
        ("01/12/2010 08:26", None),
        ("2010-12-01 25:00:00", None),
        ("2010-12-01T08:26:00 Europe/London", None),
        ("infinity", None),
        ("epoch", None),
        ("20101201", None),
        ("12010-12-01", None),
        ("", None),
    ],
)
def test_times(frame: Callable[..., Any], text: str, moment: datetime | None) -> None:
    value = typed(frame, text, engine.timestamp("text"))
    assert (value and value.astimezone(UTC)) == moment


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6", 6),
        ("-12", -12),
        ("+3", 3),
        ("6.0", 6),
        ("7.", 7),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("6.5", None),
        ("1e3", None),
        ("1,000", None),
        ("six", None),
        ("", None),
        ("nan", None),
    ],
)
def test_whole_numbers(frame: Callable[..., Any], text: str, number: int | None) -> None:
    assert typed(frame, text, engine.whole_number("text")) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2.55", "2.5500"),
        ("-0.0001", "-0.0001"),
        (".5", "0.5000"),
        ("3.", "3.0000"),
        ("1.23450000", "1.2345"),
        ("99999999999999.9999", "99999999999999.9999"),
        ("100000000000000", None),
        ("1.00001", None),
        ("2,55", None),
        ("£2.55", None),
        ("1e2", None),
        ("nan", None),
        (".", None),
        ("", None),
    ],
)
def test_exact_numbers_are_never_rounded(frame: Callable[..., Any], text: str, number: str | None) -> None:
    value = typed(frame, text, engine.exact_number("text", 18, 4))
    assert value == (None if number is None else Decimal(number))


def test_json_keeps_names_and_nulls(frame: Callable[..., Any]) -> None:
    made = frame([{'a "b"': "x\n", "it's": None}])
    sql = {"whole": engine.json_object(['a "b"', "it's"]), "none": engine.json_object([])}
    ((*_, whole, none),) = engine.with_sql(made, **sql).to_native().fetchall()
    assert whole == '{"a \\"b\\"":"x\\n","it\'s":null}'
    assert none == "{}"


def test_an_array_with_a_gap_is_null(frame: Callable[..., Any]) -> None:
    made = frame([{"a": "1", "b": '"'}, {"a": "1", "b": None}])
    found = engine.with_sql(made, key=engine.json_array(["a", "b"])).to_native().fetchall()
    assert [row[-1] for row in found] == ['["1","\\""]', None]


def test_the_frame_itself_is_not_changed(frame: Callable[..., Any]) -> None:
    made = frame([{"a": "1"}])
    engine.with_sql(made, b="a")
    assert made.columns == ["a"]


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ("2", "3", "0.6667"),
        ("100.00010", "2", "50.0001"),  # 50.00005 is a half
        ("100.00008", "2", "50.0000"),
        ("0.1", "0.3", "0.3333"),
        ("0", "3", "0"),
        ("99999.9999", "1", "99999.9999"),
        ("1", "0", None),
        ("1", "NULL", None),
        ("NULL", "1", None),
    ],
)
def test_a_quotient_of_decimals_is_rounded_half_up(
    frame: Callable[..., Any], numerator: str, denominator: str, expected: str | None
) -> None:
    ((_, value),) = (
        engine.with_sql(frame([{"a": 1}]), value=engine.quotient(numerator, denominator, 9, 4))
        .to_native()
        .fetchall()
    )
    assert value == (None if expected is None else Decimal(expected))


def test_a_quotient_that_does_not_fit_is_an_error(frame: Callable[..., Any]) -> None:
    wide = engine.with_sql(frame([{"a": 1}]), value=engine.quotient("100000", "1", 9, 4))
    with pytest.raises(duckdb.ConversionException):
        wide.to_native().fetchall()


def test_rows_are_equal_where_all_pairs_are(frame: Callable[..., Any]) -> None:
    made = frame([{"a": "1", "b": "1"}, {"a": None, "b": None}, {"a": "1", "b": None}, {"a": "1", "b": "2"}])
    found = engine.with_sql(made, same=engine.equal({"a": "b"})).to_native().fetchall()
    assert [row[-1] for row in found] == [True, True, False, False]


def test_groups_have_one_row_each(frame: Callable[..., Any]) -> None:
    rows = frame([{"a": 1, "b": "x", "c": 2}, {"a": 1, "b": "x", "c": 5}, {"a": 2, "b": "x", "c": 1}])
    found = engine.grouped(rows, ("a", "b"), most="max(c)", many="count(*) FILTER (c > 2)")
    assert found.columns == ["a", "b", "most", "many"]
    assert sorted(found.to_native().fetchall()) == [(1, "x", 5, 1), (2, "x", 1, 0)]


def test_equal_rows_once(frame: Callable[..., Any]) -> None:
    rows = frame([{"a": 1, "b": None, "c": 2}, {"a": 1, "b": None, "c": 5}, {"a": 2, "b": None, "c": 1}])
    found = engine.distinct(rows, ("b", "a"))
    assert found.columns == ["b", "a"]
    assert sorted(found.to_native().fetchall(), key=repr) == [(None, 1), (None, 2)]
