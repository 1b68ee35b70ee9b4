"""What a run goes on from: the live version, silver and the bookmark; and that these fit its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from common.io import history, lake, reports
from common.io.collections.protocol import Version
from common.io.sources import Source
from common.io.sources.configured import Configured
from common.utils.errors import SettingsError, SourceError
from common.utils.settings import Settings
from common.verbs.references import Bookmark, adapter
from common.verbs.subject import Intake

SETTLED = ("published", "unchanged")  # states of a run whose silver is what readers see


@dataclass(frozen=True, slots=True)
class Live:
    """What of the live version decides what a run reads; nothing where nothing is live.

    Attributes:
        watermark: "Data as of", UTC.
        source: Fingerprint of the source that it came from.
        bookmark: How far that was read.
    """

    watermark: datetime | None = None
    source: str | None = None
    bookmark: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, version: Version | None, intake: Intake) -> Live:
        """A version's, of one source; nothing can be mixed with one that has no row."""
        if version is None:
            return cls()
        if intake.only:
            return cls(version.watermark, version.source if version.rows else None, version.bookmark)
        own = version.bookmark.get("sources", {}).get(intake.source, {})
        until = own.get("data_as_of")
        return cls(
            until and datetime.fromisoformat(until), own.get("fingerprint") if version.rows else None, own
        )


def demand_key(found: Configured) -> None:
    """Raises SettingsError where nothing would tell two records apart; files have their content for it."""
    if not (found.source.dialect or found.settings.key):
        raise SettingsError(
            f"It is not said which columns identify a record of {found.source.name}.",
            where=f"{found.variables}KEY",
            next_step="Name them: the primary key of a table, the id of an API's records.",
        )


def demand_continuity(
    intake: Intake, settings: Settings, source: Source, live: Live, run_id: str | None = ""
) -> None:
    """Raises SourceError where the live version came from another source, or silver is not what it came from.

    Args:
        intake: Whose.
        settings: Where the lake is.
        source: That is read now.
        live: The live version's.
        run_id: The run that asks, whose own silver is right; ``None`` for one with a bookmark: it publishes
            whatever silver changed since.

    Of a snapshot silver is made anew by each run, so it matters to none what another left there.
    """
    demand_same_source(intake, source, live.source)
    if is_snapshot(intake, source):
        return
    demand_silver(intake, settings, source, live.source)
    if run_id is not None:
        demand_settled(intake, settings, live.source, run_id)


def is_snapshot(intake: Intake, source: Source) -> bool:
    """Whether each run reads all that the source holds; with a cursor it reads what is new."""
    return intake.records.snapshot and not source.incremental


def demand_same_source(intake: Intake, source: Source, live_source: str | None) -> None:
    """Raises SourceError where the live version came from another source."""
    if live_source in (None, source.fingerprint):
        return
    raise SourceError(
        f"The live version of {intake.collection} came from another source or mapping than {source.name}: "
        "the two would be mixed.",
        where=f"the variables {intake.variables}*",
        next_step="Set them back (of a pipeline in YAML, its fields and steps), or trigger the DAG with "
        "full_refresh to rebuild all from this source.",
    )


def demand_silver(intake: Intake, settings: Settings, source: Source, live_source: str | None) -> None:
    """Raises SourceError where silver is not what the live version came from.

    The run's days would lose what only silver still has of them: files may be gone since they were read.
    """
    if live_source is None:
        return
    uri = lake.table_uri(settings, "silver", intake.domain, intake.name)
    if history.found_by(uri).source != source.fingerprint:
        raise SourceError(
            f"Silver of {intake.collection} is lost, or a run that failed rebuilt it from another source.",
            where=uri,
            next_step="Bring it back, or trigger the DAG with full_refresh to rebuild all from this source.",
        )


def demand_settled(intake: Intake, settings: Settings, live_source: str | None, run_id: str = "") -> None:
    """Raises SourceError where a failed run has rewritten other days of silver than its own.

    A record that it moved to another day would be published there, and stay where it was as well. A run with
    a bookmark need not ask: it publishes all that silver changed since.
    """
    uri = lake.table_uri(settings, "silver", intake.domain, intake.name)
    for other in history.reaching(uri) if live_source else ():
        record = reports.read(settings, intake.collection, other)
        if other != run_id and record and record.state not in SETTLED:
            raise SourceError(
                f"Run {other} has rewritten other days of silver than its own, and has not published them.",
                where=uri,
                next_step=f"Clear {other} to run it to its end, or trigger the DAG with full_refresh.",
            )


def bookmark_of(intake: Intake, settings: Settings, source: Source, live: Live) -> Bookmark | None:
    """How far the source is published; ``None`` where it needs no bookmark.

    Raises:
        SourceError: The live version has none, or not one that fits silver.
    """
    if not source.incremental:
        return None
    if live.source is None:
        return Bookmark({}, silver=-1)
    try:
        found: Bookmark | None = adapter(Bookmark).validate_python(live.bookmark)
    except ValidationError:
        found = None
    silver = lake.version(lake.table_uri(settings, "silver", intake.domain, intake.name))
    if found is None or not 0 <= found.silver <= silver:
        what = (
            "is lost" if found is None else f"speaks of version {found.silver} of silver, which has {silver}"
        )
        raise SourceError(
            f"The bookmark of {intake.collection}, from where its source is read on, {what}.",
            where="the live version of the collection",
            next_step="Nothing was read, so that nothing is left out. Roll back to a version that has one, "
            "or trigger the DAG with full_refresh to read everything again.",
        )
    return found
