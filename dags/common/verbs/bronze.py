"""Bronze: the run's slice of records as received, and what of them could not be kept."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from common.io import dead_letters, lake
from common.io.partitions import as_sql, run_condition
from common.io.sources import ORIGIN, REJECTED
from common.io.sources.declared import Declared
from common.io.sources.drift import Plan, discarded, planned
from common.io.sources.types import fitted, merged
from common.utils.contract import Contract
from common.utils.settings import Settings
from common.verbs.reading import Reading
from common.verbs.references import Run, TableRef
from common.verbs.subject import Intake

log = logging.getLogger(__name__)

OWN = ("_run", *ORIGIN.names)


@dataclass(slots=True)
class Slice:
    """The run's records on their way into bronze; they replace those of an earlier try whole.

    Attributes:
        intake: The source that they are of.
        key: Columns of the source that identify a record.
        demand: Raises SourceError where an item's columns lack one that the subject needs.
        layer: Where they are written; what is replayed stands apart, for its columns are text.
        plan: How they fit what bronze has; known once :meth:`write` has begun.
        records: Rows written.
        rejected: Records that were not, by rule; they are dead letters.
    """

    intake: Intake
    contract: Contract
    settings: Settings
    run: Run
    reading: Reading
    declared: Declared
    key: Sequence[str]
    demand: Callable[[str, Sequence[str]], None]
    layer: lake.Layer = "bronze"
    plan: Plan = field(default_factory=lambda: Plan(pa.schema({})))
    records: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    _error: Exception | None = None

    def columns(self) -> pa.Schema:
        """Of bronze without the house's own, where it was written before."""
        found = lake.schema(self._uri)
        return pa.schema([one for one in found if one.name not in OWN])

    def write(self) -> TableRef:
        """Writes bronze and the dead letters, each in one commit.

        Raises:
            SourceError: The source cannot be read, or it has changed and the contract forbids that.
        """
        known = pa.schema({}) if self.run.full_refresh else self.columns()
        schemas = self.reading.schemas()
        for item in self.reading.items if self.reading.streamed else ():
            self.demand(item.name, item.schema.names if item.schema else [])
        arriving = self.declared.schema(merged(schemas, settled=False))
        source = self.reading.source.name
        self.plan = planned(known, arriving, self.contract.drift, source, self.key)
        if not self.reading.streamed:  # a field that a few records lack is no missing column
            self.demand(self.reading.source.name, self.plan.schema.names)
        for drift in self.plan.drifts:
            log.warning("%s", drift)
        with ExitStack() as stack:
            duck = stack.enter_context(lake.connect(self.settings))
            spool = stack.enter_context(tempfile.TemporaryFile(dir=lake.scratch(self.settings)))
            with pa.ipc.new_stream(spool, REJECTED) as letters:
                at = self._commit(self.plan, known, self._batches(self.plan, known, duck, letters))
            spool.seek(0)
            dead_letters.replace(
                dead_letters.table_uri(
                    self.settings, self.intake.domain, self.intake.name, dry_run=self.run.dry_run
                ),
                iter(pa.ipc.open_stream(spool)),
                run_id=self.run.id,
                stage="extract",
                source=self.reading.source.fingerprint,
                some=bool(self.rejected),
            )
        rejected = dict(self.rejected)
        log.info(
            "%d records in bronze, %d unreadable %s", self.records, sum(rejected.values()), rejected or ""
        )
        return TableRef(self._uri, at, self.records)

    @property
    def _uri(self) -> str:
        where = (self.intake.domain, self.intake.name)
        return lake.table_uri(self.settings, self.layer, *where, dry_run=self.run.dry_run)

    def _commit(self, plan: Plan, known: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
        schema = _with_own(plan.schema)
        if plan.widened:
            self._widen(schema)
        keep = run_condition(self.run.id)
        rows = pa.RecordBatchReader.from_batches(schema, batches)
        anew = self.run.full_refresh and bool(len(self.columns()))
        try:
            if anew:  # other columns or types than before may be there: nothing of them is needed any more
                lake.rewrite(self._uri, rows, run_id=self.run.id)
                return lake.version(self._uri)
            return lake.replace(
                self._uri, rows, run_id=self.run.id, predicate=as_sql(keep), partition_by=("_run",)
            )
        except Exception:
            if self._error:  # what went wrong while reading; the writer only knows that something did
                raise self._error from None
            raise

    def _widen(self, schema: pa.Schema) -> None:
        """Rewrites bronze in wider types, by way of a file: a table cannot be read while it is written."""
        log.info("bronze is rewritten with its columns' wider types")
        with tempfile.TemporaryFile(dir=lake.scratch(self.settings)) as spool:
            at = lake.version(self._uri)
            with pa.ipc.new_stream(spool, schema) as old:
                for batch in lake.all_batches(self._uri, at):
                    old.write_batch(fitted(batch, schema))
            spool.seek(0)
            lake.rewrite(self._uri, pa.ipc.open_stream(spool), run_id=self.run.id, base=at)

    def _batches(
        self,
        plan: Plan,
        known: pa.Schema,
        duck: duckdb.DuckDBPyConnection,
        letters: pa.ipc.RecordBatchStreamWriter,
    ) -> Iterator[pa.RecordBatch]:
        """The records in bronze's schema; what does not fit goes to the dead letters."""
        schema = _with_own(plan.schema)
        try:
            for received, unreadable in self.reading.batches():
                records, mistyped = self.declared.parse(duck, received)
                self._reject(letters, unreadable, mistyped)
                if plan.discards:
                    records, unfit = discarded(records, plan, known)
                    self._reject(letters, unfit)
                self.records += records.num_rows
                own = pa.repeat(self.run.id, records.num_rows)
                yield fitted(records.append_column("_run", own), schema)
        except Exception as error:
            self._error = error
            raise

    def _reject(self, letters: pa.ipc.RecordBatchStreamWriter, *rejected: pa.RecordBatch | None) -> None:
        for batch in rejected:
            if batch is not None and batch.num_rows:
                letters.write_batch(batch)
                self.rejected.update(map(str, batch["rule"].to_pylist()))


def _with_own(schema: pa.Schema) -> pa.Schema:
    return pa.schema([*schema, *ORIGIN, pa.field("_run", pa.string())])
