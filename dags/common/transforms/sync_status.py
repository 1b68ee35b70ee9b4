"""How each pipeline stands: its last run, how late it is, how often it failed. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine, histograms, rollups
from common.transforms.operations import Frame
from common.transforms.rollups import DAYS, SOURCES, latest, summed, trailing
from common.transforms.runs import MOMENT
from common.utils.arrow import schema_of
from common.utils.quoting import literal

__all__ = ["GOLD", "SOURCES", "WHOLE", "aggregate", "gold_totals", "silver_totals"]

WHOLE = True

GAPS_OF = 30
"""Days whose gaps between runs tell how often a pipeline runs, where no run says so."""
LATE_AFTER, STALE_AFTER = 1.25, 3.0
"""The rule of freshness: how many intervals after its last success a pipeline is ``late``, and ``stale``."""

GOLD = schema_of(
    system=pa.string(),
    pipeline=pa.string(),
    owner=pa.string(),
    state=pa.string(),
    freshness=pa.string(),
    last_run_at=MOMENT,
    last_success_at=MOMENT,
    lag_seconds=pa.int64(),
    expected_every=pa.int64(),
    expected_from=pa.string(),
    next_expected_at=MOMENT,
    failure_streak=pa.int64(),
    last_rows=pa.int64(),
    last_error=pa.string(),
    runs_1d=pa.int64(),
    failures_1d=pa.int64(),
    runs_7d=pa.int64(),
    failures_7d=pa.int64(),
    runs_30d=pa.int64(),
    failures_30d=pa.int64(),
    runs=pa.int64(),
    failures=pa.int64(),
    rows=pa.int64(),
)
"""``lag_seconds`` is the time since the last success, as of the end of the run's window. ``…_1d`` is that day
in UTC, ``…_7d`` the seven days that end with it. ``runs``, ``failures`` and ``rows`` are of all days kept."""

BY = ("system", "pipeline")
TOTALS = ("runs", "failures", "rows")


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row a system and pipeline that ever ran.

    Args:
        silver: ``monitoring/pipeline_days``, all of it.
        as_of: What "now" is.

    Returns:
        ``GOLD``. How often a run is expected is what its runs declare, else the median time from the start
        of one to that of the next over ``GAPS_OF`` days. Freshness is ``fresh`` until ``LATE_AFTER`` of that
        have passed since the last success, ``late`` until ``STALE_AFTER``, then ``stale``; a pipeline that
        never succeeded is ``stale``, one of which nobody knows how often it runs ``unknown``.
    """
    days = silver[DAYS]
    pipelines = engine.grouped(_with_streak(days), BY, **_columns(as_of))
    joined = pipelines.join(_usual_gap(days, as_of), on=list(BY), how="left")
    expected = engine.with_sql(
        joined,
        expected_every="coalesce(_declared, CAST(round(_gap) AS BIGINT))",
        expected_from="CASE WHEN _declared > 0 THEN 'declared' WHEN _gap >= 0 THEN 'observed' END",
        lag_seconds=_since("last_success_at", as_of),
    )
    judged = engine.with_sql(
        expected, freshness=_freshness(), next_expected_at="last_run_at + to_seconds(expected_every)"
    )
    return judged.filter(~nw.col("last_run_at").is_null()).select(GOLD.names)


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """Runs, failures and rows of all pipelines that ever ran, in one row."""
    ran = engine.grouped(
        silver[DAYS], BY, runs=summed("runs"), failures=summed("failed"), rows=summed("rows")
    )
    return ran.filter(nw.col("runs") > 0).select(nw.col(*TOTALS).sum())


def gold_totals(gold: Frame) -> Frame:
    """The same from gold."""
    return gold.select(nw.col(*TOTALS).sum())


def _columns(as_of: datetime) -> dict[str, str]:
    spans = {f"{days}d": trailing(rollups.last_day(as_of), days) for days in (1, 7, 30)}
    return {
        "owner": latest("owner"),
        "state": latest("last_state"),
        "last_run_at": "max(last_run_at)",
        "last_success_at": "max(last_success_at)",
        "_declared": latest("expected_every"),
        "failure_streak": summed("_streak"),
        "last_rows": latest("last_rows"),
        "last_error": latest("last_error"),
        **{f"runs_{span}": summed("runs", within) for span, within in spans.items()},
        **{f"failures_{span}": summed("failed", within) for span, within in spans.items()},
        "runs": summed("runs"),
        "failures": summed("failed"),
        "rows": summed("rows"),
    }


def _with_streak(days: Frame) -> Frame:
    """With the failures of each day that are part of the streak: none succeeded after them."""
    last = "max(date) FILTER (WHERE succeeded > 0) OVER (PARTITION BY system, pipeline)"
    found = engine.with_sql(days, _last_good=last)
    return engine.with_sql(
        found, _streak="CASE WHEN _last_good IS NULL OR date >= _last_good THEN failures_at_end ELSE 0 END"
    )


def _usual_gap(days: Frame, as_of: datetime) -> Frame:
    """The median seconds between runs, of the gaps within the days and of those from one day to the next."""
    recent = engine.with_sql(days, _recent=trailing(rollups.last_day(as_of), GAPS_OF))
    recent = recent.filter(nw.col("_recent"), ~nw.col("last_run_at").is_null())
    before = "lag(last_run_at) OVER (PARTITION BY system, pipeline ORDER BY date, first_run_at)"
    between = engine.with_sql(recent, _seconds=f"(epoch_us(first_run_at) - epoch_us({before})) / 1e6")
    between = engine.with_sql(between, _bucket=histograms.bucket("_seconds"))
    nightly = histograms.counted(between, [*BY, "date"], "_bucket", "gaps").select(*BY, "gaps")
    gaps = nw.concat([recent.select(*BY, "gaps"), nightly], how="vertical")
    return histograms.quantiles(gaps, BY, "gaps", _gap=0.5)


def _freshness() -> str:
    return (
        "CASE WHEN expected_every IS NULL THEN 'unknown' WHEN lag_seconds IS NULL THEN 'stale' "
        f"WHEN lag_seconds <= {LATE_AFTER} * expected_every THEN 'fresh' "
        f"WHEN lag_seconds <= {STALE_AFTER} * expected_every THEN 'late' ELSE 'stale' END"
    )


def _since(column: str, as_of: datetime) -> str:
    """Whole seconds from a time to another, 0 where it is later; null where there is none."""
    now = f"TIMESTAMPTZ {literal(as_of.isoformat())}"
    seconds = f"(epoch_us({now}) - epoch_us({column})) // 1000000"
    return f"CASE WHEN {column} IS NOT NULL THEN greatest({seconds}, 0) END"
