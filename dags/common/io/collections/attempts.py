"""Attempts: opened on the live version, written, and marked as written whole; and the live version itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

from common.io.collections.backend import Backend
from common.io.collections.manifest import Change, Manifest
from common.io.collections.protocol import StoreError, Version
from common.io.collections.record import Attempt, Record
from common.io.collections.schema import demand_prepared


def manifest_of(backend: Backend, version: Version) -> Manifest | None:
    """The manifest of a version that the record named; ``None`` where it has been retired and deleted since.

    A manifest is written before a record names it and deleted whole after none does.
    """
    manifest = backend.manifest(version.stored)
    return manifest if manifest or version.rows == 0 else None


def manifests_of(
    backend: Backend, chosen: Callable[[Record], Iterable[Version]]
) -> tuple[Record, list[Manifest]]:
    """The record and the manifests of some of its versions, all as they are at one time.

    Raises:
        StoreError: A retained version has no manifest, as after a restoration of a part of the store.
    """
    seen = None
    while True:
        record = backend.record()
        versions = list(chosen(record))
        manifests = [manifest_of(backend, version) for version in versions]
        found = [manifest for manifest in manifests if manifest is not None]
        if len(found) == len(versions):
            return record, found
        if record.revision == seen:
            lost = next(one.number for one, its in zip(versions, manifests, strict=True) if its is None)
            raise StoreError(
                f"The manifest of version {lost} of {record.name} is lost.",
                where=backend.place,
                next_step="Restore the whole store from a backup, and restart what reads it.",
            )
        seen = record.revision  # it may have been retired since: the record says so then


def live_manifest(backend: Backend) -> tuple[Record, Manifest]:
    """The record with the manifest of its live version, which is empty where there is none."""
    record, manifests = manifests_of(backend, lambda record: record.versions[-1:])
    return record, manifests[0] if manifests else {}


def open_attempt(backend: Backend, run_id: str, chunks: int) -> tuple[str, Attempt, Manifest]:
    """Registers an attempt that owns so many new chunk ids; its name and its base manifest.

    Raises:
        ContractError: The collection has been prepared for another contract.
    """
    name = uuid4().hex
    while True:
        record, base = live_manifest(backend)
        if record.revision:
            demand_prepared(record.schema, backend.contract)
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
