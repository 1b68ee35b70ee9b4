"""Vacuum: retires in one write of the record, and only then deletes what nothing names any more."""

from __future__ import annotations

from datetime import datetime

from common.io.collections.attempts import attempt_of, manifests_of
from common.io.collections.backend import Backend
from common.io.collections.protocol import Vacuumed
from common.io.collections.record import Record


def vacuum(backend: Backend, keep: int, opened_before: datetime) -> Vacuumed:
    """Retires all but the newest ``keep`` versions, abandons attempts opened before a time, deletes chunks.

    What is deleted is decided by the record as this vacuum left it, and by the manifests that it names: what
    neither they name nor an open attempt owns can never be named again. What is younger is left alone.
    """
    before, after, spared = _retire(backend, keep, opened_before)
    if not after.revision:
        return Vacuumed((), (), 0, 0)  # it was never created
    garbage = [
        chunk
        for chunk in backend.chunks()
        if chunk not in spared and chunk < after.next_chunk and not _owned(chunk, after)
    ]
    rows = backend.delete_chunks(garbage)
    _delete_entries(backend, after)
    retired = {version.number for version in before.versions} - {one.number for one in after.versions}
    abandoned = before.attempts.keys() - after.attempts.keys()
    return Vacuumed(tuple(sorted(retired)), tuple(sorted(abandoned)), len(garbage), rows)


def _retire(backend: Backend, keep: int, opened_before: datetime) -> tuple[Record, Record, set[int]]:
    """The record before and after, and the chunks that its versions name."""
    while True:
        before, manifests = manifests_of(backend, lambda one: one.retired(keep, opened_before).versions)
        after = before.retired(keep, opened_before)
        named = {chunk.id for manifest in manifests for chunk in manifest.values()}
        if after == before or backend.swap(before, after):
            return before, after, named


def _owned(chunk: int, record: Record) -> bool:
    return any(one.first_chunk <= chunk < one.end_chunk for one in record.attempts.values())


def _delete_entries(backend: Backend, record: Record) -> None:
    """Deletes the manifests that no version names and the changes of attempts, where none is open."""
    manifests, attempts = backend.entries()
    named = {version.stored for version in record.versions}
    alive = {attempt.number for attempt in record.attempts.values()}

    def over(attempt: int) -> bool:
        return attempt < record.next_attempt and attempt not in alive

    backend.delete_entries(
        {stored for stored in manifests - named if over(attempt_of(stored))},
        {attempt for attempt in attempts if over(attempt)},
    )
