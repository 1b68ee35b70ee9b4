"""What the pipelines of each system did on each day, and against the week before: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.transforms.operations import Frame
from common.transforms.rollups import DAYS, SOURCES, rate, summed, summed_seconds
from common.transforms.runs import SECONDS
from common.utils.arrow import schema_of

__all__ = ["GOLD", "SOURCES", "WHOLE", "aggregate", "gold_totals", "silver_totals"]

WHOLE = True
"""A day's trend is against other days, so the days are not computed one by one."""

BEFORE = 7
"""Days before a day that it is compared with."""

GOLD = schema_of(
    date=pa.date32(),
    system=pa.string(),
    runs=pa.int64(),
    succeeded=pa.int64(),
    failed=pa.int64(),
    success_rate=pa.float64(),
    task_runs=pa.int64(),
    task_failures=pa.int64(),
    rows=pa.int64(),
    seconds=SECONDS,
    pipelines=pa.int64(),
    owners=pa.int64(),
    runs_before=pa.int64(),
    failed_before=pa.int64(),
    rows_before=pa.int64(),
    runs_trend=pa.float64(),
    success_rate_trend=pa.float64(),
    rows_trend=pa.float64(),
)
"""``…_before`` is the sum of the seven days before, days without a run counted as 0. ``runs_trend`` and
``rows_trend`` are the day's part above (or below) a seventh of it: 0.1 is a tenth more; null where nothing
was before. ``success_rate_trend`` is the difference of the two rates."""

SUMS = ("runs", "succeeded", "failed", "task_runs", "task_failures", "rows")
TOTALS = ("runs", "failed", "rows", "seconds")


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row a day and system.

    Args:
        silver: ``monitoring/pipeline_days``, all of it.
        as_of: Plays no part.

    Returns:
        ``GOLD``.
    """
    days = engine.grouped(
        silver[DAYS],
        ["date", "system"],
        **{name: summed(name) for name in SUMS},
        seconds=summed_seconds(),
        pipelines="count(DISTINCT pipeline) FILTER (WHERE runs > 0)",
        owners="count(DISTINCT owner) FILTER (WHERE runs > 0)",
    )
    week = (
        "OVER (PARTITION BY system ORDER BY date RANGE BETWEEN "
        f"INTERVAL {BEFORE} DAY PRECEDING AND INTERVAL 1 DAY PRECEDING)"
    )
    before = {
        f"{name}_before": f"CAST(coalesce(sum({name}) {week}, 0) AS BIGINT)"
        for name in ("runs", "succeeded", "failed", "rows")
    }
    compared = engine.with_sql(days, success_rate=rate("succeeded", "failed"), **before)
    trends = {
        f"{name}_trend": f"{name} * {BEFORE}.0 / nullif({name}_before, 0) - 1" for name in ("runs", "rows")
    }
    earlier = rate("succeeded_before", "failed_before")
    return engine.with_sql(
        compared,
        **{name: f"CAST({sql} AS DOUBLE)" for name, sql in trends.items()},
        success_rate_trend=f"success_rate - {earlier}",
    ).select(GOLD.names)


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """Runs, failures, rows and seconds, in one row."""
    return gold_totals(silver[DAYS])


def gold_totals(gold: Frame) -> Frame:
    """The same from gold."""
    return gold.with_columns(nw.col("seconds").cast(nw.Decimal(38, 6))).select(nw.col(*TOTALS).sum())
