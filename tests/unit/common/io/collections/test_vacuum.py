"""Vacuum: deletes what nothing names and nothing can name again, whatever others do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pytest

from common.io.collections.collection import VersionedCollection
from common.io.collections.encoding import stored_schema
from common.io.collections.protocol import StoreError
from contract.kit import SALES, content, publication, put, sale, stage

DEAD = timedelta(0)  # every open attempt is taken for dead


def test_rows_that_a_dead_attempt_still_wrote_are_found(sales: VersionedCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    staged = stage(sales, "r2", [1, 2], [sale(1, "B"), sale(2, "B")])
    attempt = sales.backend.record().attempts[staged.attempt]
    assert sales.vacuum(abandon_after=DEAD).chunks == 2
    row = dict.fromkeys(stored_schema(SALES).names, 1) | {"product_id": "late", "product_name": "late"}
    late = pa.Table.from_pylist([row | {"_chunk": attempt.first_chunk}], stored_schema(SALES))
    sales.backend.write([late])
    sales.backend.write_changes(attempt.number, sales.backend.changes(attempt.number))
    assert sales.vacuum().chunks == 1
    assert content(sales) == [sale(1, "A")]
    assert list(sales.backend.chunks()) == [1]


def test_chunks_younger_than_the_record_are_left_alone(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    before(sales, "chunks", lambda: stage(sales, "r2", [1], [sale(1, "B")]))
    assert sales.vacuum(abandon_after=DEAD).chunks == 0


def test_manifests_and_changes_younger_than_the_record_are_left_alone(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    before(sales, "entries", lambda: put(sales, "r2", [1], [sale(1, "B")]))
    sales.vacuum(keep=1)
    assert content(sales) == [sale(1, "B")]


def test_the_manifest_of_an_open_attempt_is_spared(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    staged = stage(sales, "r2", [1], [sale(1, "B")])
    before(sales, "swap", sales.vacuum)  # between the manifest and the record that names it
    sales.publish(staged.attempt, publication("r2"))
    assert content(sales) == [sale(1, "B")]


def test_manifests_and_changes_that_nothing_names_are_deleted(sales: VersionedCollection) -> None:
    for number in range(4):
        put(sales, f"r{number}", [1, 2], [sale(1, "A", number), sale(2, "A")])
    staged = stage(sales, "open", [1], [])
    sales.vacuum(keep=2)
    number = sales.backend.record().attempts[staged.attempt].number
    assert sales.backend.entries() == ({one.stored for one in sales.history()}, {number})
    assert len(sales.history()) == 2


def test_a_manifest_that_a_rollback_brought_back_is_spared(sales: VersionedCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])
    sales.rollback(1, by="ada", reason="wrong")
    sales.vacuum(keep=1)
    sales.backend.manifest.cache_clear()  # type: ignore[attr-defined]
    assert content(sales) == [sale(1, "A")]


def test_what_another_vacuum_retired_and_a_rollback_brought_back_is_spared(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])

    def bring_back_and_retire() -> None:
        sales.rollback(1, by="ada", reason="wrong")
        sales.vacuum(keep=1)

    before(sales, "chunks", bring_back_and_retire)
    assert sales.vacuum(keep=2).chunks == 0
    assert content(sales) == [sale(1, "A")]


def test_a_manifest_that_another_vacuum_deleted_is_not_taken_for_empty(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])

    def publish_and_vacuum() -> None:
        sales.backend.manifest.cache_clear()  # type: ignore[attr-defined]
        put(sales, "r2", [2], [sale(2, "B")])  # keeps the chunk of the first day
        sales.vacuum(keep=1)
        sales.backend.manifest.cache_clear()  # type: ignore[attr-defined]

    before(sales, "manifest", publish_and_vacuum)
    sales.vacuum(keep=3)
    assert content(sales) == [sale(1, "A"), sale(2, "B")]


def test_nothing_is_deleted_before_it_is_retired(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])
    stage(sales, "r3", [1], [sale(1, "C")])
    found: list[list[int]] = []
    before(sales, "swap", lambda: found.append(list(sales.backend.chunks())))
    assert sales.vacuum(keep=1, abandon_after=DEAD).chunks == 2
    assert found == [[1, 2, 3]]


def test_a_killed_vacuum_is_made_good_by_the_next(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    def power_cut() -> None:
        raise RuntimeError("power cut")

    for number in (1, 2, 3):
        put(sales, f"r{number}", [1], [sale(1, "A", number)])
    for method in ("delete_chunks", "delete_entries"):
        before(sales, method, power_cut)
        with pytest.raises(RuntimeError, match="power cut"):
            sales.vacuum(keep=1)
    sales.vacuum(keep=1)
    assert list(sales.backend.chunks()) == [3]
    assert len(sales.backend.entries()[0]) == 1


def test_nothing_to_do_writes_nothing(sales: VersionedCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    revision = sales.backend.record().revision
    sales.vacuum()
    assert sales.backend.record().revision == revision
    with pytest.raises(StoreError, match="At least one"):
        sales.vacuum(keep=0)
