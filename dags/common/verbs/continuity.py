"""What a run goes on from: the live version, silver and the bookmark; and that these fit its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from common.io import history, lake, reports
from common.io.collections.protocol import Version
from common.io.sources import Source
from common.io.sources.configured import Configured
from common.utils.errors import SettingsError, SourceError
from common.utils.settings import Settings
from common.verbs.references import Bookmark
from common.verbs.subject import Subject

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
    def of(cls, version: Version | None) -> Live:
        """A version's; nothing can be mixed with one that has no row."""
        if version is None:
            return cls()
        return cls(version.watermark, version.source if version.rows else None, version.bookmark)


def demand_key(found: Configured) -> None:
    """Raises SettingsError where nothing would tell two records apart; files have their content for it."""
    if not (found.source.dialect or found.settings.key):
        raise SettingsError(
            f"It is not said which columns identify a record of {found.source.name}.",
            where=f"{found.variables}KEY",
            next_step="Name them: the primary key of a table, the id of an API's records.",
        )


def demand_continuity(
    subject: Subject, settings: Settings, source: Source, live: Live, run_id: str | None = ""
) -> None:
    """Raises SourceError where the live version came from another source, or silver is not what it came from.

    Args:
        subject: Whose.
        settings: Where the lake is.
        source: That is read now.
        live: The live version's.
        run_id: The run that asks, whose own silver is right; ``None`` for one with a bookmark: it publishes
            whatever silver changed since.
    """
    demand_same_source(subject, source, live.source)
    demand_silver(subject, settings, source, live.source)
    if run_id is not None:
        demand_settled(subject, settings, live.source, run_id)


def demand_same_source(subject: Subject, source: Source, live_source: str | None) -> None:
    """Raises SourceError where the live version came from another source."""
    if live_source in (None, source.fingerprint):
        return
    raise SourceError(
        f"The live version of {subject.collection} came from another source or mapping than {source.name}: "
        "the two would be mixed.",
        where=f"the variables {subject.variables}*",
        next_step="Set them back, or trigger the DAG with full_refresh to rebuild all from this source.",
    )


def demand_silver(subject: Subject, settings: Settings, source: Source, live_source: str | None) -> None:
    """Raises SourceError where silver is not what the live version came from.

    The run's days would lose what only silver still has of them: files may be gone since they were read.
    """
    if live_source is None:
        return
    uri = lake.table_uri(settings, "silver", subject.domain, subject.name)
    if history.found_by(uri).source != source.fingerprint:
        raise SourceError(
            f"Silver of {subject.collection} is lost, or a run that failed rebuilt it from another source.",
            where=uri,
            next_step="Bring it back, or trigger the DAG with full_refresh to rebuild all from this source.",
        )


def demand_settled(subject: Subject, settings: Settings, live_source: str | None, run_id: str = "") -> None:
    """Raises SourceError where a failed run has rewritten other days of silver than its own.

    A record that it moved to another day would be published there, and stay where it was as well. A run with
    a bookmark need not ask: it publishes all that silver changed since.
    """
    uri = lake.table_uri(settings, "silver", subject.domain, subject.name)
    for other in history.reaching(uri) if live_source else ():
        record = reports.read(settings, subject.collection, other)
        if other != run_id and record and record.state not in SETTLED:
            raise SourceError(
                f"Run {other} has rewritten other days of silver than its own, and has not published them.",
                where=uri,
                next_step=f"Clear {other} to run it to its end, or trigger the DAG with full_refresh.",
            )


def bookmark_of(subject: Subject, settings: Settings, source: Source, live: Live) -> Bookmark | None:
    """How far the source is published; ``None`` where it needs no bookmark.

    Raises:
        SourceError: The live version has none, or not one that fits silver.
    """
    if not source.incremental:
        return None
    if live.source is None:
        return Bookmark({}, silver=-1)
    try:
        found = TypeAdapter(Bookmark).validate_python(live.bookmark)
    except ValidationError:
        found = None
    silver = lake.version(lake.table_uri(settings, "silver", subject.domain, subject.name))
    if found is None or not 0 <= found.silver <= silver:
        what = (
            "is lost" if found is None else f"speaks of version {found.silver} of silver, which has {silver}"
        )
        raise SourceError(
            f"The bookmark of {subject.collection}, from where its source is read on, {what}.",
            where="the live version of the collection",
            next_step="Nothing was read, so that nothing is left out. Roll back to a version that has one, "
            "or trigger the DAG with full_refresh to read everything again.",
        )
    return found
