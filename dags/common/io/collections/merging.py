"""Merging: where a manifest is long, its oldest days become one partition of their month.

So it stays short through the years, whatever the size of a day and whatever the clock says. Each call merges
only until the manifest is short enough, and copies no more than one task should.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from common.io.collections.attempts import finish, live_manifest, open_attempt, stored_id
from common.io.collections.backend import Backend
from common.io.collections.encoding import CHUNK, stored_schema
from common.io.collections.manifest import Change, Manifest, combined, rebased
from common.io.collections.protocol import AttemptError, Published
from common.io.collections.record import Wanted
from common.io.collections.schema import described

LONG = 400  # partitions: a year of days, and then three decades of months before the last ones are merged too
MERGED_ROWS = 1_000_000  # that one call copies; one month is merged however large, or it never would be


def merge(backend: Backend) -> Published | None:
    """Publishes a version in which the due months stand merged; see :meth:`protocol.Collection.merge`."""
    record, manifest = live_manifest(backend)
    daily = backend.contract.partition_by == "day"
    prepared = record.schema == described(backend.contract)  # where it is not, the next load comes first
    months = due(manifest) if daily and prepared else {}
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
    """The months to be merged now, each with its days: the oldest, until the manifest is short enough.

    The newest month of several days is left as it is: runs write to it, and each would write all of it. It is
    not found by the newest day, for a wrong date in the far future stands alone in its month.
    """
    months: dict[str, list[str]] = {}
    for day in sorted(partition for partition in manifest if len(partition) == len("2026-01-31")):
        months.setdefault(day[:7], []).append(day)
    several = [(month, days) for month, days in months.items() if len(days) > 1]
    chosen: dict[str, list[str]] = {}
    length, copied = len(manifest), 0
    for month, days in several[:-1]:
        copied += sum(manifest[day].rows for day in days)
        if length <= LONG or (chosen and copied > MERGED_ROWS):
            break
        chosen[month] = days
        length -= len(days) - 1
    return chosen


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
