"""Replay: dead letters go through the verbs once more, after a fix; what is accepted now is marked."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import dead_letters, lake, reports
from common.io.collections.protocol import Version
from common.io.partitions import as_sql, run_condition
from common.io.sources import ORIGIN
from common.io.sources.configured import Configured
from common.io.sources.letters import Letter, Letters
from common.transforms import operations
from common.transforms.operations import Frame
from common.utils.contract import Contract
from common.utils.errors import SourceError
from common.utils.settings import Settings
from common.verbs.bronze import Slice
from common.verbs.continuity import Live, bookmark_of, demand_continuity
from common.verbs.extract import oldest_day, reading_of, slice_of, source_of, statistics_of
from common.verbs.references import Extracted, Loaded, Run, TableRef
from common.verbs.subject import Intake, Subject
from common.verbs.tables import Tables, stream

log = logging.getLogger(__name__)


def extract_all_letters(  # noqa: PLR0913 (a run, and which letters)
    subject: Subject,
    contract: Contract,
    settings: Settings,
    run: Run,
    *,
    version: Version | None,
    rule: str = "",
) -> list[Extracted]:
    """The dead letters of all sources that have some; where none has, nothing of all that are published.

    Args:
        subject: Whose.
        contract: Of its collection.
        settings: Of the house.
        run: As for :func:`extract_letters`.
        version: The live one.
        rule: As for :func:`extract_letters`.

    Raises:
        SourceError: Nothing of a source with dead letters is published yet; else as :func:`extract_letters`.
    """
    there = subject.configured()
    having = [one for one in there if one.only or _any(one, settings, rule, run.id)]
    for intake in having:
        if not _is_published(intake, version):
            raise SourceError(
                f"Nothing of {intake.collection}, source {intake.source}, is published yet: a replay alone "
                "would leave out all but its dead letters.",
                where="the live version of the collection",
                next_step=f"Run {subject.dag_id}, or clear the run that failed: it reads them again.",
            )
    chosen = having or [one for one in there if _is_published(one, version)]
    return [extract_letters(one, contract, settings, run, Live.of(version, one), rule=rule) for one in chosen]


def _any(intake: Intake, settings: Settings, rule: str, run_id: str) -> bool:
    """Whether dead letters wait of the source that is configured now."""
    uri = dead_letters.table_uri(settings, intake.domain, intake.name)
    of = {"rule": rule, "source": source_of(intake, settings).source.fingerprint, "run_id": run_id}
    with lake.connect(settings) as duck:
        return bool(dead_letters.waiting(duck, uri, **of).num_rows)


def _is_published(intake: Intake, version: Version | None) -> bool:
    """Whether the live version knows of the source: its next run goes on from there."""
    if version is None or intake.only:
        return version is not None
    return bool(version.bookmark.get("sources", {}).get(intake.source, {}).get("fingerprint"))


def extract_letters(  # noqa: PLR0913 (a run, and which letters)
    intake: Intake, contract: Contract, settings: Settings, run: Run, live: Live, *, rule: str = ""
) -> Extracted:
    """The dead letters that were not replayed yet, as the run's slice of bronze.

    Args:
        intake: Whose.
        contract: Of its collection.
        settings: Of the house.
        run: Its window says which records are meant, by their own time; those without one always are.
        live: Of the live version of the collection.
        rule: Only those that this rule rejected; empty: all.

    Raises:
        SourceError: The live version came from another source, or silver is not what it came from.
    """
    found = source_of(intake, settings)
    demand_continuity(intake, settings, found.source, live, None if found.source.incremental else run.id)
    letters = Letters(found.source, _wanted(intake, settings, found, rule, run.id))
    log.info("%d dead letters are replayed", len(letters.letters))
    items = letters.items()
    reading = reading_of(found, settings, intake, run, items=items, window=run.window, source=letters)
    slice_ = slice_of(intake, replace(contract, drift="evolve"), settings, run, found=found, reading=reading)
    bronze = _written(slice_)
    extracted = Extracted(
        run,
        intake.source,
        window=None,
        source=found.source.fingerprint,
        source_name=letters.name,
        bronze=bronze,
        rejected=dict(slice_.rejected),
        statistics=statistics_of(reading, len(items), bronze.rows),
        bookmark=bookmark_of(intake, settings, found.source, live),
        oldest=oldest_day(contract, run),
    )
    extracted = replace(extracted, bronze=_within(intake, settings, found, extracted))
    told = {"source_name": letters.name, "statistics": extracted.statistics}
    reports.record(settings, contract.name, run.id, intake.part, **told)
    return extracted


def mark_replayed(subject: Subject, settings: Settings, loaded: Loaded) -> int:
    """Marks what the run accepted, once that is published; how many records these are.

    What it rejected again stays what it was, and is not kept twice. Done again, it changes nothing: what was
    rejected leaves the run's slice of bronze before it leaves the run's own dead letters.
    """
    run_id = loaded.validated.transformed.run.id
    marked = sum(_marked(intake, settings, run_id) for intake in subject.intakes())
    log.info("%d records are marked as replayed", marked)
    return marked


def _marked(intake: Intake, settings: Settings, run_id: str) -> int:
    bronze = lake.table_uri(settings, "replays", intake.domain, intake.name)
    uri = dead_letters.table_uri(settings, intake.domain, intake.name)
    at = lake.version(bronze)
    if at < 0:
        return 0
    with lake.connect(settings) as duck:
        rejected = nw.from_native(duck.from_arrow(dead_letters.read(duck, uri, run_id)))
        accepted = _kept(duck, bronze, at, run_id, rejected, how="anti")
        dead_letters.mark(duck, uri, accepted, run_id)
        return len(accepted)


def _written(slice_: Slice) -> TableRef:
    """The letters as bronze, apart from the runs' own, for all their columns are text."""
    slice_.layer = "replays"
    bronze = slice_.write()
    slice_.reading.spool.clear()
    return bronze


