"""Transactions of bounded size, and errors in the words of the store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from common.io.collections import database, sqlite
from common.io.collections.protocol import StoreError
from common.io.collections.sql import SqlCollection
from contract.kit import put, sale


def test_rows_are_inserted_in_transactions_of_bounded_size(
    sales: SqlCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRANSACTION_ROWS", 7)
    sizes: list[list[int]] = []
    event.listen(sales.database.engine, "begin", lambda _: sizes.append([]))
    event.listen(
        sales.database.engine,
        "before_cursor_execute",
        lambda _, __, ___, rows, ____, many: sizes[-1].append(len(rows)) if many else None,
    )
    columns = sales.table.columns.keys()
    row = dict.fromkeys(columns, 1)
    rows = [tuple((row | {"product_id": f"P{number}"})[name] for name in columns) for number in range(14)]
    sales.database.insert(sales.table, [rows[start : start + 3] for start in range(0, 14, 3)])
    assert sizes == [[3, 3], [3, 3], [2]]


def test_a_transaction_that_fails_is_undone(sales: SqlCollection) -> None:
    def fails() -> None:
        with sales.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM vitrine_collections")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fails()
    assert sales.records.record().revision == 1


def test_a_writer_has_its_turn_from_the_beginning(sales: SqlCollection, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    with sales.database.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_refusal_of_the_database_names_the_place(sales: SqlCollection, file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE vitrine_manifests")
    with pytest.raises(StoreError, match="no such table: vitrine_manifests") as refused:
        put(sales, "r1", [1], [sale(1, "A")])
    assert str(file) in str(refused.value)


def test_a_writer_waits_for_the_one_before_it_and_says_when_it_gives_up(
    sales: SqlCollection, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    sales.database.close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="database is locked"):
        sales.ensure()
    assert sales.live() is None, "readers do not wait"
    other.execute("COMMIT")
    sales.ensure()
    other.close()
