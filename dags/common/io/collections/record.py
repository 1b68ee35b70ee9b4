"""The one small record of a collection, and every change that a compare-and-set may make to it.

Nothing here touches a store: each method takes the record as it was read and returns it as it should become.
"""

# long because every change that the compare-and-set may make stands here, to be judged together

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter

from common.io.collections.manifest import Manifest, difference, rows_of
from common.io.collections.protocol import (
    Asked,
    AttemptError,
    Event,
    HoldError,
    Publication,
    Published,
    StoreError,
    Version,
    VersionGone,
)

REMEMBERED = 50  # publications that are recognised when they are asked for again; and events


@dataclass(frozen=True, slots=True)
class Attempt:
    """An open attempt.

    Attributes:
        number: Counts from 1, never used twice.
        base: The live version it is compared with; 0 where there was none.
        first_chunk, end_chunk: The chunk ids that it alone may write, half-open.
        staged: Whether all its chunks are written.
    """

    number: int
    run_id: str
    base: int
    first_chunk: int
    end_chunk: int
    opened_at: datetime
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version to be: its manifest, under which id that is kept, and the time in UTC."""

    manifest: Manifest
    stored: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What must change together.

    Attributes:
        name: The collection's, with its major version.
        revision: Of the record; the compare-and-set compares it. 0 is a collection that was never created.
        schema: What the stored rows were created for; see :mod:`common.io.collections.schema`.
        next_attempt, next_chunk, next_version: Counters; no number is used twice.
        versions: The retained ones without their manifests, newest last; the last is live.
        attempts: The open ones, by id.
        published: The latest outcomes by attempt, so that asking again says the same again.
        hold: Stops scheduled publications.
        events: The latest roll-backs and releases, newest last.
    """

    name: str
    revision: int = 0
    next_attempt: int = 1
    next_chunk: int = 1
    next_version: int = 1
    versions: tuple[Version, ...] = ()
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    published: Mapping[str, Published] = field(default_factory=dict)
    hold: Asked | None = None
    events: tuple[Event, ...] = ()
    schema: Mapping[str, str] = field(default_factory=dict)

    @property
    def live(self) -> Version | None:
        """The live version, without its manifest."""
        return self.versions[-1] if self.versions else None

    @property
    def live_number(self) -> int:
        """The live version's number, 0 before the first publication."""
        return self.versions[-1].number if self.versions else 0

    def version(self, number: int) -> Version:
        """A retained version, without its manifest; VersionGone where it is not retained."""
        for version in self.versions:
            if version.number == number:
                return version
        retained = ", ".join(str(version.number) for version in self.versions) or "none"
        raise VersionGone(
            f"Version {number} of {self.name} is not there: it never was, or it is retired.",
            next_step=f"Retained: {retained}. Start again from the live version.",
        )

    def opened(self, attempt: str, run_id: str, chunks: int, now: datetime) -> Record:
        """With an open attempt that owns so many new chunk ids; an earlier one of its run is abandoned."""
        if not self.revision:
            raise StoreError(f"There is no collection {self.name}.", next_step="Call ensure().")
        end = self.next_chunk + chunks
        mine = Attempt(self.next_attempt, run_id, self.live_number, self.next_chunk, end, now)
        others = {name: other for name, other in self.attempts.items() if other.run_id != run_id}
        return replace(
            self, next_attempt=self.next_attempt + 1, next_chunk=end, attempts={**others, attempt: mine}
        )

    def staged(self, attempt: str) -> Record:
        """With the attempt marked as written whole."""
        return replace(self, attempts={**self.attempts, attempt: replace(self.open(attempt), staged=True)})

    def open(self, attempt: str) -> Attempt:
        """An open attempt; AttemptError where it is not."""
        if attempt not in self.attempts:
            raise AttemptError(
                f"Attempt {attempt or 'of a dry run'} is not open: abandoned, or its run staged again.",
                where=self.name,
                next_step="Stage again.",
            )
        return self.attempts[attempt]

    def demand_publishable(self, attempt: str, scheduled: bool) -> Attempt:
        """The attempt, if it may be published: open, written whole and not on hold."""
        mine = self.open(attempt)
        if not mine.staged:
            raise AttemptError(
                f"Attempt {attempt} was not staged whole.", where=self.name, next_step="Stage again."
            )
        if self.hold and scheduled:
            raise HoldError(
                f"A hold stops scheduled publications: {self.hold.reason} "
                f"({self.hold.by}, {self.hold.at.isoformat(timespec='seconds')}).",
                where=self.name,
                next_step="Run vitrine_operations_release_v1, or trigger this run with a window of its own.",
            )
        return mine

    def advanced(
        self, attempt: str, publication: Publication, live: Manifest, wanted: Wanted
    ) -> tuple[Record, Published]:
        """With the attempt published: a new version, or a later watermark where nothing changed."""
        before = self.live
        watermark = _later(before, publication)
        changed = difference(live, wanted.manifest)
        if before is not None and not changed:
            same = replace(before, source=publication.source, bookmark=publication.bookmark)
            version = replace(same, watermark=watermark, profile=publication.profile or before.profile)
            versions = (*self.versions[:-1], version)
        else:
            version = Version(
                number=self.next_version,
                rows=rows_of(wanted.manifest),
                published_at=wanted.at,
                watermark=watermark,
                source=publication.source,
                run_id=publication.run_id,
                ledger=publication.ledger,
                contract_version=publication.contract_version,
                by=publication.run_id,
                stored=wanted.stored,
                bookmark=publication.bookmark,
                profile=publication.profile,
            )
            versions = (*self.versions, version)
        outcome = _outcome(version, new=len(versions) > len(self.versions))
        after = replace(
            self,
            next_version=max(self.next_version, version.number + 1),
            versions=versions,
            attempts={name: other for name, other in self.attempts.items() if name != attempt},
            published=dict([*self.published.items(), (attempt, outcome)][-REMEMBERED:]),
        )
        return after, replace(outcome, changed=changed)

    def repeated(self, attempt: str) -> Published:
        """The outcome of an attempt that was published before."""
        return replace(self.published[attempt], repeated=True)

    def rolled_back(
        self, to: Version, changed: tuple[str, ...], asked: Asked, *, hold: bool
    ) -> tuple[Record, Published]:
        """With a new version that has all of ``to`` but its number, unless nothing would change."""
        if self.live and not changed and (self.hold or not hold):
            return self, replace(_outcome(self.live, new=False), repeated=True)
        told = self._told(Event("rollback", asked, self.live_number, to.number, hold))
        held = replace(told, hold=asked) if hold else told
        if self.live and not changed:
            return held, replace(_outcome(self.live, new=False), repeated=True)
        version = replace(
            to,
            number=self.next_version,
            published_at=asked.at,
            kind="rollback",
            reason=asked.reason,
            by=asked.by,
            restored=to.number,
            manifest={},
        )
        after = replace(held, next_version=self.next_version + 1, versions=(*self.versions, version))
        return after, replace(_outcome(version, new=True), changed=changed)

    def merged(self, attempt: str, wanted: Wanted) -> tuple[Record, Published]:
        """With a new version of the live rows in other chunks."""
        version = replace(
            self.versions[-1],
            number=self.next_version,
            published_at=wanted.at,
            kind="merge",
            reason="",
            by=self.attempts[attempt].run_id,
            restored=None,
            stored=wanted.stored,
        )
        after = replace(
            self,
            next_version=self.next_version + 1,
            versions=(*self.versions, version),
            attempts={name: other for name, other in self.attempts.items() if name != attempt},
        )
        return after, _outcome(version, new=True)

    def released_by(self, asked: Asked) -> Record:
        """Without a hold."""
        return replace(self._told(Event("release", asked, self.live_number, None, hold=False)), hold=None)

    def _told(self, event: Event) -> Record:
        return replace(self, events=(*self.events, event)[-REMEMBERED:])

    def moved_since(self, expected: int) -> bool:
        """Whether what was published after a version is more than merges of its rows."""
        return any(one.number > expected and one.kind != "merge" for one in self.versions)

    def retired(self, keep: int, opened_before: datetime) -> Record:
        """With the newest ``keep`` versions only, and without the attempts opened before a time.

        A merge has its predecessor's rows, so that the two count as one.
        """
        if keep < 1:
            raise StoreError("At least one version must be kept.", where=self.name)
        alive = {name: one for name, one in self.attempts.items() if one.opened_at >= opened_before}
        following = [*(version.kind for version in self.versions[1:]), "none"]
        counted = [place for place, kind in enumerate(following) if kind != "merge"]
        oldest = counted[-keep] if keep <= len(counted) else 0
        return replace(self, versions=self.versions[oldest:], attempts=alive)


def _later(before: Version | None, publication: Publication) -> datetime | None:
    """The publication's watermark; within one source it never moves backwards."""
    if before is None or before.source != publication.source or before.watermark is None:
        return publication.watermark
    return max(before.watermark, publication.watermark or before.watermark)


def _outcome(version: Version, *, new: bool) -> Published:
    return Published(
        version=version.number,
        new=new,
        repeated=False,
        rows=version.rows,
        published_at=version.published_at,
        watermark=version.watermark,
    )


_CODEC = TypeAdapter(Record)


def to_json(record: Record) -> str:
    """The record as the store keeps it."""
    return _CODEC.dump_json(record).decode()


def from_json(document: str) -> Record:
    """The inverse of :func:`to_json`."""
    return _CODEC.validate_json(document)
