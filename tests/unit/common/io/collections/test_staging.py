"""Staging: chunks of its own, and a base that is read in pieces."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from common.io.collections import staging
from common.io.collections.protocol import AttemptError
from common.io.collections.sql import SqlCollection
from contract.kit import batch, content, put, sale, stage


def chunks(sales: SqlCollection) -> set[int]:
    with sales.database.reading() as connection:
        return set(connection.scalars(select(sales.table.c["_chunk"]).distinct()))


def test_an_attempt_writes_only_chunks_that_it_registered(sales: SqlCollection) -> None:
    put(sales, "r1", [1, 2, 3], [sale(day, "A") for day in (1, 2, 3)])
    before = chunks(sales)
    staged = stage(sales, "r2", [1, 2, 3, 4], [sale(day, "A", 2) for day in (1, 3, 4)])
    mine = sales.records.record().attempts[staged.attempt]
    assert chunks(sales) - before <= set(range(mine.first_chunk, mine.end_chunk))
    assert len(chunks(sales) - before) == 3
    assert mine.staged


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_base_in_many_pieces_is_compared_whole(
    sales: SqlCollection, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(staging, "FETCHED", 2)
    monkeypatch.setattr(staging, "NAMED", 2)
    days = [1, 2, 3, 4, 5]
    put(sales, "r1", days, [sale(day, product) for day in days for product in "ABCDE"])
    rows = [sale(day, product, 1 + (product == "E")) for day in days for product in "ABCDE"]
    staged = stage(sales, "r2", days, rows, mode=mode)
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (0, 5, 20, 0)


def test_an_attempt_abandoned_while_it_writes_ends_there(sales: SqlCollection) -> None:
    def rows_while_another_try_begins() -> list[dict[str, object]]:
        return [sale(1, "A")]

    work = staging.Staging(sales.contract, sales.records, sales.table, ["2026-01-01"])
    opened = work._open

    def open_and_lose(run_id: str) -> object:
        mine = opened(run_id)
        stage(sales, run_id, [1], [sale(1, "B")])
        return mine

    work._open = open_and_lose  # type: ignore[method-assign,assignment]
    with pytest.raises(AttemptError):
        work.run([batch(rows_while_another_try_begins())], "r1", "replace", dry_run=False)
    assert sales.vacuum().chunks == 1, "the rows it had written are no chunk of anybody"


def test_partitions_given_twice_are_one(sales: SqlCollection) -> None:
    put(sales, "r1", [1, 1], [sale(1, "A")])
    assert content(sales) == [sale(1, "A")]
