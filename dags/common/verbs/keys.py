"""The keys that a source has now: what silver has beside them is gone there, and goes here too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import duckdb
import pyarrow as pa

from common.io import lake
from common.io.partitions import as_sql, run_condition
from common.io.sources import Item, Keyed, Source
from common.io.sources.types import fitted
from common.utils.errors import SourceError
from common.verbs.bronze import Slice
from common.verbs.references import TableRef


def write_keys(slice_: Slice, source: Source, items: Sequence[Item], key: Sequence[str]) -> TableRef | None:
    """Writes the run's keys in place of those of an earlier try; after its records, so that none is too few.

    Args:
        slice_: The run's records, whose types the keys have.
        source: That they are of.
        items: Of the source.
        key: Columns that identify a record.

    Returns:
        The table, or ``None`` for a run over a window that a person chose, which takes nothing away.

    Raises:
        SourceError: The source has no list of keys.
    """
    intake, settings, run = slice_.intake, slice_.settings, slice_.run
    if not (run.scheduled or run.full_refresh):
        return None
    if not isinstance(source, Keyed):
        raise SourceError(
            f"{source.name} cannot list its keys, and the contract of {intake.collection} asks for it.",
            next_step="Take the custom property deletions from the contract, or read from a database.",
        )
    uri = lake.table_uri(settings, "keys", intake.domain, intake.name, dry_run=run.dry_run)
    types = [field for field in slice_.plan.schema if field.name.lower() in {name.lower() for name in key}]
    schema = pa.schema([*types, pa.field("_run", pa.string())])
    rows = 0

    def batches(duck: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in chain.from_iterable(source.keys(item) for item in items):
            typed = slice_.declared.parse(duck, batch)[0]
            rows += typed.num_rows
            yield fitted(typed.append_column("_run", pa.repeat(run.id, typed.num_rows)), schema)

    keep = as_sql(run_condition(run.id))
    with lake.connect(settings) as duck:
        reader = pa.RecordBatchReader.from_batches(schema, batches(duck))
        at = lake.replace(uri, reader, run_id=run.id, predicate=keep, partition_by=("_run",))
    return TableRef(uri, at, rows)
