"""Times that cannot be held are put aside with what they were."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from common.io.sources.sql.times import DAYS, MICROSECONDS, checked

DAY, MOMENT, ZONED = pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC")
FIRST, LAST = DAYS


def batch(kind: pa.DataType, *values: int | None) -> pa.RecordBatch:
    """A row for each value, with its number."""
    storage = pa.int32() if kind == DAY else pa.int64()
    numbers = pa.array(range(1, len(values) + 1), pa.int64())
    return pa.record_batch({"id": numbers, "at": pa.array(values, storage).cast(kind)})


@pytest.mark.parametrize(
    ("kind", "least", "greatest"),
    [
        (DAY, FIRST, LAST),
        (MOMENT, FIRST * MICROSECONDS, (LAST + 1) * MICROSECONDS - 1),
        (ZONED, FIRST * MICROSECONDS, (LAST + 1) * MICROSECONDS - 1),
    ],
)
def test_the_years_1_to_9999_are_held_to_their_last_moment(
    kind: pa.DataType, least: int, greatest: int
) -> None:
    records = batch(kind, least, None, greatest)
    held = checked(records)
    assert (held.records, held.kept, held.came, held.bad) == (records, None, 3, ())
    assert str(records["at"][0].as_py()).startswith("0001-01-01")
    assert str(records["at"][2].as_py()).startswith("9999-12-31")
    for place, value in ((0, least - 1), (2, greatest + 1)):
        values = [0, None, 0]
        values[place] = value
        found = checked(batch(kind, *values))
        assert found.kept == [at for at in range(3) if at != place]
        assert (found.records["id"].to_pylist(), found.came) == ([at + 1 for at in found.kept], 3)
        ((at, rule, field, *_),) = found.bad
        assert (at, rule, field) == (place, "no_time", "at")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (ZONED, -9_222_425_352_054_775_809, "infinity"),
        (MOMENT, -9_222_425_352_054_775_808, "-infinity"),
        (DAY, -2_147_472_692, "infinity"),
        (DAY, -2_147_472_691, "-infinity"),
        (DAY, LAST + 1, f"{LAST + 1} date32[day] since 1970"),
    ],
)
def test_the_record_says_what_the_time_was(kind: pa.DataType, value: int, shown: str) -> None:
    ((*_, record),) = checked(batch(kind, value)).bad
    assert json.loads(record) == {"id": 1, "at": shown}


def test_a_row_with_two_such_times_is_put_aside_once_and_its_good_values_are_shown() -> None:
    far = pa.array([LAST + 1, 0], pa.int32()).cast(DAY)
    good: pa.Array[Any] = pa.array([datetime(2026, 1, 2, tzinfo=UTC)] * 2, ZONED)
    found = checked(pa.record_batch({"a": far, "b": far, "good": good}))
    ((place, _, field, _, record),) = found.bad
    assert (place, field) == (0, "a")
    assert json.loads(record)["good"].startswith("2026-01-02T00:00:00")
    assert found.records["a"].to_pylist() == [date(1970, 1, 1)]


def test_a_batch_without_rows_or_times_is_left_as_it_is() -> None:
    for records in (batch(DAY), pa.record_batch({"id": pa.array([2**62])})):
        assert checked(records).records is records
