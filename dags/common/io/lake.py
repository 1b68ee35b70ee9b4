"""The lake: bronze, silver, gold and dead letters as Delta tables.

Thin over deltalake (writes, versions) and DuckDB (reads). A write is one Delta commit, so a process that is
killed leaves the table as it was. A read names a version, so it sees the same rows whatever is written
meanwhile.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from common.io.partitions import Condition
from common.utils.errors import VitrineError
from common.utils.quoting import identifier, literal
from common.utils.settings import Settings
from common.verbs.references import TableRef

log = logging.getLogger(__name__)

Layer = Literal["bronze", "silver", "gold", "dead_letters", "files", "keys", "replays"]
RUN, SOURCE, REACH = "vitrine.run", "vitrine.source", "vitrine.reach"  # what a commit says of itself


class ConflictError(VitrineError):
    """Another run wrote the same part of a table since this one read it."""


def table_uri(settings: Settings, layer: Layer, domain: str, subject: str, *, dry_run: bool = False) -> str:
    """Where one table stands; a dry run's tables stand apart, where no other run looks."""
    root = f"{settings.lake_root}/dry_run" if dry_run else settings.lake_root
    return f"{root}/{layer}/{domain}/{subject}"


@contextmanager
def connect(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine of its own: bounded memory, time in UTC, a folder to spill to that no other engine uses."""
    with tempfile.TemporaryDirectory(prefix="duckdb-", dir=scratch(settings)) as spill:
        engine = duckdb.connect(config={"memory_limit": settings.memory_limit, "temp_directory": spill})
        with engine:
            engine.execute("SET TimeZone = 'UTC'")
            engine.execute("SET preserve_insertion_order = false")
            yield engine


def existing(uri: str) -> DeltaTable | None:
    """The table at its latest version, ``None`` where there is none."""
    try:
        return DeltaTable(uri)
    except TableNotFoundError:
        return None


def version(uri: str) -> int:
    """The latest version of a table, -1 where there is none."""
    table = existing(uri)
    return -1 if table is None else table.version()


def ensure(uri: str, schema: pa.Schema, partition_by: Sequence[str] = ()) -> int:
    """Creates an empty table where there is none; its latest version."""
    try:
        DeltaTable.create(uri, schema, mode="ignore", partition_by=list(partition_by))
    except CommitFailedError:  # another run created it in the same moment
        log.debug("%s was created meanwhile", uri)
    return version(uri)


def replace(  # noqa: PLR0913 (what is replaced, by whom, on what ground)  # long because of its arguments
    uri: str,
    rows: pa.RecordBatchReader | pa.Table,
    *,
    run_id: str,
    source: str = "",
    reach: str = "",
    predicate: str | None = None,
    partition_by: Sequence[str] = (),
    base: int | None = None,
    exclusive: bool = False,
    anew: bool = False,
) -> int:
    """Replaces the rows that fit a predicate (all without one) in one commit; new columns are added.

    Args:
        uri: Of the table, which is created where there is none.
        rows: All must fit the predicate.
        run_id: Who writes; the commit says so, as it says ``source``.
        source: Fingerprint of the source that the rows came from.
        reach: ``moved`` or ``rebuilt`` where days are written that the run does not answer for.
        predicate: SQL over the partition columns.
        partition_by: For a table that is created.
        base: The latest version when the run began, -1 for none; what is committed later may conflict.
        exclusive: All that is committed since ``base`` conflicts.
        anew: The predicate fits all there is, so that columns may go, or change their type.

    Returns:
        The version that holds the rows.

    Raises:
        ConflictError: Another run wrote the same rows (``exclusive``: any) since ``base``.
    """
    ensure(uri, rows.schema, partition_by)  # version 0 is always empty
    table = DeltaTable(uri, version=None if base is None else max(base, 0))
    how: dict[str, Any] = {"schema_mode": "merge", "predicate": predicate}
    if anew and set(_schema(table)) != set(rows.schema):
        how, exclusive = {"schema_mode": "overwrite"}, base is not None
    said = CommitProperties({RUN: run_id, SOURCE: source, REACH: reach}, 0 if exclusive else None)
    try:
        write_deltalake(table, rows, mode="overwrite", commit_properties=said, **how)
    except CommitFailedError as error:
        raise _overtaken(uri, run_id, "" if exclusive else predicate or "all") from error
    return table.version()


def _overtaken(uri: str, run_id: str, rows: str) -> ConflictError:
    what = f"the same rows ({rows})" if rows else "the table"
    return ConflictError(
        f"Another run changed {what} while run {run_id} was at work.",
        where=uri,
        next_step="Nothing was written. Run the task again: it starts from what the other run wrote.",
    )


def scan(
    engine: duckdb.DuckDBPyConnection,
    uri: str,
    at: int,
    *,
    schema: pa.Schema | None = None,
    keep: Condition | None = None,
) -> duckdb.DuckDBPyRelation:
    """One version of a table as a lazy relation.

    Args:
        engine: From :func:`connect`.
        uri: Of the table.
        at: Its version; -1 for a table that is not there, which reads as an empty one.
        schema: The columns to read; without it those of the files, maybe fewer than the table has.
        keep: Which partitions; all without it.
    """
    if at < 0:
        return engine.from_arrow((schema or pa.schema({})).empty_table())
    table = DeltaTable(uri, version=at)
    stored = _schema(table)
    names = ", ".join(identifier(name) for name in schema.names) if schema else "*"
    if "://" in uri:  # DuckDB reads object stores only with an extension that it would have to fetch
        dataset = table.to_pyarrow_dataset(file_pruning_predicate=keep or None)
        return engine.from_arrow(dataset).project(names)
    files = table.file_uris(file_pruning_predicate=keep or None)
    if not files:
        return engine.from_arrow((schema or stored).empty_table())
    root = table.table_uri.removeprefix("file://")  # with %20 for a blank, as in all of its files' names
    listed = ", ".join(literal(f"{uri}/{file.removeprefix(root)}") for file in files)
    hive = ", ".join(
        f"{literal(name)}: {'DATE' if pa.types.is_date(stored.field(name).type) else 'VARCHAR'}"
        for name in table.metadata().partition_columns
    )
    options = f", hive_partitioning = true, hive_types = {{{hive}}}" if hive else ""
    return engine.sql(f"SELECT {names} FROM read_parquet([{listed}]{options}, union_by_name = true)")  # noqa: S608 (names and values are quoted)


def batches(ref: TableRef, keep: Condition) -> Iterator[pa.RecordBatch]:
    """The rows of some partitions of a table's version, streamed in no particular order."""
    if ref.version >= 0:
        table = DeltaTable(ref.uri, version=ref.version)
        yield from table.to_pyarrow_dataset(file_pruning_predicate=keep or None).to_batches()


def changed_since(ref: TableRef, keep: Condition) -> bool:
    """Whether a later commit wrote some partitions again."""
    tables = (DeltaTable(ref.uri, version=ref.version), DeltaTable(ref.uri))
    then, now = (set(table.file_uris(file_pruning_predicate=keep or None)) for table in tables)
    return then != now


def read(ref: TableRef, keep: Condition) -> pa.Table:
    """The same as :func:`batches` as one table, with the table's columns also where it holds no row."""
    if ref.version < 0:
        return pa.table({})
    schema = _schema(DeltaTable(ref.uri, version=ref.version))
    rows = (batch.select(schema.names).cast(schema) for batch in batches(ref, keep))
    return pa.Table.from_batches(rows, schema)


def schema(uri: str) -> pa.Schema:
    """The columns of a table at its latest version; none where there is no table."""
    table = existing(uri)
    return pa.schema({}) if table is None else _schema(table)


def all_batches(uri: str, at: int) -> Iterator[pa.RecordBatch]:
    """All rows of a table's version, streamed in no particular order."""
    yield from DeltaTable(uri, version=at).to_pyarrow_dataset().to_batches()


def rewrite(uri: str, rows: pa.RecordBatchReader, *, run_id: str, base: int | None = None) -> None:
    """Replaces a whole table by rows of another schema, in one commit; its partition columns stay.

    Raises:
        ConflictError: Another run wrote to it since ``base``, the version that the rows come from.
    """
    table = DeltaTable(uri, version=base)
    said = CommitProperties({RUN: run_id}, 0)
    try:
        write_deltalake(table, rows, mode="overwrite", schema_mode="overwrite", commit_properties=said)
    except CommitFailedError as error:
        raise _overtaken(uri, run_id, "") from error


def holds(uri: str, keep: Condition) -> bool:
    """Whether the latest version of a table has rows in some partitions."""
    table = existing(uri)
    return table is not None and bool(table.file_uris(file_pruning_predicate=keep))


def scratch(settings: Settings) -> Path:
    """Folder for what does not outlive the task."""
    folder = settings.home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _schema(table: DeltaTable) -> pa.Schema:
    return pa.schema(cast("Any", table.schema().to_arrow()))
