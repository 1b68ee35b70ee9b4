"""How the runs of each owner went over the last days: pure functions over lazy frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine, histograms, rollups
from common.transforms.operations import Frame
from common.transforms.rollups import DAYS, SOURCES, rate, summed, summed_seconds, trailing
from common.transforms.runs import MOMENT, SECONDS
from common.utils.arrow import schema_of

__all__ = ["GOLD", "SOURCES", "WHOLE", "aggregate", "gold_totals", "silver_totals"]

WHOLE = True

WINDOW = 90
"""Days that all but the totals are of, the last one among them."""

GOLD = schema_of(
    owner=pa.string(),
    runs=pa.int64(),
    succeeded=pa.int64(),
    failed=pa.int64(),
    success_rate=pa.float64(),
    task_runs=pa.int64(),
    task_failures=pa.int64(),
    pipelines=pa.int64(),
    median_seconds=pa.float64(),
    p95_seconds=pa.float64(),
    seconds=SECONDS,
    rows=pa.int64(),
    last_activity_at=MOMENT,
    last_failure_day=pa.date32(),
    total_runs=pa.int64(),
    total_failures=pa.int64(),
    total_rows=pa.int64(),
)
"""``total_…``, ``last_activity_at`` and ``last_failure_day`` are of all days kept, the others of the last
``WINDOW``. ``success_rate`` is the share of runs that succeeded among those that did or failed."""

TOTALS = ("total_runs", "total_failures", "total_rows")


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row an owner.

    Args:
        silver: ``monitoring/pipeline_days``, all of it.
        as_of: What "now" is.

    Returns:
        ``GOLD``. Quantiles are within 2 % of the exact ones.
    """
    within = trailing(rollups.last_day(as_of), WINDOW)
    days = engine.with_sql(silver[DAYS], _within=within)
    owners = engine.grouped(days, ["owner"], **_columns())
    recent = days.filter(nw.col("_within"))
    spread = histograms.quantiles(recent, ["owner"], "durations", median_seconds=0.5, p95_seconds=0.95)
    rated = engine.with_sql(owners, success_rate=rate("succeeded", "failed"))
    return rated.join(spread, on="owner", how="left").select(GOLD.names)


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """Runs, failures and rows of all days, in one row."""
    sums = silver[DAYS].select(nw.col("runs", "failed", "rows").sum())
    return sums.select(total_runs=nw.col("runs"), total_failures=nw.col("failed"), total_rows=nw.col("rows"))


def gold_totals(gold: Frame) -> Frame:
    """The same from gold."""
    return gold.select(nw.col(*TOTALS).sum())


def _columns() -> dict[str, str]:
    counted = ("runs", "succeeded", "failed", "task_runs", "task_failures", "rows")
    return {
        **{name: summed(name, "_within") for name in counted},
        "pipelines": "count(DISTINCT {s: system, p: pipeline}) FILTER (WHERE _within AND runs > 0)",
        "seconds": summed_seconds("_within"),
        "last_activity_at": "max(last_run_at)",
        "last_failure_day": "max(date) FILTER (WHERE failed > 0)",
        "total_runs": summed("runs"),
        "total_failures": summed("failed"),
        "total_rows": summed("rows"),
    }
