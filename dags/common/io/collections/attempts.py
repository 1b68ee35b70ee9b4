"""Attempts: opened on the live version, written, and marked as written whole; and the live version itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from common.io.collections.backend import Backend
from common.io.collections.manifest import Change, Manifest
from common.io.collections.protocol import Version
from common.io.collections.record import Attempt, Record


def manifest_of(backend: Backend, version: Version) -> Manifest | None:
    """The manifest of a version that the record named; ``None`` where it has been retired and deleted since.

    A manifest is written before a record names it and deleted whole after none does.
    """
    manifest = backend.manifest(version.stored)
    return manifest if manifest or version.rows == 0 else None


def live_manifest(backend: Backend) -> tuple[Record, Manifest]:
    """The record with the manifest of its live version, which is empty where there is none."""
    while True:
        record = backend.record()
        if record.live is None:
            return record, {}
        manifest = manifest_of(backend, record.live)
        if manifest is not None:
            return record, manifest


def open_attempt(backend: Backend, run_id: str, chunks: int) -> tuple[str, Attempt, Manifest]:
    """Registers an attempt that owns so many new chunk ids; its name and its base manifest."""
    name = uuid4().hex
    while True:
        record, base = live_manifest(backend)
        after = record.opened(name, run_id, chunks, datetime.now(UTC))
        if backend.swap(record, after):
            return name, after.attempts[name], base


def finish(backend: Backend, name: str, attempt: Attempt, changes: Mapping[str, Change]) -> None:
    """Marks an attempt as written whole.

    Raises:
        AttemptError: It was abandoned meanwhile.
    """
    backend.write_changes(attempt.number, changes)
    while True:
        record = backend.record()
        if backend.swap(record, record.staged(name)):
            return


def stored_id(attempt: Attempt, seen: Record) -> str:
    """Under which id the manifest is kept that an attempt makes of a record; the same for the same two."""
    return f"{attempt.number}.{seen.revision}"


def attempt_of(stored: str) -> int:
    """The number of the attempt that made a manifest."""
    return int(stored.split(".", maxsplit=1)[0])