def _wanted(intake: Intake, settings: Settings, found: Configured, rule: str, run_id: str) -> list[Letter]:
    """The letters of what the source still stands for: a file's newer content replaces its older one."""
    uri = dead_letters.table_uri(settings, intake.domain, intake.name)
    with lake.connect(settings) as duck:
        of = {"rule": rule, "source": found.source.fingerprint, "run_id": run_id}
        letters: list[Letter] = dead_letters.waiting(duck, uri, **of).to_pylist()
    if found.settings.key:
        return letters
    now = {item.name: item.digest for item in found.source.items()}
    current = [
        letter for letter in letters if now.get(letter["_item"], letter["_digest"]) == letter["_digest"]
    ]
    if len(current) < len(letters):
        log.warning("%d dead letters are of items with another content now", len(letters) - len(current))
    return current


def _within(intake: Intake, settings: Settings, found: Configured, extracted: Extracted) -> TableRef:
    """The slice without the records whose own time lies outside of the run's window."""
    bronze, used = extracted.bronze, found.settings
    names = {name: used.columns.get(name, name) for name in intake.records.columns}
    with lake.connect(settings) as duck:
        texts = Tables(intake, settings, extracted, duck).bronze()
        typed = intake.records.clean(operations.received(texts, names, used.key, used.updated_at))
        place = operations.placed(typed, extracted.run.window).filter(nw.col("_place") == "within")
        kept = _kept(duck, bronze.uri, bronze.version, extracted.run.id, place, how="semi")
        return TableRef(bronze.uri, lake.version(bronze.uri), len(kept))


def _kept(  # noqa: PLR0913 (whose slice, and what is kept of it)
    duck: duckdb.DuckDBPyConnection,
    uri: str,
    at: int,
    run_id: str,
    records: Frame,
    *,
    how: Literal["semi", "anti"],
) -> duckdb.DuckDBPyRelation:
    """What is left of the run's slice of bronze: the records that are among some others, or are not."""
    keep = run_condition(run_id)
    schema = lake.schema(uri)
    rows = nw.from_native(lake.scan(duck, uri, at, schema=schema, keep=keep))
    kept = rows.join(records.select(ORIGIN.names), on=ORIGIN.names, how=how).to_native()
    kept.create("kept")
    reader = pa.RecordBatchReader.from_batches(schema, stream(duck.table("kept"), schema))
    lake.replace(uri, reader, run_id=run_id, predicate=as_sql(keep))
    return duck.table("kept")
