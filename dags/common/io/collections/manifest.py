"""Manifests: which chunk holds each partition of a version, and how an attempt changes that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.io.collections.protocol import AttemptError, Chunk

Manifest = Mapping[str, Chunk]


@dataclass(frozen=True, slots=True)
class Change:
    """What an attempt makes of one partition: the chunk it found, the one it wants; ``None`` is no rows."""

    base: str | None
    chunk: Chunk | None


def rebased(live: Manifest, changes: Mapping[str, Change], where: str) -> dict[str, Chunk]:
    """The live manifest with an attempt's partitions replaced; AttemptError where one of them has moved."""
    moved = [p for p, change in changes.items() if (live[p].id if p in live else None) != change.base]
    if moved:
        raise AttemptError(
            f"Another run published {len(moved)} of the attempt's partitions meanwhile, first {min(moved)}.",
            where=where,
            next_step="Stage again.",
        )
    kept = {partition: chunk for partition, chunk in live.items() if partition not in changes}
    return {**kept, **{p: change.chunk for p, change in changes.items() if change.chunk is not None}}


def difference(one: Manifest, other: Manifest) -> tuple[str, ...]:
    """The partitions whose chunks differ, in order."""
    return tuple(sorted(p for p in one.keys() | other.keys() if one.get(p) != other.get(p)))


def rows_of(manifest: Manifest) -> int:
    """Rows that a reader of the manifest sees."""
    return sum(chunk.rows for chunk in manifest.values())
