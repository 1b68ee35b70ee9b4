"""Merging: old days become one partition of their month, so that a manifest stays short through the years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from common.io.collections.attempts import finish, live_manifest, open_attempt, stored_id
from common.io.collections.backend import Backend
from common.io.collections.encoding import CHUNK, stored_schema
from common.io.collections.manifest import Change, Manifest, combined, rebased
from common.io.collections.protocol import AttemptError, Published
from common.io.collections.record import Wanted
from common.utils.window import days_of

SETTLED = timedelta(days=92)  # a month that ended so long before the newest day is seldom written again
MERGED_ROWS = 1_000_000  # at most, in one merged month: a late row rewrites them all


def merge(backend: Backend) -> Published | None:
    """Publishes a version in which the due months stand merged; see :meth:`protocol.Collection.merge`."""
    record, manifest = live_manifest(backend)
    months = due(manifest) if backend.contract.partition_by == "day" else {}
    if not months:
        return None
    name, attempt, base = open_attempt(backend, "merge", len(months))
    if attempt.base != record.live_number:
        return None  # what is due is another question now; vacuum takes the attempt away
    chunks = dict(zip(months, range(attempt.first_chunk, attempt.end_chunk), strict=True))
    changes = {day: Change(base[day].id, None) for days in months.values() for day in days}
    for month, days in months.items():
        changes[month] = Change(None, combined(chunks[month], [base[day] for day in days]))
    try:
        backend.write(
            _copied(backend, {chunks[m]: [base[day].id for day in days] for m, days in months.items()})
        )
        finish(backend, name, attempt, changes)
        return _publish(backend, name, changes)
    except AttemptError:
        return None  # a merged day was written again meanwhile; the next merge sees to it


def due(manifest: Manifest) -> dict[str, list[str]]:
    """The months that ought to be merged, each with its days."""
    days = [partition for partition in manifest if len(partition) == len("2026-01-31")]
    months: dict[str, list[str]] = {}
    for day in days:
        months.setdefault(day[:7], []).append(day)
    settled = date.fromisoformat(max(days)) - SETTLED if days else date.min
    return {
        month: parts
        for month, parts in months.items()
        if len(parts) > 1
        and days_of(month)[1] <= settled
        and sum(manifest[day].rows for day in parts) <= MERGED_ROWS
    }


def _copied(backend: Backend, copies: Mapping[int, Sequence[int]]) -> Iterator[pa.Table]:
    """The rows of chunks under the id of the new one that takes them all."""
    schema = stored_schema(backend.contract)
    place = schema.get_field_index(CHUNK)
    for chunk, parts in copies.items():
        for table in backend.rows(parts, schema.names):
            ids = pa.array([chunk] * table.num_rows, pa.int64())
            yield table.set_column(place, schema.field(CHUNK), ids)


def _publish(backend: Backend, name: str, changes: Mapping[str, Change]) -> Published:
    while True:
        record, live = live_manifest(backend)
        attempt = record.open(name)
        manifest = rebased(live, changes, record.name)
        wanted = Wanted(manifest, stored_id(attempt, record), datetime.now(UTC))
        after, published = record.merged(name, wanted)
        backend.write_manifest(wanted.stored, manifest)
        if backend.swap(record, after):
            return published
