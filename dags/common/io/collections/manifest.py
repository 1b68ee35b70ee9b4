"""Manifests: which chunk holds each partition of a version, and how an attempt changes that.

Partitions are named by day (``2026-01-31``), month (``2026-01``) or bucket (``b007``). In a collection that
is partitioned by day, old months may stand as one merged partition.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

from common.io.collections.protocol import AttemptError, Chunk

Manifest = Mapping[str, Chunk]


@dataclass(frozen=True, slots=True)
class Change:
    """What an attempt makes of one partition: the chunk it found, the one it wants; ``None`` is no rows."""

    base: int | None
    chunk: Chunk | None


def rebased(live: Manifest, changes: Mapping[str, Change], where: str) -> dict[str, Chunk]:
    """The live manifest with an attempt's partitions replaced.

    Raises:
        AttemptError: One of them has moved: another chunk holds its rows, or its month got another day.
    """
    moved = [partition for partition, change in changes.items() if _held(live, partition) != change.base]
    moved += [partition for partition in live if partition not in changes and partition[:7] in changes]
    if moved:
        raise AttemptError(
            f"Another run published {len(moved)} of the attempt's partitions meanwhile, first {min(moved)}.",
            where=where,
            next_step="Stage again.",
        )
    kept = {partition: chunk for partition, chunk in live.items() if partition not in changes}
    return {**kept, **{p: change.chunk for p, change in changes.items() if change.chunk is not None}}


def difference(one: Manifest, other: Manifest) -> tuple[str, ...]:
    """The partitions whose content differs, in order; a month that only one has merged is compared whole."""
    months = {p for p in one.keys() ^ other.keys() if len(p) == len("2026-01")}
    if months:
        one, other = folded(one, months), folded(other, months)
    return tuple(sorted(p for p in one.keys() | other.keys() if not _alike(one.get(p), other.get(p))))


def folded(manifest: Manifest, months: Collection[str]) -> dict[str, Chunk]:
    """The manifest as if the days of some months stood in one chunk, whose id is then 0."""
    result: dict[str, Chunk] = {}
    for partition, chunk in manifest.items():
        month = partition[:7]
        if month in months and month != partition:
            result[month] = combined(0, [result[month], chunk] if month in result else [chunk])
        else:
            result[partition] = chunk
    return result


def combined(chunk: int, parts: Sequence[Chunk]) -> Chunk:
    """What one chunk is that holds the rows of several."""
    digests = [tuple(map(int, part.digest.split(":"))) for part in parts]
    total, exclusive = sum(one for one, _ in digests), reduce(xor, (other for _, other in digests))
    return Chunk(chunk, sum(part.rows for part in parts), f"{total}:{exclusive}")


def covering(manifest: Manifest, partition: str) -> str:
    """The partition of a manifest that a day's rows stand in: the day itself, or its month where merged."""
    return partition[:7] if partition not in manifest and partition[:7] in manifest else partition


def rows_of(manifest: Manifest) -> int:
    """Rows that a reader of the manifest sees."""
    return sum(chunk.rows for chunk in manifest.values())


def _held(manifest: Manifest, partition: str) -> int | None:
    chunk = manifest.get(covering(manifest, partition))
    return chunk.id if chunk else None


def _alike(one: Chunk | None, other: Chunk | None) -> bool:
    return one is not None and one.holds_what(other)
