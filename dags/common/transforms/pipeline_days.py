"""What each pipeline of each system did on each day, from run records: pure functions over lazy frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine, histograms
from common.transforms.operations import Frame
from common.transforms.runs import FIELDS, MOMENT, SECONDS, records
from common.utils.arrow import schema_of
from common.utils.quoting import identifier, literal

SOURCES = {
    "airflow": records("airflow", SOURCE="runs", FORMAT="airflow"),
    "openlineage": records("openlineage", SOURCE="runs", FORMAT="openlineage"),
    "dbt": records("dbt", SOURCE="runs", FORMAT="dbt"),
    "singer": records("singer", SOURCE="runs", FORMAT="singer"),
    "runs": records("runs"),
}
WHOLE = False

NOBODY = "unknown"
"""Owner of runs that name none."""

GOLD = schema_of(
    date=pa.date32(),
    system=pa.string(),
    pipeline=pa.string(),
    owner=pa.string(),
    runs=pa.int64(),
    succeeded=pa.int64(),
    failed=pa.int64(),
    running=pa.int64(),
    skipped=pa.int64(),
    task_runs=pa.int64(),
    task_failures=pa.int64(),
    rows=pa.int64(),
    seconds=SECONDS,
    shortest_seconds=SECONDS,
    longest_seconds=SECONDS,
    durations=pa.string(),
    gaps=pa.string(),
    first_run_at=MOMENT,
    last_run_at=MOMENT,
    last_state=pa.string(),
    last_rows=pa.int64(),
    last_success_at=MOMENT,
    last_error=pa.string(),
    failures_at_end=pa.int64(),
    expected_every=pa.int64(),
)
"""``runs`` are of whole pipelines, as is all else but ``task_runs``, ``task_failures``, and ``rows`` and
``last_error``, which tasks may report as well. ``durations`` and ``gaps`` (from one start to the next) are
histograms of seconds (:mod:`common.transforms.histograms`). ``failures_at_end`` counts failures since the
day's last success."""

BY = ("date", "system", "pipeline", "owner")
RUN = "task IS NULL"
STARTS = "(PARTITION BY date, system, pipeline, owner ORDER BY _start, run_id)"
SUMS = ("runs", "task_runs", "task_failures", "rows", "seconds")


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row a day, system, pipeline and owner.

    Args:
        silver: ``FIELDS`` of each source, whole days.
        as_of: Plays no part.

    Returns:
        ``GOLD``.
    """
    runs = _together(silver).with_columns(
        owner=nw.coalesce(nw.col("owner"), nw.lit(NOBODY)),
        _start=nw.coalesce(nw.col("started_at"), nw.col("at")),
    )
    gap = f"(epoch_us(_start) - epoch_us(lag(_start) OVER {STARTS})) / 1e6"
    whole = engine.with_sql(runs.filter(nw.col("task").is_null()), _gap=gap)
    whole = engine.with_sql(
        whole, _duration_bucket=histograms.bucket("seconds"), _gap_bucket=histograms.bucket("_gap")
    )
    days = engine.grouped(runs, BY, **_sums(), **_lasts())
    for counted in (
        histograms.counted(whole, BY, "_duration_bucket", "durations"),
        histograms.counted(whole, BY, "_gap_bucket", "gaps"),
        _failures_at_end(whole),
    ):
        days = days.join(counted, on=list(BY), how="left")
    return days.with_columns(
        *(nw.coalesce(nw.col(name), nw.lit(histograms.EMPTY)) for name in ("durations", "gaps")),
        failures_at_end=nw.coalesce(nw.col("failures_at_end"), nw.lit(0)),
    ).select(GOLD.names)


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """Runs, runs of tasks and failures among them, rows and seconds of silver, in one row."""
    sums = {name: sql for name, sql in _sums().items() if name in SUMS}
    return engine.grouped(_together(silver).with_columns(_all=nw.lit(1)), ["_all"], **sums).select(*SUMS)


def gold_totals(gold: Frame) -> Frame:
    """The same from gold."""
    return gold.with_columns(nw.col("seconds").cast(nw.Decimal(38, 6))).select(nw.col(*SUMS).sum())


def _together(silver: Mapping[str, Frame]) -> Frame:
    return nw.concat([frame.select(FIELDS.names) for frame in silver.values()], how="vertical")


def _sums() -> dict[str, str]:
    """What is added up, as SQL; whole numbers that are too large for 64 bits are an error of the engine."""
    states = {"succeeded": "success", "failed": "failed", "running": "running", "skipped": "skipped"}
    return {
        "runs": f"count(*) FILTER (WHERE {RUN})",
        **{
            name: f"count(*) FILTER (WHERE {RUN} AND state = {literal(state)})"
            for name, state in states.items()
        },
        "task_runs": "count(*) FILTER (WHERE task IS NOT NULL)",
        "task_failures": "count(*) FILTER (WHERE task IS NOT NULL AND state = 'failed')",
        "rows": "CAST(coalesce(sum(rows), 0) AS BIGINT)",
        "seconds": f"CAST(coalesce(sum(seconds) FILTER (WHERE {RUN}), 0) AS DECIMAL(18, 6))",
        "shortest_seconds": f"min(seconds) FILTER (WHERE {RUN})",
        "longest_seconds": f"max(seconds) FILTER (WHERE {RUN})",
    }


def _lasts() -> dict[str, str]:
    """The first and the last of a day, as SQL; of two that start together the later id is the later run."""
    order = "{start: _start, run: run_id}"
    return {
        "first_run_at": f"min(_start) FILTER (WHERE {RUN})",
        "last_run_at": f"max(_start) FILTER (WHERE {RUN})",
        "last_state": f"arg_max(state, {order}) FILTER (WHERE {RUN})",
        "last_rows": f"arg_max(rows, {order}) FILTER (WHERE rows IS NOT NULL)",
        "last_success_at": f"max({identifier('at')}) FILTER (WHERE {RUN} AND state = 'success')",
        "last_error": f"arg_max(error, {order}) FILTER (WHERE state = 'failed' AND error IS NOT NULL)",
        "expected_every": f"arg_max(expected_every, {order}) FILTER (WHERE expected_every IS NOT NULL)",
    }


def _failures_at_end(whole: Frame) -> Frame:
    """Runs that failed and after which none succeeded on that day."""
    rest = f"{STARTS[:-1]} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"
    failed = engine.with_sql(whole, _later=f"count(*) FILTER (WHERE state = 'success') OVER {rest}")
    failed = failed.filter(nw.col("state") == "failed", nw.col("_later") == 0)
    return failed.group_by(*BY).agg(failures_at_end=nw.len().cast(nw.Int64()))
