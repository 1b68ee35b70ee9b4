"""Extract: the records that may lie in the run's window become bronze, as received."""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from common.io import dead_letters, file_index, history, lake, reports
from common.io.partitions import Condition, as_sql
from common.io.sources import ORIGIN, REJECTED, Item, Source
from common.io.sources.files import CsvFiles
from common.utils.errors import SourceError
from common.utils.settings import FileSource, Settings
from common.utils.window import Window
from common.verbs.references import Extracted, Run, TableRef
from common.verbs.subject import Subject

log = logging.getLogger(__name__)

SETTLED = ("published", "unchanged")  # states of a run whose silver is what readers see
EVERY = 5.0  # seconds between two lines of progress


def extract(
    subject: Subject,
    settings: Settings,
    run: Run,
    *,
    live_watermark: datetime | None,
    live_source: str | None,
) -> Extracted:
    """Reads the source into the run's slice of bronze, which replaces the slice of an earlier try whole.

    Args:
        subject: Whose source; the environment configures it.
        settings: Of the house.
        run: What is asked for.
        live_watermark: Of the live version of the collection, UTC.
        live_source: Fingerprint of the source that it came from; ``None`` where nothing is live.

    Raises:
        SourceError: The source is not there, is not as configured, or is another than the live version's;
            or silver is not what the live version came from.
        SettingsError: The source is not configured.
    """
    source = CsvFiles(FileSource.of(subject.domain, subject.name), subject.variables)
    if not run.full_refresh:
        demand_same_source(subject, source, live_source)
        demand_silver(subject, settings, source, live_source, run.id)
    window = effective_window(settings, run, live_watermark, live_source)
    items = source.items()
    index = lake.table_uri(settings, "files", subject.domain, subject.name)
    chosen = to_read(items, file_index.read(index, source.dialect), window)
    for item in chosen:
        source.demand_columns(item, subject.module().COLUMNS)
    log.info("%s: window %s; %d of %d files may hold its rows", source.name, window, len(chosen), len(items))
    slice_ = Slice(source, chosen)
    bronze = slice_.write(subject, settings, run)
    rejected = dict(slice_.rejected)
    log.info("%d records in bronze, %d unreadable %s", bronze.rows, sum(rejected.values()), rejected or "")
    return Extracted(run, window, source.fingerprint, source.name, bronze, rejected, len(items), len(chosen))


def demand_same_source(subject: Subject, source: Source, live_source: str | None) -> None:
    """Raises SourceError where the live version came from another source."""
    if live_source in (None, source.fingerprint):
        return
    raise SourceError(
        f"The live version of {subject.collection} came from another source or mapping than {source.name}: "
        "the two would be mixed.",
        where=f"{subject.variables}PATH, COLUMNS, KEY and UPDATED_AT",
        next_step="Set them back, or trigger the DAG with full_refresh to rebuild all from this source.",
    )


def demand_silver(
    subject: Subject, settings: Settings, source: Source, live_source: str | None, run_id: str = ""
) -> None:
    """Raises SourceError where silver is not what the live version came from.

    The run's days would lose what only silver still has of them: files may be gone since they were read. Or a
    record that a failed run moved to another day would be published there, and stay where it was as well.
    """
    if live_source is None:
        return
    uri = lake.table_uri(settings, "silver", subject.domain, subject.name)
    if lake.found_by(uri).source != source.fingerprint:
        raise SourceError(
            f"Silver of {subject.collection} is lost, or a run that failed rebuilt it from another source.",
            where=uri,
            next_step="Bring it back, or trigger the DAG with full_refresh to rebuild all from this source.",
        )
    for other in history.reaching(uri):
        record = reports.read(settings, subject.collection, other)
        if other != run_id and record and record.state not in SETTLED:
            raise SourceError(
                f"Run {other} has rewritten other days of silver than its own, and has not published them.",
                where=uri,
                next_step=f"Clear {other} to run it to its end, or trigger the DAG with full_refresh.",
            )


def effective_window(
    settings: Settings, run: Run, live_watermark: datetime | None, live_source: str | None
) -> Window:
    """What the run answers for.

    Everything up to its end for a full refresh and for the first scheduled run; exactly its bounds where a
    person asked for it; else its window with the lookback, reaching back to where the live version ends.
    """
    if run.full_refresh or (run.scheduled and live_source is None):
        return Window(None, run.window.end)
    return run.window.reaching_back(settings.lookback_days, live_watermark) if run.scheduled else run.window


