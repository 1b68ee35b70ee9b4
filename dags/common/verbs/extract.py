"""Extract: the records that the run answers for become bronze, as received."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

from common.io import file_index, lake
from common.io.sources import Item, Scope, Source, columns
from common.io.sources.configured import Configured, configured
from common.io.sources.declared import Declared
from common.io.spool import Spool
from common.utils.contract import Contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.bronze import Slice
from common.verbs.continuity import (
    Live,
    bookmark_of,
    demand_continuity,
    demand_key,
    is_snapshot,
)
from common.verbs.keys import write_keys
from common.verbs.reading import Reading
from common.verbs.references import READ, Bookmark, Extracted, Run, Statistics, TableRef
from common.verbs.spans import EVER
from common.verbs.subject import Intake

log = logging.getLogger(__name__)


def extract(intake: Intake, contract: Contract, settings: Settings, run: Run, live: Live) -> Extracted:
    """Reads the source into the run's slice of bronze, which replaces the slice of an earlier try whole.

    Args:
        intake: The source; the environment configures it.
        contract: Says what a change of the source's columns does, and whether what it lost is taken away.
        settings: Of the house.
        run: What is asked for.
        live: Of the live version, as to this source.

    Raises:
        SourceError: The source is not there, is not as configured, or is another than the live version's;
            silver or the bookmark are not what the live version came from.
        SettingsError: The source is not configured.
    """
    found = source_of(intake, settings)
    demand_key(found)
    plan = _planned(intake, settings, run, found.source, live)
    items, chosen = _chosen(intake, settings, run, found.source, plan)
    started, since = time.monotonic(), plan.read_from
    reading = reading_of(found, settings, intake, run, items=chosen, window=plan.window, bookmark=since)
    slice_ = slice_of(intake, contract, settings, run, found=found, reading=reading)
    bronze, keys = _written(slice_, found, items)
    return Extracted(
        run,
        intake.source,
        plan.window,
        found.source.fingerprint,
        found.source.name,
        bronze,
        dict(slice_.rejected),
        statistics_of(reading, len(items), bronze.rows, time.monotonic() - started),
        tuple(map(str, slice_.plan.drifts)),
        _moved(plan.bookmark, reading) if plan.advances else plan.bookmark,
        plan.advances,
        keys,
        plan.snapshot,
        oldest_day(contract, run),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _written(slice_: Slice, found: Configured, items: Sequence[Item]) -> tuple[TableRef, TableRef | None]:
    """The run's slice of bronze and, where the contract asks for them, the keys that the source has."""
    bronze = slice_.write()
    wanted = slice_.contract.deletions
    keys = write_keys(slice_, found.source, items, found.settings.key) if wanted else None
    slice_.reading.spool.clear()
    return bronze, keys


def source_of(intake: Intake, settings: Settings) -> Configured:
    """The source as the environment configures it, not connected to yet.

    Raises:
        SettingsError: It is not configured, or wrongly.
    """
    return configured(intake.variables, settings.url_of, intake.defaults())


