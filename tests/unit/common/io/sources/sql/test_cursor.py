"""Cursor values of a table, from a database's text to a bookmark and back to what is compared."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from common.io.sources.sql.cursor import bookmark_of, bound_of, lowered_like
from common.io.sources.sql.database import Column, Value


def column(kind: pa.DataType, *, number: bool = False) -> Column:
    return Column("at", kind, '"at"', number=number)


ZONED, PLAIN = column(pa.timestamp("us", "UTC")), column(pa.timestamp("us"))
TEXT, NUMERIC = column(pa.string()), column(pa.string(), number=True)


@pytest.mark.parametrize(
    ("column", "text", "bound"),
    [
        (ZONED, "2026-01-02 03:04:05.000006+02:00", datetime(2026, 1, 2, 1, 4, 5, 6, tzinfo=UTC)),
        (ZONED, "2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (PLAIN, "2026-01-02T03:04:05+02:00", datetime.fromisoformat("2026-01-02 01:04:05")),
        (PLAIN, "2026-01-02T03:04:05", datetime.fromisoformat("2026-01-02 03:04:05")),
        (column(pa.date32()), "2026-01-02T23:00:00", date(2026, 1, 2)),
        (column(pa.int64()), "9007199254740993", 9007199254740993),
        (column(pa.float64()), "0.1", 0.1),
        (NUMERIC, "90071992547409930.01", Decimal("90071992547409930.01")),
        (TEXT, "7", "7"),
    ],
)
def test_a_bound_has_the_columns_type_and_all_digits(column: Column, text: str, bound: Value) -> None:
    assert bound_of(column, text) == bound
    assert type(bound_of(column, text)) is type(bound)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (ZONED, "7"),
        (column(pa.int64()), "2026-01-02"),
        (column(pa.int64()), "1.5"),
        (NUMERIC, "x"),
    ],
)
def test_text_of_another_type_is_no_bound(column: Column, text: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        bound_of(column, text)


def test_a_time_is_kept_in_utc_and_other_values_as_they_are_written() -> None:
    assert bookmark_of(ZONED, "2026-01-02 03:04:05+02") == "2026-01-02T01:04:05+00:00"
    assert bookmark_of(column(pa.int64()), "007") == "007"
    assert bookmark_of(NUMERIC, "1.50") == "1.50"


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (column(pa.float64()), "Infinity"),
        (column(pa.float64()), "NaN"),
        (NUMERIC, "-Infinity"),
        (NUMERIC, "NaN"),
        (PLAIN, "infinity"),
        (PLAIN, "10000-01-01 00:00:00"),
    ],
)
def test_a_value_that_no_run_could_go_on_from_is_no_bookmark(column: Column, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        bookmark_of(column, text)


@pytest.mark.parametrize(
    ("column", "bookmark", "lower", "written"),
    [
        (TEXT, "2026-01-05 00:00:00", "2026-01-03T00:00:00", "2026-01-03 00:00:00"),
        (TEXT, "2026-01-05T00:00:00.250Z", "2026-01-03T00:00:00.250000+00:00", "2026-01-03T00:00:00"),
        (TEXT, "2026-01-05", "2026-01-03T00:00:00", "2026-01-03"),
        (TEXT, "2026-01-05 00:00:00.5", "2026-01-05 00:00:00.5", "2026-01-05 00:00:00.5"),
        (TEXT, "20260105", "20260103", "20260103"),
        (PLAIN, "2026-01-05T00:00:00", "2026-01-03T00:00:00", "2026-01-03T00:00:00"),
    ],
)
def test_a_lowered_time_sorts_among_the_columns_texts(
    column: Column, bookmark: str, lower: str, written: str
) -> None:
    assert lowered_like(column, bookmark, lower) == written
    assert written <= bookmark
