"""Rules of the protocol that a process can be made to break, to show that the matrix sees it."""

from __future__ import annotations

import datetime as standard
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from typing import Any

from common.io.collections import collection, vacuum
from common.io.collections.backend import Backend
from common.io.collections.collection import VersionedCollection
from common.io.collections.manifest import Change, Manifest
from common.io.collections.protocol import Chunk, Page, Query, Vacuumed
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record

CLOCKS = ("collection", "attempts", "staging", "merging")  # the modules that ask what time it is


def make(mistake: str) -> None:
    """Makes this process break a rule; with an empty name it keeps them all."""
    if mistake:
        MISTAKES[mistake]()


def use_chunk_ids_again() -> None:
    """A run that stages again writes under the chunk ids of its attempt before."""
    opened = Record.opened

    def broken(self: Record, attempt: str, run_id: str, chunks: int, now: datetime) -> Record:
        after = opened(self, attempt, run_id, chunks, now)
        before = [one for one in self.attempts.values() if one.run_id == run_id]
        if not before:
            return after
        first = before[0].first_chunk
        mine = replace(after.attempts[attempt], first_chunk=first, end_chunk=first + chunks)
        return replace(after, attempts={**after.attempts, attempt: mine})

    Record.opened = broken  # type: ignore[method-assign]


def delete_before_retiring() -> None:
    """Vacuum deletes what it is about to retire and to abandon."""
    right = collection.vacuum

    def broken(backend: Backend, keep: int, opened_before: datetime) -> Vacuumed:
        after = backend.record().retired(keep, opened_before)
        spared = {
            chunk.id for version in after.versions for chunk in backend.manifest(version.stored).values()
        }
        owned = vacuum._owned
        garbage = [one for one in backend.chunks() if one not in spared and not owned(one, after)]
        backend.delete_chunks(garbage)
        return right(backend, keep, opened_before)

    collection.vacuum = broken


def publish_over_anything() -> None:
    """A publication does not look whether its partitions are still those of its base."""

    def broken(live: Manifest, changes: Mapping[str, Change], _: str) -> dict[str, Chunk]:
        kept = {partition: chunk for partition, chunk in live.items() if partition not in changes}
        return {**kept, **{p: one.chunk for p, one in changes.items() if one.chunk is not None}}

    collection.rebased = broken


def look_once() -> None:
    """A reader does not look whether the version is still retained when it has read its page."""

    def broken(self: VersionedCollection, version: int, query: Query) -> Page:
        wanted = PageQuery(self.contract, query)
        if not any(one.number == version for one in self._seen.versions):
            self._seen = self.backend.record()
        return wanted.page(self.backend.page(self._seen.version(version).stored, wanted))

    VersionedCollection.read = broken  # type: ignore[method-assign]


MISTAKES = {
    "a chunk id is used again": use_chunk_ids_again,
    "vacuum deletes before it retires": delete_before_retiring,
    "publish does not check its base": publish_over_anything,
    "a reader does not look again": look_once,
}


def turn_clock(by: timedelta) -> None:
    """Moves the clock of this process."""
    if not by:
        return

    class Turned(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return standard.datetime.now(tz) + by

    for name in CLOCKS:
        import_module(f"common.io.collections.{name}").datetime = Turned  # type: ignore[attr-defined]
