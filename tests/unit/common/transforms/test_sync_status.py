"""How each pipeline stands, on a few days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.transforms import sync_status
from common.transforms.pipeline_days import GOLD as DAY

Make = Callable[..., Any]
AS_OF = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = '{"378":23}'  # 23 gaps of an hour


def day(number: int, **fields: Any) -> dict[str, Any]:
    """A day of January of one pipeline that runs each hour, and succeeds."""
    start = datetime(2026, 1, number, tzinfo=UTC)
    row: dict[str, Any] = {
        "date": date(2026, 1, number),
        "system": "cron",
        "pipeline": "orders",
        "owner": "ann",
        "runs": 24,
        "succeeded": 24,
        "failed": 0,
        "rows": 100,
        "seconds": Decimal(60),
        "durations": '{"173":24}',
        "gaps": HOUR,
        "first_run_at": start,
        "last_run_at": start + timedelta(hours=23),
        "last_state": "success",
        "last_success_at": start + timedelta(hours=23),
        "failures_at_end": 0,
        **fields,
    }
    return {name: row.get(name) for name in DAY.names}


def gold(frame: Make, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = sync_status.aggregate({"pipeline_days": frame(list(rows), DAY)}, AS_OF)
    table = found.sort("system", "pipeline").to_native().to_arrow_table()
    assert table.schema.names == sync_status.GOLD.names
    assert table.schema.types == sync_status.GOLD.types
    return table.to_pylist()


def test_a_pipeline(frame: Make) -> None:
    (row,) = gold(
        frame,
        day(1, failed=2),
        day(29, failed=1),
        day(30, last_error="no space", last_rows=3),
        day(
            31,
            runs=12,
            rows=7,
            last_run_at=AS_OF - timedelta(hours=1),
            last_success_at=AS_OF - timedelta(hours=1),
        ),
    )
    assert (row["owner"], row["state"], row["freshness"]) == ("ann", "success", "fresh")
    assert (row["last_run_at"], row["lag_seconds"]) == (AS_OF - timedelta(hours=1), 3600)
    assert row["expected_from"] == "observed"
    assert row["expected_every"] == pytest.approx(3600, rel=0.02)
    assert row["next_expected_at"] == row["last_run_at"] + timedelta(seconds=row["expected_every"])
    assert (row["last_error"], row["last_rows"], row["failure_streak"]) == ("no space", 3, 0)
    assert (row["runs_1d"], row["runs_7d"], row["runs_30d"], row["runs"]) == (12, 60, 60, 84)
    assert (row["failures_1d"], row["failures_7d"], row["failures_30d"], row["failures"]) == (0, 1, 1, 3)
    assert row["rows"] == 307


@pytest.mark.parametrize(
    ("hours", "freshness"),
    [(1, "fresh"), (1.25, "fresh"), (1.26, "late"), (3, "late"), (3.01, "stale"), (None, "stale")],
)
def test_freshness_is_by_the_last_success(frame: Make, hours: float | None, freshness: str) -> None:
    success = None if hours is None else AS_OF - timedelta(hours=hours)
    (row,) = gold(frame, day(31, expected_every=3600, last_success_at=success))
    assert (row["freshness"], row["expected_from"]) == (freshness, "declared")


def test_of_a_pipeline_that_ran_once_nobody_knows_when_it_runs_next(frame: Make) -> None:
    start = datetime(2026, 1, 31, tzinfo=UTC)
    (row,) = gold(frame, day(31, runs=1, gaps="{}", last_run_at=start))
    names = ("freshness", "expected_every", "expected_from", "next_expected_at")
    assert [row[name] for name in names] == ["unknown", None, None, None]


def test_a_daily_pipeline_is_expected_daily(frame: Make) -> None:
    starts = {number: datetime(2026, 1, number, 3, tzinfo=UTC) for number in range(20, 31)}
    rows = [
        day(number, runs=1, gaps="{}", first_run_at=start, last_run_at=start, last_success_at=start)
        for number, start in starts.items()
    ]
    (row,) = gold(frame, *rows)
    assert row["expected_every"] == pytest.approx(86_400, rel=0.02)
    assert row["freshness"] == "late"


@pytest.mark.parametrize(
    ("days", "streak"),
    [
        ([(0, 5, 5), (0, 2, 2)], 7),
        ([(1, 5, 5), (0, 2, 2)], 7),
        ([(0, 5, 5), (1, 4, 3)], 3),
        ([(0, 5, 5), (1, 4, 0)], 0),
        ([(1, 9, 9), (1, 0, 0), (0, 2, 2)], 2),
    ],
)
def test_the_streak_of_failures(frame: Make, days: list[tuple[int, int, int]], streak: int) -> None:
    rows = [
        day(number, succeeded=good, failed=bad, failures_at_end=at_end)
        for number, (good, bad, at_end) in enumerate(days, 28)
    ]
    assert gold(frame, *rows)[0]["failure_streak"] == streak


def test_a_pipeline_of_tasks_alone_is_none(frame: Make) -> None:
    nothing = {"runs": 0, "last_run_at": None, "first_run_at": None, "gaps": "{}", "durations": "{}"}
    assert gold(frame, day(31, **nothing)) == []


def test_the_owner_is_the_last_one(frame: Make) -> None:
    (row,) = gold(frame, day(30, owner="bob"), day(31))
    assert row["owner"] == "ann"


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    tasks = day(31, pipeline="tasks", runs=0, failed=0, rows=5, last_run_at=None, first_run_at=None)
    rows = [day(30, failed=3), day(31), day(31, pipeline="items"), tasks]
    silver = {"pipeline_days": frame(rows, DAY)}
    before = sync_status.silver_totals(silver)
    after = sync_status.gold_totals(sync_status.aggregate(silver, AS_OF))
    assert before.columns == after.columns
    assert before.to_native().fetchall() == after.to_native().fetchall() == [(72, 3, 300)]
