"""What each pipeline did on each day, on a few runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.transforms import pipeline_days
from common.transforms.runs import FIELDS

Make = Callable[..., Any]
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def run(hour: float, state: str = "success", **fields: Any) -> dict[str, Any]:
    """A run of one minute that starts at an hour of the first of January."""
    start = MIDNIGHT + timedelta(hours=hour)
    end = None if state == "running" else start + timedelta(minutes=1)
    row = {
        "date": (end or start).date(),
        "system": "cron",
        "pipeline": "orders",
        "run_id": f"at {hour}",
        "owner": "ann",
        "state": state,
        "at": end or start,
        "started_at": start,
        "ended_at": end,
        "seconds": end and Decimal(60),
        "rows": None,
        **fields,
    }
    return {name: row.get(name) for name in FIELDS.names}


def gold(frame: Make, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = pipeline_days.aggregate({"runs": frame(list(rows), FIELDS)}, NOW)
    table = found.sort("date", "system", "pipeline", "owner").to_native().to_arrow_table()
    assert table.schema.names == pipeline_days.GOLD.names
    assert table.schema.types == pipeline_days.GOLD.types
    return table.to_pylist()


def test_a_day_of_a_pipeline(frame: Make) -> None:
    (row,) = gold(
        frame,
        run(1, rows=5),
        run(2, "failed", error="first"),
        run(3, rows=7, seconds=Decimal("30.5")),
        run(4, "failed", error="second"),
        run(5, "failed"),
        run(6, "skipped", seconds=None),
        run(7, "other"),
        run(8, "running"),
    )
    counts = ("runs", "succeeded", "failed", "running", "skipped", "task_runs", "rows", "failures_at_end")
    assert [row[name] for name in counts] == [8, 2, 3, 1, 1, 0, 12, 2]
    assert (row["seconds"], row["shortest_seconds"], row["longest_seconds"]) == (
        Decimal("330.5"),
        Decimal("30.5"),
        Decimal(60),
    )
    assert (row["last_state"], row["last_rows"], row["last_error"]) == ("running", 7, "second")
    assert (row["first_run_at"], row["last_run_at"]) == (
        MIDNIGHT + timedelta(hours=1),
        MIDNIGHT + timedelta(hours=8),
    )
    assert row["last_success_at"] == MIDNIGHT + timedelta(hours=3, minutes=1)
    assert sum(json.loads(row["durations"]).values()) == 6
    assert list(json.loads(row["gaps"]).values()) == [7]


def test_days_systems_pipelines_and_owners_are_kept_apart(frame: Make) -> None:
    rows = gold(
        frame, run(1), run(25), run(1, system="dbt"), run(1, pipeline="items"), run(1, owner="bob"), run(2)
    )
    assert [(r["date"].day, r["system"], r["pipeline"], r["owner"], r["runs"]) for r in rows] == [
        (1, "cron", "items", "ann", 1),
        (1, "cron", "orders", "ann", 2),
        (1, "cron", "orders", "bob", 1),
        (1, "dbt", "orders", "ann", 1),
        (2, "cron", "orders", "ann", 1),
    ]


def test_runs_of_tasks_are_counted_apart(frame: Make) -> None:
    rows = [
        run(1, rows=None),
        run(1.1, task="load", run_id="t1", rows=9),
        run(1.2, "failed", task="load", run_id="t2", error="no space"),
    ]
    (row,) = gold(frame, *rows)
    assert (row["runs"], row["failed"], row["task_runs"], row["task_failures"]) == (1, 0, 2, 1)
    assert (row["rows"], row["seconds"], row["last_state"]) == (9, Decimal(60), "success")
    assert (row["last_error"], row["failures_at_end"]) == ("no space", 0)


def test_a_day_of_tasks_alone_has_no_run(frame: Make) -> None:
    (row,) = gold(frame, run(1, task="load"))
    assert (row["runs"], row["last_run_at"], row["last_state"], row["durations"]) == (0, None, None, "{}")


def test_runs_without_owner_have_a_stated_one(frame: Make) -> None:
    (row,) = gold(frame, run(1, owner=None))
    assert row["owner"] == pipeline_days.NOBODY


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["failed", "failed"], 2),
        (["failed", "success"], 0),
        (["success", "failed", "skipped", "failed", "running"], 2),
        (["success"], 0),
    ],
)
def test_failures_at_the_end_of_a_day(frame: Make, states: list[str], expected: int) -> None:
    (row,) = gold(frame, *(run(hour, state) for hour, state in enumerate(states)))
    assert row["failures_at_end"] == expected


def test_sources_are_laid_together(frame: Make) -> None:
    silver = {"runs": frame([run(1)], FIELDS), "dbt": frame([run(2), run(3)], FIELDS)}
    (row,) = pipeline_days.aggregate(silver, NOW).to_native().to_arrow_table().to_pylist()
    assert row["runs"] == 3
    assert row["date"] == date(2026, 1, 1)


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    rows = [run(1, rows=3), run(30, "failed", seconds=Decimal("0.000001")), run(2, task="a", rows=4)]
    silver = {"runs": frame(rows, FIELDS), "dbt": frame([run(5, "skipped", task="b", seconds=None)], FIELDS)}
    before = pipeline_days.silver_totals(silver)
    after = pipeline_days.gold_totals(pipeline_days.aggregate(silver, NOW))
    assert before.columns == after.columns
    assert (
        before.to_native().fetchall() == after.to_native().fetchall() == [(2, 2, 0, 7, Decimal("60.000001"))]
    )
