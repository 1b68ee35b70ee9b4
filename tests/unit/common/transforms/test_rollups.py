"""The rows of the rollup as the source of other subjects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.transforms import operations, rollups
from common.transforms.pipeline_days import GOLD

Make = Callable[..., Any]
ROW = {
    "date": "2026-01-31",
    "system": "cron",
    "runs": "3",
    "seconds": "12.500000",
    "durations": '{"173":3}',
    "last_run_at": "2026-01-31T08:00:00.000001Z",
}


def cleaned(frame: Make, **fields: str) -> pa.Table:
    row = {**dict.fromkeys(GOLD.names), **ROW, **fields, "_item": "a", "_digest": "h", "_position": 1}
    kinds = [(name, pa.string()) for name in (*GOLD.names, "_item", "_digest")] + [("_position", pa.int64())]
    names = dict(zip(GOLD.names, GOLD.names, strict=True))
    received = operations.received(frame([row], pa.schema(kinds)), names, ("date", "system"), "")
    return rollups.clean(received).to_native().to_arrow_table()


def test_rows_are_typed_as_they_were(frame: Make) -> None:
    found = cleaned(frame)
    assert found.select(GOLD.names).schema.types == GOLD.types
    (row,) = found.to_pylist()
    assert (row["date"], row["runs"], row["seconds"]) == (date(2026, 1, 31), 3, Decimal("12.5"))
    assert row["last_run_at"] == datetime(2026, 1, 31, 8, 0, 0, 1, UTC)
    assert (row["durations"], row["rows"], row["_rule"]) == ('{"173":3}', None, None)
    assert row["_event_at"] == row["last_run_at"], "so far the data reach"


def test_a_row_of_no_day_is_rejected(frame: Make) -> None:
    assert cleaned(frame, date="never").to_pylist()[0]["_rule"] == "date_impossible"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (datetime(2026, 2, 1, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC), date(2026, 2, 1)),
    ],
)
def test_the_last_day(as_of: datetime, expected: date) -> None:
    assert rollups.last_day(as_of) == expected


def test_the_house_reads_its_own_collection() -> None:
    (records,) = rollups.SOURCES.values()
    assert records.snapshot
    assert records.default["NAME"] == "monitoring/pipeline_days"
    assert set(records.default["KEY"].split(",")) <= set(records.columns)
