"""Vacuum: finds and deletes what nothing names, in transactions of bounded size."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from common.io.collections import vacuum
from common.io.collections.record import Record
from common.io.collections.sql import SqlCollection
from common.io.collections.tables import CHANGES, MANIFESTS
from contract.kit import content, put, sale, stage


def count(sales: SqlCollection, table: object) -> int:
    with sales.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def test_rows_that_a_dead_attempt_still_wrote_are_found(sales: SqlCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    staged = stage(sales, "r2", [1, 2], [sale(1, "B"), sale(2, "B")])
    attempt = sales.records.record().attempts[staged.attempt]
    assert sales.vacuum(abandon_after=timedelta(0)).chunks == 2
    columns = sales.table.columns.keys()
    late = dict.fromkeys(columns, 1) | {"product_id": "late", "_chunk": attempt.first_chunk}
    sales.database.insert(sales.table, [[tuple(late[name] for name in columns)]])
    assert sales.vacuum().chunks == 1
    assert content(sales) == [sale(1, "A")]
    assert count(sales, sales.table) == 1


def test_chunks_younger_than_the_record_are_left_alone(
    sales: SqlCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    find, staged = vacuum._chunks, []

    def find_late(*args: object) -> object:
        staged.append(stage(sales, "r2", [1], [sale(1, "B")]))
        return find(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(vacuum, "_chunks", find_late)
    assert sales.vacuum().chunks == 0
    assert len(staged) == 1


def test_manifests_and_changes_that_nothing_names_are_deleted(sales: SqlCollection) -> None:
    for number in range(4):
        put(sales, f"r{number}", [1, 2], [sale(1, "A", number), sale(2, "A")])
    stage(sales, "open", [1], [])
    sales.vacuum(keep=2)
    assert (count(sales, MANIFESTS), count(sales, CHANGES)) == (4, 1)


def test_chunks_are_deleted_in_transactions_of_bounded_size(
    sales: SqlCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = list(range(1, 9))
    put(sales, "r1", days, [sale(day, product) for day in days for product in "AB"])
    put(sales, "r2", days, [])
    monkeypatch.setattr(vacuum, "TRANSACTION_ROWS", 4)
    deleted: list[int] = []

    def note(*given: object) -> None:
        if f"{given[2]}".startswith("BEGIN"):
            deleted.append(0)
        deleted[-1] += f"{given[2]}".startswith("DELETE FROM sales")

    event.listen(sales.database.engine, "before_cursor_execute", note)
    taken = sales.vacuum(keep=1)
    assert (taken.chunks, taken.rows) == (8, 16)
    assert [number for number in deleted if number] == [2, 2, 2, 2]


def test_a_chunk_is_found_without_reading_the_rows(sales: SqlCollection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(1, "B"), sale(2, "A")])
    put(sales, "r2", [2], [sale(2, "B")])
    assert list(vacuum._chunks(sales.records, sales.table)) == [1, 2, 3]


def test_what_another_vacuum_retired_and_a_rollback_brought_back_is_spared(
    sales: SqlCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])
    swap = sales.records.swap

    def swap_and_lose_the_turn(*args: Record) -> bool:
        done = swap(*args)
        monkeypatch.setattr(sales.records, "swap", swap)
        sales.rollback(1, by="ada", reason="wrong")
        sales.vacuum(keep=1)
        return done

    monkeypatch.setattr(sales.records, "swap", swap_and_lose_the_turn)
    assert sales.vacuum(keep=2).chunks == 0
    assert content(sales) == [sale(1, "A")]