def to_read(items: Sequence[Item], known: dict[str, file_index.Span], window: Window) -> list[Item]:
    """The items that may hold records of the window: all but those known to hold none."""
    return [item for item in items if item.digest not in known or known[item.digest].touches(window)]


@dataclass(slots=True)
class Slice:
    """The run's records on their way into bronze, and the count of them."""

    source: Source
    items: Sequence[Item]
    records: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    error: Exception | None = None

    def write(self, subject: Subject, settings: Settings, run: Run) -> TableRef:
        """Writes bronze and the dead letters, each in one commit."""
        where = (subject.domain, subject.name)
        uri = lake.table_uri(settings, "bronze", *where, dry_run=run.dry_run)
        keep: Condition = [[("_run", "=", run.id)]]
        texts = [pa.field(name, pa.string()) for name in self.columns(uri)]
        schema = pa.schema([*texts, *ORIGIN, pa.field("_run", pa.string())])
        with tempfile.TemporaryFile(dir=lake.scratch(settings)) as spool:
            with pa.ipc.new_stream(spool, REJECTED) as unreadable:
                rows = pa.RecordBatchReader.from_batches(schema, self.batches(schema, run.id, unreadable))
                try:
                    at = lake.replace(
                        uri, rows, run_id=run.id, predicate=as_sql(keep), partition_by=("_run",)
                    )
                except Exception:
                    if self.error:  # what went wrong while reading; the writer only knows that something did
                        raise self.error from None
                    raise
            spool.seek(0)
            dead_letters.replace(
                dead_letters.table_uri(settings, *where, dry_run=run.dry_run),
                iter(pa.ipc.open_stream(spool)),
                run_id=run.id,
                stage="extract",
                some=bool(self.rejected),
            )
        return TableRef(uri, at, self.records)

    def columns(self, uri: str) -> list[str]:
        """All columns of all items, each in one spelling: bronze's own where it has the column."""
        known = lake.columns(uri)
        spelled = {name.lower(): name for item in reversed(self.items) for name in reversed(item.columns)}
        return [known.get(lower, name) for lower, name in reversed(spelled.items())]

    def batches(
        self, schema: pa.Schema, run_id: str, unreadable: pa.ipc.RecordBatchStreamWriter
    ) -> Iterator[pa.RecordBatch]:
        """The records of all items in one schema; what cannot be read goes to ``unreadable``."""
        progress = _Progress(self.items)
        try:
            for item in self.items:
                for part in self.source.read(item):
                    self.records += part.records.num_rows
                    if part.unreadable.num_rows:
                        unreadable.write_batch(part.unreadable)
                        self.rejected.update(map(str, part.unreadable["rule"].to_pylist()))
                    progress.report(item, self.records, part.size)
                    yield _widened(part.records, schema, run_id)
        except Exception as error:
            self.error = error
            raise


def _widened(records: pa.RecordBatch, schema: pa.Schema, run_id: str) -> pa.RecordBatch:
    """The records in bronze's schema: null in columns that their item does not have."""
    there = {name.lower(): column for name, column in zip(records.schema.names, records.columns, strict=True)}
    there["_run"] = pa.repeat(run_id, records.num_rows)
    absent = pa.nulls(records.num_rows, pa.string())
    return pa.record_batch([there.get(name.lower(), absent) for name in schema.names], schema=schema)


class _Progress:
    """Says every few seconds how far a long read has come."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._ordinal = {item.name: at for at, item in enumerate(items, 1)}
        self._size = 0
        self._start = self._said = time.monotonic()

    def report(self, item: Item, records: int, size: int) -> None:
        """Takes note of some more bytes, and says so where it is time."""
        self._size += size
        now = time.monotonic()
        if now - self._said >= EVERY:
            self._said = now
            log.info(
                "%d records, file %d of %d, %.0f MB, %.0f records/s",
                records,
                self._ordinal[item.name],
                len(self._ordinal),
                self._size / 1e6,
                records / (now - self._start),
            )
