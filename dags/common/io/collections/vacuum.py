"""Vacuum: retires in one write of the record, and only then deletes what nothing names any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, delete, func, select

from common.io.collections.database import TRANSACTION_ROWS
from common.io.collections.protocol import Vacuumed
from common.io.collections.record import Record
from common.io.collections.records import Records
from common.io.collections.tables import CHANGES, CHUNK, MANIFESTS


def vacuum(records: Records, table: Table, keep: int, opened_before: datetime) -> Vacuumed:
    """Retires all but the newest ``keep`` versions, abandons attempts opened before a time, deletes chunks.

    What is deleted is decided by the record as this vacuum wrote it, and by manifests that were read before
    it: read later, another vacuum could have deleted them. What is younger than the record is left alone.
    """
    while True:
        before, manifests = records.manifests()
        after = before.retired(keep, opened_before)
        if records.swap(before, after):
            break
    kept = {version.number for version in after.versions}
    spared = {int(chunk.id) for number in kept for chunk in manifests[number].values()}
    garbage = [
        chunk
        for chunk in _chunks(records, table)
        if chunk not in spared and chunk < after.next_chunk and not _owned(chunk, after)
    ]
    rows = _delete_chunks(records, table, garbage)
    _delete_entries(records, after)
    retired = {version.number for version in before.versions} - kept
    abandoned = before.attempts.keys() - after.attempts.keys()
    return Vacuumed(tuple(sorted(retired)), tuple(sorted(abandoned)), len(garbage), rows)


def _owned(chunk: int, record: Record) -> bool:
    return any(one.first_chunk <= chunk < one.end_chunk for one in record.attempts.values())


def _chunks(records: Records, table: Table) -> Sequence[int]:
    """All chunks that have rows, found by skipping along the index on chunks."""
    column = table.c[CHUNK]
    found = select(func.min(column).label("chunk")).cte("found", recursive=True)
    following = select(func.min(column)).where(column > found.c.chunk).scalar_subquery()
    found = found.union_all(select(following).where(found.c.chunk.is_not(None)))
    with records.database.reading() as connection:
        return connection.scalars(select(found.c.chunk).where(found.c.chunk.is_not(None))).all()


def _delete_chunks(records: Records, table: Table, chunks: list[int]) -> int:
    """Deletes whole chunks, several in one transaction while it stays small; returns their rows."""
    remaining, total = list(chunks), 0
    while remaining:
        with records.database.writing() as connection:
            deleted = 0
            while remaining and deleted < TRANSACTION_ROWS:
                deleted += connection.execute(delete(table).where(table.c[CHUNK] == remaining.pop())).rowcount
        total += deleted
    return total


def _delete_entries(records: Records, after: Record) -> None:
    """Deletes the manifests of retired versions and the changes of attempts that are no longer open."""
    versions = [version.number for version in after.versions]
    attempts = [attempt.number for attempt in after.attempts.values()]
    with records.database.writing() as connection:
        connection.execute(
            delete(MANIFESTS).where(
                MANIFESTS.c.collection == records.name,
                MANIFESTS.c.version < after.next_version,
                MANIFESTS.c.version.not_in(versions),
            )
        )
        connection.execute(
            delete(CHANGES).where(
                CHANGES.c.collection == records.name,
                CHANGES.c.attempt < after.next_attempt,
                CHANGES.c.attempt.not_in(attempts),
            )
        )
