"""The keys that a source has now: what silver has beside them is gone there, and goes here too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import pyarrow as pa

from common.io import lake
from common.io.partitions import Condition, as_sql
from common.io.sources import Item, Keyed, Source
from common.io.sources.types import fitted, merged
from common.utils.contract import Contract
from common.utils.errors import SourceError
from common.utils.settings import Settings
from common.verbs.references import Run, TableRef


def write_keys(
    contract: Contract, settings: Settings, run: Run, source: Source, items: Sequence[Item]
) -> TableRef | None:
    """Writes the run's keys in place of those of an earlier try; after its records, so that none is too few.

    Returns:
        The table, or ``None`` for a run over a window that a person chose, which takes nothing away.

    Raises:
        SourceError: The source has no list of keys.
    """
    if not (run.scheduled or run.full_refresh):
        return None
    if not isinstance(source, Keyed):
        raise SourceError(
            f"{source.name} cannot list its keys, and the contract asks for their comparison.",
            where=contract.name,
            next_step="Take the custom property deletions from the contract, or read from a database.",
        )
    uri = lake.table_uri(settings, "keys", contract.domain, contract.subject, dry_run=run.dry_run)
    found = chain.from_iterable(source.keys(item) for item in items)
    first = next(found, None)
    schema = pa.schema([*(merged([first.schema]) if first else ()), pa.field("_run", pa.string())])
    rows = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in chain([first] if first else [], found):
            rows += batch.num_rows
            yield fitted(batch.append_column("_run", pa.repeat(run.id, batch.num_rows)), schema)

    keep: Condition = [[("_run", "=", run.id)]]
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    at = lake.replace(uri, reader, run_id=run.id, predicate=as_sql(keep), partition_by=("_run",))
    return TableRef(uri, at, rows)
