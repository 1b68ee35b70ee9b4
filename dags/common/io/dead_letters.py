"""Rejected records, kept whole with the reason, by run and stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import duckdb
import pyarrow as pa

from common.io import lake
from common.io.partitions import Condition, as_sql
from common.io.sources import ORIGIN, REJECTED
from common.utils.quoting import literal
from common.utils.settings import Settings

Stage = Literal["extract", "transform"]

PARTITIONS = ("_run", "_stage")
SCHEMA = pa.schema([*REJECTED, *(pa.field(name, pa.string()) for name in (*PARTITIONS, "_replayed"))])
"""``record`` is the raw text of what could not be read, else all columns as received as one JSON object.
``_replayed`` is the run that accepted the record later; null while none has."""


def replace(uri: str, rows: Iterator[pa.RecordBatch], *, run_id: str, stage: Stage, some: bool) -> None:
    """Makes ``rows`` the dead letters of one stage of a run, in place of those of an earlier try.

    Args:
        uri: Of the table.
        rows: In the schema ``REJECTED``.
        run_id: Whose they are.
        stage: Which of the run's verbs rejected them.
        some: False where there is no row; then nothing is written unless an earlier try left some.
    """
    keep: Condition = [[("_run", "=", run_id), ("_stage", "=", stage)]]
    if not some and not lake.holds(uri, keep):
        return
    reader = pa.RecordBatchReader.from_batches(SCHEMA, (_signed(batch, run_id, stage) for batch in rows))
    lake.replace(uri, reader, run_id=run_id, predicate=as_sql(keep), partition_by=PARTITIONS)


def read(engine: duckdb.DuckDBPyConnection, uri: str, run_id: str | None = None) -> pa.Table:
    """The dead letters of one run, or of all, in the order of items and positions."""
    keep: Condition = [[("_run", "=", run_id)]] if run_id else []
    rows: pa.Table = _scan(engine, uri, keep).order("_run, _item, _position").to_arrow_table()
    return rows


def waiting(engine: duckdb.DuckDBPyConnection, uri: str, rule: str = "") -> pa.Table:
    """Those that no run has accepted since, one of each record: runs that read it again rejected it again.

    Args:
        engine: From :func:`common.io.lake.connect`.
        uri: Of the table.
        rule: By which they were rejected; empty: by any.
    """
    found = _scan(engine, uri, []).filter("_replayed IS NULL")
    if rule:
        found = found.filter(f"rule = {literal(rule)}")
    origin = ", ".join(ORIGIN.names)
    found.create_view("letters")
    chosen = engine.sql(f"SELECT DISTINCT ON ({origin}) * FROM letters ORDER BY {origin}")  # noqa: S608 (our own)
    rows: pa.Table = chosen.to_arrow_table()
    return rows


def mark(engine: duckdb.DuckDBPyConnection, uri: str, accepted: duckdb.DuckDBPyRelation, run_id: str) -> None:
    """Marks the dead letters of records that a run accepted; the letters that it wrote itself go.

    Args:
        engine: From :func:`common.io.lake.connect`.
        uri: Of the table.
        accepted: The records, by ``ORIGIN``.
        run_id: Of the run.
    """
    at = lake.version(uri)
    if at < 0:
        return
    _scan(engine, uri, []).create_view("letters")
    accepted.create_view("accepted")
    origin, own = ", ".join(ORIGIN.names), literal(run_id)
    engine.execute(
        "CREATE TABLE marked AS SELECT letters.* REPLACE "  # noqa: S608 (quoted)
        f"(CASE WHEN accepted._item IS NULL THEN _replayed ELSE coalesce(_replayed, {own}) END AS _replayed) "
        f"FROM letters LEFT JOIN accepted USING ({origin}) WHERE letters._run <> {own} AND letters._run IN "
        f"(SELECT _run FROM letters SEMI JOIN accepted USING ({origin}) WHERE _replayed IS NULL)"
    )
    runs = [run for (run,) in engine.sql("SELECT DISTINCT _run FROM marked").fetchall()]
    keep: Condition = [[("_run", "=", run)] for run in [run_id, *runs]]
    if not lake.holds(uri, keep):
        return
    rows = engine.table("marked").project(", ".join(SCHEMA.names)).to_arrow_table().cast(SCHEMA)
    lake.replace(uri, rows, run_id=run_id, predicate=as_sql(keep), partition_by=PARTITIONS, base=at)


def _scan(engine: duckdb.DuckDBPyConnection, uri: str, keep: Condition) -> duckdb.DuckDBPyRelation:
    """All columns, also of letters that were written before there was one of them."""
    at = lake.version(uri)
    if at < 0:
        return engine.from_arrow(SCHEMA.empty_table())
    found = lake.scan(engine, uri, at, keep=keep)
    names = (name if name in found.columns else f"CAST(NULL AS VARCHAR) AS {name}" for name in SCHEMA.names)
    return found.project(", ".join(names))


def table_uri(settings: Settings, domain: str, subject: str, *, dry_run: bool = False) -> str:
    """Where the dead letters of a subject stand."""
    return lake.table_uri(settings, "dead_letters", domain, subject, dry_run=dry_run)


def _signed(batch: pa.RecordBatch, run_id: str, stage: Stage) -> pa.RecordBatch:
    own = [
        *(pa.repeat(value, batch.num_rows) for value in (run_id, stage)),
        pa.nulls(batch.num_rows, pa.string()),
    ]
    return pa.record_batch([*batch.select(REJECTED.names).columns, *own], schema=SCHEMA)
