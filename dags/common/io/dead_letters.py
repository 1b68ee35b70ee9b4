"""Rejected records, kept whole with the reason, by run and stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import duckdb
import pyarrow as pa

from common.io import lake
from common.io.partitions import Condition, as_sql
from common.io.sources import REJECTED
from common.utils.settings import Settings

Stage = Literal["extract", "transform"]

PARTITIONS = ("_run", "_stage")
SCHEMA = pa.schema([*REJECTED, *(pa.field(name, pa.string()) for name in PARTITIONS)])
"""``record`` is the raw text of what could not be read, else all columns as received as one JSON object."""


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
    """The dead letters of one run, or of all, in the order of files and lines."""
    keep: Condition = [[("_run", "=", run_id)]] if run_id else []
    found = lake.scan(engine, uri, lake.version(uri), schema=SCHEMA, keep=keep)
    rows: pa.Table = found.order("_run, _source_file, _line").to_arrow_table()
    return rows


def table_uri(settings: Settings, domain: str, subject: str, *, dry_run: bool = False) -> str:
    """Where the dead letters of a subject stand."""
    return lake.table_uri(settings, "dead_letters", domain, subject, dry_run=dry_run)


def _signed(batch: pa.RecordBatch, run_id: str, stage: Stage) -> pa.RecordBatch:
    own = [pa.repeat(value, batch.num_rows) for value in (run_id, stage)]
    return pa.record_batch([*batch.select(REJECTED.names).columns, *own], schema=SCHEMA)
