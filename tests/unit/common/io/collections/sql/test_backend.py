"""The SQL backend: compare-and-set, what is cached, and transactions of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import event, func, select

from common.io.collections.collection import VersionedCollection
from common.io.collections.encoding import stored_schema
from common.io.collections.manifest import Change
from common.io.collections.protocol import Asked, Chunk
from common.io.collections.record import Record
from common.io.collections.sql import backend as module
from common.io.collections.sql.backend import CACHED, SqlBackend
from common.io.collections.sql.tables import CHANGES, MANIFESTS
from contract.kit import SALES, content, put, sale, stage

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ASKED = Asked("ada", "why", NOW)


@pytest.fixture
def statements(backend: SqlBackend) -> list[str]:
    """What goes to the database, with ``BEGIN IMMEDIATE`` before each transaction that may write."""
    sent: list[str] = []
    event.listen(backend.database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    return sent


def stored(chunk: int, keys: range) -> pa.Table:
    """Rows of a chunk in stored form."""
    schema = stored_schema(SALES)
    row = {one.name: "x" if pa.types.is_string(one.type) else 1 for one in schema}
    rows = [row | {"product_id": f"P{key:03}", "_chunk": chunk} for key in keys]
    return pa.Table.from_pylist(rows, schema)


def count(backend: SqlBackend, table: Any) -> int:
    with backend.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_only_one_of_two_changes_to_the_same_record_wins(backend: SqlBackend) -> None:
    seen = backend.record()
    assert backend.swap(seen, seen.opened("one", "r1", 3, NOW))
    assert not backend.swap(seen, seen.opened("two", "r2", 3, NOW))
    after = backend.record()
    assert (after.revision, list(after.attempts)) == (seen.revision + 1, ["one"])


def test_only_one_of_two_creates_the_record(sales: VersionedCollection, backend: SqlBackend) -> None:
    other = SqlBackend(backend.database, SALES)
    other.name = "another_v1"
    seen = other.record()
    assert seen == Record("another_v1")
    assert other.swap(seen, seen)
    assert not other.swap(seen, seen)
    assert (other.record().revision, backend.record().name) == (1, "sales_product_revenue_v1")


def test_a_record_that_has_not_changed_is_not_fetched_again(
    sales: VersionedCollection, backend: SqlBackend, statements: list[str]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    first = backend.record()
    statements.clear()
    assert backend.record() is first
    assert not any("document" in statement for statement in statements)
    other = SqlBackend(backend.database, SALES)
    assert other.swap(first, first.released_by(ASKED))
    assert backend.record().events[-1].asked == ASKED


def test_manifests_are_cached_and_the_cache_is_bounded(
    sales: VersionedCollection, backend: SqlBackend
) -> None:
    for number in range(CACHED + 3):
        put(sales, f"r{number}", [1], [sale(1, "A", number)])
    live = backend.record().versions[-1].stored
    assert backend.manifest(live) is backend.manifest(live)
    assert sales.version(1).manifest["2026-01-01"].rows == 1
    assert backend.manifest.cache_info().currsize == CACHED


def test_a_manifest_written_twice_is_written_once(backend: SqlBackend) -> None:
    manifest = {"2026-01-01": Chunk(1, 2, "3:4"), "2026-01": Chunk(2, 5, "6:7")}
    for _ in range(2):
        backend.write_manifest("1.1", manifest)
    assert backend.manifest("1.1") == manifest
    assert count(backend, MANIFESTS) == 2
    assert backend.manifest("1.2") == {}


def test_changes_come_back_as_they_went(backend: SqlBackend) -> None:
    changes = {
        "2026-01-01": Change(None, Chunk(1, 2, "3:4")),
        "2026-01-02": Change(7, None),
        "2026-01-03": Change(None, None),
    }
    backend.write_changes(5, changes)
    assert (backend.changes(5), backend.changes(6)) == (changes, {})
    backend.write_changes(6, {})


def test_entries_are_listed_and_deleted_each_whole(backend: SqlBackend) -> None:
    chunk = Chunk(1, 2, "3:4")
    for number in (1, 2, 3):
        backend.write_manifest(f"{number}.1", {"2026-01-01": chunk, "2026-01-02": chunk})
        backend.write_changes(number, {"2026-01-01": Change(None, chunk)})
    backend.delete_entries([], [])
    assert backend.entries() == ({"1.1", "2.1", "3.1"}, {1, 2, 3})
    backend.delete_entries({"1.1", "3.1"}, {2})
    assert backend.entries() == ({"2.1"}, {1, 3})
    backend.delete_entries({"2.1"}, set())
    assert (count(backend, MANIFESTS), count(backend, CHANGES)) == (0, 2)


def test_rows_are_written_in_transactions_of_bounded_size(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    monkeypatch.setattr(module, "TRANSACTION_ROWS", 4)
    backend.write(iter([stored(1, range(10)), stored(2, range(2))]))
    begun = [at for at, one in enumerate(statements) if one == "BEGIN IMMEDIATE"]
    assert len(begun) == 4, "10 rows in three transactions, and 2 in one"
    assert (backend.chunks(), count(backend, backend.table)) == ([1, 2], 12)


def test_a_killed_write_leaves_whole_transactions(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tables() -> Iterator[pa.Table]:
        yield stored(1, range(3))
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        backend.write(tables())
    assert count(backend, backend.table) == 3


def test_chunks_are_deleted_in_transactions_of_bounded_size(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    for chunk in range(1, 9):
        backend.write([stored(chunk, range(2))])
    monkeypatch.setattr(module, "TRANSACTION_ROWS", 4)
    statements.clear()
    assert backend.delete_chunks([1, 2, 3, 4, 5, 6, 7]) == 14
    deleted: list[int] = []
    for statement in statements:
        if statement == "BEGIN IMMEDIATE":
            deleted.append(0)
        deleted[-1] += statement.startswith("DELETE FROM sales")
    assert deleted == [2, 2, 2, 1]
    assert backend.chunks() == [8]


def test_a_chunk_is_found_without_reading_the_rows(
    sales: VersionedCollection, backend: SqlBackend, statements: list[str]
) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(1, "B"), sale(2, "A")])
    put(sales, "r2", [2], [sale(2, "B")])
    statements.clear()
    assert backend.chunks() == [1, 2, 3]
    (statement,) = (one for one in statements if one.startswith("WITH"))
    with backend.database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    rows = [step.detail for step in plan if "product_revenue" in step.detail]
    assert rows
    assert all("SEARCH" in step and "COVERING INDEX" in step for step in rows), rows


def test_rows_of_some_chunks_come_in_the_columns_asked_for(backend: SqlBackend) -> None:
    for chunk in (1, 2, 3):
        backend.write([stored(chunk, range(2))])
    (table,) = backend.rows([1, 3], ["_chunk", "product_id"])
    assert sorted(map(tuple, (row.values() for row in table.to_pylist()))) == [
        (1, "P000"),
        (1, "P001"),
        (3, "P000"),
        (3, "P001"),
    ]
    assert list(backend.rows([], ["_chunk"])) == []


def test_rows_come_in_tables_of_bounded_size(backend: SqlBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FETCHED", 3)
    backend.write([stored(1, range(7))])
    assert [table.num_rows for table in backend.rows([1], ["product_id"])] == [3, 3, 1]


def test_a_staged_attempt_shows_in_the_changes_alone(sales: VersionedCollection, backend: SqlBackend) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    staged = stage(sales, "r2", [1, 2], [sale(2, "B")])
    number = backend.record().attempts[staged.attempt].number
    assert set(backend.changes(number)) == {"2026-01-01", "2026-01-02"}
    assert content(sales) == [sale(1, "A")]
