"""Staging: chunks of its own, and a base that is read in pieces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from common.io.collections import staging
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import AttemptError
from contract.kit import content, put, sale, stage


def chunks(sales: VersionedCollection) -> set[int]:
    return set(sales.backend.chunks())


def test_an_attempt_writes_only_chunks_that_it_registered(sales: VersionedCollection) -> None:
    put(sales, "r1", [1, 2, 3], [sale(day, "A") for day in (1, 2, 3)])
    before = chunks(sales)
    staged = stage(sales, "r2", [1, 2, 3, 4], [sale(day, "A", 2) for day in (1, 3, 4)])
    mine = sales.backend.record().attempts[staged.attempt]
    assert chunks(sales) - before <= set(range(mine.first_chunk, mine.end_chunk))
    assert len(chunks(sales) - before) == 3
    assert mine.staged


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_base_in_many_pieces_is_compared_whole(
    sales: VersionedCollection, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(staging, "NAMED", 2)
    days = [1, 2, 3, 4, 5]
    put(sales, "r1", days, [sale(day, product) for day in days for product in "ABCDE"])
    rows = [sale(day, product, 1 + (product == "E")) for day in days for product in "ABCDE"]
    staged = stage(sales, "r2", days, rows, mode=mode)
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (0, 5, 20, 0)


def test_the_base_is_the_version_that_is_live_when_the_rows_are_in(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    before(sales, "swap", lambda: put(sales, "r1", [1], [sale(1, "A")]))
    staged = stage(sales, "r2", [1], [sale(1, "A"), sale(1, "B")])
    assert (staged.base, staged.inserted, staged.unchanged) == (1, 1, 1)


@pytest.mark.parametrize("method", ["write", "write_changes"])
def test_an_attempt_abandoned_while_it_writes_ends_there(
    sales: VersionedCollection, before: Callable[..., None], method: str
) -> None:
    before(sales, method, lambda: stage(sales, "r1", [1], [sale(1, "B")]))
    with pytest.raises(AttemptError):
        stage(sales, "r1", [1], [sale(1, "A")])
    assert sales.vacuum().chunks == 1, "the rows it had written are no chunk of anybody"


def test_a_base_that_is_deleted_while_it_is_read_is_refused_in_the_end(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A"), sale(1, "B")])

    def replace_and_vacuum() -> None:
        put(sales, "r3", [1], [sale(1, "C")])
        sales.vacuum(keep=1)

    before(sales, "rows", replace_and_vacuum)
    with pytest.raises(AttemptError, match="2026-01-01"):
        put(sales, "r2", [1], [sale(1, "B", 2)], mode="upsert")
    assert content(sales) == [sale(1, "C")]


def test_a_dry_run_opens_no_attempt(sales: VersionedCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    revision = sales.backend.record().revision
    staged = stage(sales, "r2", [1], [sale(1, "B")], dry_run=True)
    assert (staged.attempt, staged.inserted, staged.removed) == ("", 1, 1)
    assert sales.backend.record().revision == revision


def test_partitions_given_twice_are_one(sales: VersionedCollection) -> None:
    put(sales, "r1", [1, 1], [sale(1, "A")])
    assert content(sales) == [sale(1, "A")]
    assert sales.vacuum(abandon_after=timedelta(0)).chunks == 0
