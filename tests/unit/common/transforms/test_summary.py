"""Totals and trends of each day and system, on a few days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.transforms import summary
from common.transforms.pipeline_days import GOLD as DAY

Make = Callable[..., Any]
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)


def day(number: int, **fields: Any) -> dict[str, Any]:
    """A day of January of one pipeline."""
    row: dict[str, Any] = {
        "date": date(2026, 1, 1) + timedelta(days=number - 1),
        "system": "cron",
        "pipeline": "orders",
        "owner": "ann",
        "runs": 10,
        "succeeded": 9,
        "failed": 1,
        "task_runs": 3,
        "task_failures": 1,
        "rows": 100,
        "seconds": Decimal("1.5"),
        **fields,
    }
    return {name: row.get(name) for name in DAY.names}


def gold(frame: Make, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = summary.aggregate({"pipeline_days": frame(list(rows), DAY)}, AS_OF)
    table = found.sort("date", "system").to_native().to_arrow_table()
    assert table.schema.names == summary.GOLD.names
    assert table.schema.types == summary.GOLD.types
    return table.to_pylist()


def test_a_day_of_a_system(frame: Make) -> None:
    one, other = gold(
        frame,
        day(1),
        day(1, pipeline="items", owner="bob"),
        day(1, pipeline="x", runs=0),
        day(1, system="dbt"),
    )
    names = ("system", "runs", "succeeded", "failed", "task_runs", "rows", "pipelines", "owners")
    assert [one[name] for name in names] == ["cron", 20, 27, 3, 9, 300, 2, 2]
    assert (one["success_rate"], one["seconds"]) == (0.9, Decimal("4.5"))
    assert (other["system"], other["runs"], other["pipelines"]) == ("dbt", 10, 1)


def test_a_trend_is_against_the_seven_days_before(frame: Make) -> None:
    rows = [
        day(1, runs=1000),
        *(day(number) for number in range(2, 9)),
        day(9, runs=15, succeeded=5, failed=5),
    ]
    last = gold(frame, *rows)[-1]
    assert (last["runs_before"], last["failed_before"], last["rows_before"]) == (70, 7, 700)
    assert last["runs_trend"] == pytest.approx(0.5)
    assert last["rows_trend"] == pytest.approx(0)
    assert last["success_rate_trend"] == pytest.approx(-0.4)


def test_days_without_a_run_count_as_nothing_before(frame: Make) -> None:
    last = gold(frame, day(1), day(4, runs=30))[-1]
    assert (last["runs_before"], last["runs_trend"]) == (10, pytest.approx(30 * 7 / 10 - 1))


def test_where_nothing_was_before_there_is_no_trend(frame: Make) -> None:
    first, later = gold(frame, day(1), day(9))
    assert (first["runs_trend"], later["runs_trend"], later["runs_before"]) == (None, None, 0)


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    silver = {"pipeline_days": frame([day(1), day(2, owner="bob"), day(2, system="dbt")], DAY)}
    before = summary.silver_totals(silver)
    after = summary.gold_totals(summary.aggregate(silver, AS_OF))
    assert before.columns == after.columns
    assert before.to_native().fetchall() == after.to_native().fetchall() == [(30, 3, 300, Decimal("4.5"))]
