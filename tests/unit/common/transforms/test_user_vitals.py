"""How the runs of each owner went, on a few days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.transforms import user_vitals
from common.transforms.pipeline_days import GOLD as DAY

Make = Callable[..., Any]
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def day(ago: int, **fields: Any) -> dict[str, Any]:
    """A day, so many before the last one, of one pipeline."""
    moment = datetime(2026, 5, 31, 8, tzinfo=UTC) - timedelta(days=ago)
    row: dict[str, Any] = {
        "date": moment.date(),
        "system": "cron",
        "pipeline": "orders",
        "owner": "ann",
        "runs": 10,
        "succeeded": 9,
        "failed": 1,
        "task_runs": 30,
        "task_failures": 2,
        "rows": 100,
        "seconds": Decimal("12.5"),
        "durations": '{"173":10}',
        "last_run_at": moment,
        **fields,
    }
    return {name: row.get(name) for name in DAY.names}


def gold(frame: Make, *rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = user_vitals.aggregate({"pipeline_days": frame(list(rows), DAY)}, AS_OF)
    table = found.to_native().to_arrow_table()
    assert table.schema.names == user_vitals.GOLD.names
    assert table.schema.types == user_vitals.GOLD.types
    return {row["owner"]: row for row in table.to_pylist()}


def test_an_owner(frame: Make) -> None:
    rows = [day(0), day(1, pipeline="items", failed=0, durations='{"288":1}'), day(1, system="dbt", runs=0)]
    row = gold(frame, *rows)["ann"]
    names = ("runs", "succeeded", "failed", "task_runs", "task_failures", "rows", "pipelines")
    assert [row[name] for name in names] == [20, 27, 2, 90, 6, 300, 2]
    assert row["success_rate"] == pytest.approx(27 / 29)
    assert row["seconds"] == Decimal("37.5")
    assert row["median_seconds"] == pytest.approx(1.0, rel=0.03)
    assert row["p95_seconds"] == pytest.approx(1.0, rel=0.03)
    assert row["last_activity_at"] == datetime(2026, 5, 31, 8, tzinfo=UTC)
    assert row["last_failure_day"] == date(2026, 5, 31)


def test_the_longest_runs_are_in_the_ninety_fifth_percentile(frame: Make) -> None:
    row = gold(frame, day(0, durations='{"173":90}'), day(1, durations='{"288":10}'))["ann"]
    assert row["median_seconds"] == pytest.approx(1.0, rel=0.03)
    assert row["p95_seconds"] == pytest.approx(100.0, rel=0.03)


def test_all_but_the_totals_is_of_the_window(frame: Make) -> None:
    row = gold(frame, day(89), day(90), day(400))["ann"]
    assert (row["runs"], row["total_runs"]) == (10, 30)
    assert (row["rows"], row["total_rows"]) == (100, 300)
    assert (row["failed"], row["total_failures"]) == (1, 3)


def test_an_owner_without_a_run_in_the_window(frame: Make) -> None:
    row = gold(frame, day(0, owner="bob"), day(200))["ann"]
    assert (row["runs"], row["success_rate"], row["median_seconds"], row["seconds"]) == (0, None, None, 0)
    assert row["last_activity_at"] is not None


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    silver = {"pipeline_days": frame([day(0), day(0, owner="bob"), day(500)], DAY)}
    before = user_vitals.silver_totals(silver)
    after = user_vitals.gold_totals(user_vitals.aggregate(silver, AS_OF))
    assert before.columns == after.columns
    assert before.to_native().fetchall() == after.to_native().fetchall() == [(30, 3, 300)]