def oldest_day(contract: Contract, run: Run) -> date | None:
    """The first day that the collection keeps; ``None`` where it keeps all. No day to come makes it later."""
    now = min(run.window.end, datetime.now(UTC))
    return (now - contract.retention).date() if contract.retention else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a run reads: its window, and whether it goes on from the bookmark and moves it.

    Of a snapshot it is always all that there is.
    """

    window: Window | None
    bookmark: Bookmark | None
    advances: bool
    snapshot: bool

    def __str__(self) -> str:
        return str(self.window or READ)

    @property
    def read_from(self) -> Bookmark | None:
        return self.bookmark if self.advances else None


def _planned(intake: Intake, settings: Settings, run: Run, source: Source, live: Live) -> _Plan:
    advances = source.incremental and (run.scheduled or run.full_refresh)
    snapshot = is_snapshot(intake, source)
    bookmark = bookmark_of(intake, settings, source, Live() if run.full_refresh else live)
    if not run.full_refresh:
        demand_continuity(intake, settings, source, live, None if advances else run.id)
    window = effective_window(settings, run, live, advances=advances)
    return _Plan(EVER if snapshot else window, bookmark, advances, snapshot)


def _chosen(
    intake: Intake, settings: Settings, run: Run, source: Source, plan: _Plan
) -> tuple[list[Item], list[Item]]:
    """All items of the source, and those of them that are read."""
    items = source.items()
    known = {} if plan.snapshot else _spans(intake, settings, source)
    chosen = to_read(items, known, plan.window or run.window)
    log.info("%s: window %s; %d of %d items are read", source.name, plan, len(chosen), len(items))
    return items, chosen


def _spans(intake: Intake, settings: Settings, source: Source) -> dict[str, file_index.Span]:
    """What days each content holds, as earlier runs found."""
    return file_index.read(lake.table_uri(settings, "files", intake.domain, intake.name), source.dialect)


def slice_of(  # noqa: PLR0913 (what goes into bronze, for whom)
    intake: Intake, contract: Contract, settings: Settings, run: Run, *, found: Configured, reading: Reading
) -> Slice:
    """The slice of bronze that a reading fills."""
    declared = Declared(found.settings.types, f"{found.variables}TYPES")
    demand = partial(columns.demand, found, needed=intake.records.needed(found.settings.columns))
    return Slice(intake, contract, settings, run, reading, declared, found.settings.key, demand)


def effective_window(settings: Settings, run: Run, live: Live, *, advances: bool = False) -> Window | None:
    """What the run answers for.

    With a bookmark: everything at first and for a full refresh, then the days of whatever records arrive
    (``None``). Without: everything up to its end for a full refresh and for the first scheduled run; exactly
    its bounds where a person asked for it; else its window with the lookback, reaching back to where the live
    version ends.
    """
    if advances:
        return EVER if run.full_refresh or live.source is None else None
    if run.full_refresh or (run.scheduled and live.source is None):
        return Window(None, run.window.end)
    return run.window.reaching_back(settings.lookback_days, live.watermark) if run.scheduled else run.window


def to_read(items: Sequence[Item], known: dict[str, file_index.Span], window: Window) -> list[Item]:
    """The items that may hold records of the window: all but those known to hold none."""
    return [item for item in items if item.digest not in known or known[item.digest].touches(window)]


def reading_of(  # noqa: PLR0913 (what is read, for whom, and from where on)
    found: Configured,
    settings: Settings,
    intake: Intake,
    run: Run,
    *,
    items: Sequence[Item],
    window: Window | None,
    bookmark: Bookmark | None = None,
    source: Source | None = None,
) -> Reading:
    """The reading of some items, from where the bookmark says; its spool is the run's own."""
    source = source or found.source

    def scope(item: Item) -> Scope:
        return Scope(window or run.window, bookmark.items.get(item.name, {}) if bookmark else {})

    folder = hashlib.sha256(run.id.encode()).hexdigest()[:32]
    spool = Spool(
        settings.home / "spool" / intake.domain / intake.name / folder,
        repr((source.fingerprint, found.settings.model_dump(), window, run.dry_run)),  # kept as its digest
    )
    return Reading(source, items, scope, spool)


def statistics_of(reading: Reading, items: int, records: int, seconds: float = 0.0) -> Statistics:
    """What the reading took."""
    read = len(reading.items) - len(reading.failed)
    return Statistics(
        items, read, records, reading.size, round(seconds, 3), reading.retries, dict(reading.failed)
    )


def _moved(bookmark: Bookmark | None, reading: Reading) -> Bookmark:
    """The bookmark that is published with what was read; items that are not there any more keep theirs."""
    before = bookmark or Bookmark({}, -1)
    return replace(before, items={**before.items, **reading.bookmarks})
