"""Transactions, and errors in the words of the store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import StoreError
from common.io.collections.sql import sqlite
from common.io.collections.sql.backend import SqlBackend
from contract.kit import put, sale


def test_a_transaction_that_fails_is_undone(backend: SqlBackend) -> None:
    def fails() -> None:
        with backend.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM vitrine_collections")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fails()
    assert backend.record().revision == 1


def test_a_writer_has_its_turn_from_the_beginning(backend: SqlBackend, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    with backend.database.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_refusal_of_the_database_names_the_place(sales: VersionedCollection, file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE vitrine_manifests")
    with pytest.raises(StoreError, match="no such table: vitrine_manifests") as refused:
        put(sales, "r1", [1], [sale(1, "A")])
    assert str(file) in str(refused.value)


def test_a_writer_waits_for_the_one_before_it_and_says_when_it_gives_up(
    sales: VersionedCollection, backend: SqlBackend, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    backend.database.close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="database is locked"):
        put(sales, "r1", [1], [sale(1, "A")])
    assert sales.live() is None, "readers do not wait"
    sales.ensure()  # nothing is missing, so it writes nothing
    other.execute("COMMIT")
    put(sales, "r1", [1], [sale(1, "A")])
    other.close()
