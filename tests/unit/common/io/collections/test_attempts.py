"""Attempts, whatever other writers do between two calls of the backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from common.io.collections.attempts import (
    attempt_of,
    finish,
    live_manifest,
    manifest_of,
    open_attempt,
    stored_id,
)
from common.io.collections.collection import VersionedCollection
from common.io.collections.manifest import Change
from common.io.collections.protocol import AttemptError, Chunk, StoreError
from common.io.collections.record import Record
from contract.kit import put, sale, stage

CHANGES = {"2026-01-01": Change(None, Chunk(1, 1, "1:1"))}


def test_the_live_manifest_of_nothing_is_empty(sales: VersionedCollection) -> None:
    assert live_manifest(sales.backend) == (sales.backend.record(), {})
    put(sales, "r1", [1], [])
    record, manifest = live_manifest(sales.backend)
    assert (record.live_number, manifest) == (1, {})


def test_the_live_manifest_is_never_one_that_was_deleted(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    old = sales.backend.record().versions[-1]

    def publish_and_vacuum() -> None:
        put(sales, "r2", [1, 2], [sale(1, "B"), sale(2, "B")])
        sales.vacuum(keep=1)
        sales.backend.manifest.cache_clear()  # type: ignore[attr-defined]

    before(sales, "manifest", publish_and_vacuum)
    record, manifest = live_manifest(sales.backend)
    assert (record.live_number, sorted(manifest)) == (2, ["2026-01-01", "2026-01-02"])
    assert manifest_of(sales.backend, old) is None


def test_a_manifest_that_is_lost_is_an_error_and_no_endless_search(sales: VersionedCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    sales.backend.delete_entries({sales.backend.record().versions[-1].stored}, set())
    sales.backend.manifest.cache_clear()  # type: ignore[attr-defined]
    asked: list[Callable[[], Any]] = [
        sales.live,
        lambda: sales.version(1),
        lambda: stage(sales, "r2", [1], []),
        lambda: sales.rollback(1, by="ada", reason="x"),
        sales.vacuum,
    ]
    for ask in asked:
        with pytest.raises(StoreError, match=r"The manifest of version 1 .* is lost"):
            ask()


def test_an_attempt_is_opened_on_the_version_that_is_live(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    before(sales, "swap", lambda: put(sales, "r2", [2, 3], [sale(2, "B")]))
    name, attempt, base = open_attempt(sales.backend, "r3", 5)
    assert (attempt.base, sorted(base)) == (2, ["2026-01-01", "2026-01-02"])
    assert (attempt.number, attempt.first_chunk, attempt.end_chunk) == (3, 4, 9)
    assert sales.backend.record().attempts == {name: attempt}


def test_changes_are_written_before_the_attempt_is_marked(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    name, attempt, _ = open_attempt(sales.backend, "r1", 1)
    seen: list[Any] = []
    before(sales, "swap", lambda: seen.append(sales.backend.changes(attempt.number)))
    finish(sales.backend, name, attempt, CHANGES)
    assert seen == [CHANGES]
    assert sales.backend.record().attempts[name].staged


def test_it_is_marked_though_others_write(sales: VersionedCollection, before: Callable[..., None]) -> None:
    name, attempt, _ = open_attempt(sales.backend, "r1", 1)
    before(sales, "swap", lambda: stage(sales, "r2", [1], [sale(1, "A")]))
    finish(sales.backend, name, attempt, CHANGES)
    assert [one.staged for one in sales.backend.record().attempts.values()] == [True, True]


def test_an_abandoned_attempt_is_not_marked(sales: VersionedCollection) -> None:
    name, attempt, _ = open_attempt(sales.backend, "r1", 1)
    stage(sales, "r1", [1], [sale(1, "A")])
    with pytest.raises(AttemptError, match="its run staged again"):
        finish(sales.backend, name, attempt, CHANGES)


def test_a_manifest_is_kept_under_its_attempt_and_what_it_saw(sales: VersionedCollection) -> None:
    _, attempt, _ = open_attempt(sales.backend, "r1", 1)
    stored = stored_id(attempt, Record("sales", revision=12))
    assert (stored, attempt_of(stored)) == ("1.12", 1)
