"""What every database does under the collection: a record to compare and set, and rows under chunk ids."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pyarrow as pa
import pytest

from common.io.collections import open_store
from common.io.collections.backend import Backend
from common.io.collections.collection import VersionedCollection
from common.io.collections.encoding import STORED, stored_schema
from common.io.collections.manifest import Change
from common.io.collections.protocol import Asked, Chunk, Filter, Query
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record, Wanted
from common.utils.contract import Contract
from contract.kit import EVERY_TYPE, SALES, STORES, publication

NOW = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
CHUNK = Chunk(1, 2, f"{2**63 * 9}:{2**62}")
Opener = Callable[..., Backend]
names = count(1)


@pytest.fixture(scope="module", params=STORES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One store of each kind; each test has collections of its own in it."""
    return STORES[request.param](tmp_path_factory.mktemp("store"))


@pytest.fixture
def opened(url: str) -> Iterator[Opener]:
    """``opened(contract)``: its backend, with connections of its own and with its places made."""
    stores, mine = [], next(names)

    def opener(contract: Contract = SALES, subject: str = "") -> Backend:
        stores.append(open_store(url, batch_size=3))
        named = replace(contract, subject=f"{contract.subject}_{mine}{subject}")
        collection = stores[-1].collection(named)
        assert isinstance(collection, VersionedCollection)
        collection.backend.ensure()
        return collection.backend

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def backend(opened: Opener) -> Backend:
    """That of an empty collection of ``SALES``, which has no record yet."""
    return opened()


def rows(chunk: int, products: str, contract: Contract = SALES, **other: Any) -> pa.Table:
    """Rows of a chunk in stored form, ordered by key."""
    schema = stored_schema(contract)
    row = {one.name: "x" if pa.types.is_string(one.type) else 1 for one in schema} | other
    return pa.Table.from_pylist([row | {"product_id": one, "_chunk": chunk} for one in products], schema)


def found(backend: Backend, chunks: list[int]) -> list[tuple[int, str]]:
    """Chunk and product of the rows of some chunks."""
    tables = list(backend.rows(chunks, ["_chunk", "product_id"]))
    assert all(table.column_names == ["_chunk", "product_id"] for table in tables)
    return sorted((row["_chunk"], row["product_id"]) for table in tables for row in table.to_pylist())


# the record


def test_the_record_of_nothing_is_at_revision_0_and_is_created_once(backend: Backend) -> None:
    seen = backend.record()
    assert (seen.revision, seen.versions, seen.schema) == (0, (), {})
    assert backend.swap(seen, replace(seen, schema={"key": "date"}))
    assert not backend.swap(seen, replace(seen, schema={"key": "other"}))
    assert backend.record() == replace(seen, revision=1, schema={"key": "date"})


def test_a_record_comes_back_as_it_went(backend: Backend, opened: Opener) -> None:
    first = backend.record()
    backend.swap(first, first)
    seen = backend.record()
    after = seen.opened("one", "manual__2026-01-01T00:00:00+00:00", 3, NOW).staged("one")
    said = publication("r", NOW, ledger={"read": 2**40, "note": "é 🙂 \"'\\"})
    after, _ = after.advanced("one", said, {}, Wanted({"2026-01-01": CHUNK}, "1.1", NOW))
    asked = Asked("ada", "why?\nbecause", NOW)
    after = after.rolled_back(after.versions[0], ("x",), asked, hold=True)[0].released_by(asked)
    assert backend.swap(seen, after)
    assert backend.record() == replace(after, revision=2)
    assert opened().record() == replace(after, revision=2), "another process sees the same"


def test_only_one_of_two_changes_to_the_same_record_wins(backend: Backend, opened: Opener) -> None:
    other = opened()
    backend.swap(backend.record(), backend.record())
    mine, theirs = backend.record(), other.record()
    assert mine == theirs
    assert other.swap(theirs, theirs.opened("theirs", "r", 1, NOW))
    assert not backend.swap(mine, mine.opened("mine", "r", 1, NOW))
    assert list(backend.record().attempts) == ["theirs"]
    seen = backend.record()
    assert backend.swap(seen, seen.opened("mine", "r2", 1, NOW))
    assert list(other.record().attempts) == ["theirs", "mine"]


def test_of_many_changes_at_once_none_is_lost(backend: Backend, opened: Opener) -> None:
    backend.swap(backend.record(), backend.record())
    failures: list[Exception] = []

    def work(number: int, mine: Backend) -> None:
        try:
            for time in range(5):
                while True:
                    seen = mine.record()
                    if mine.swap(seen, seen.opened(f"{number}.{time}", f"{number}.{time}", 1, NOW)):
                        break
        except Exception as error:  # noqa: BLE001 (shown by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number, opened())) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    record = backend.record()
    assert (record.revision, record.next_attempt, record.next_chunk) == (21, 21, 21)
    assert sorted(one.number for one in record.attempts.values()) == list(range(1, 21))


# manifests and changes


def test_a_manifest_is_kept_whole_however_often_it_is_written(backend: Backend, opened: Opener) -> None:
    manifest = {f"2026-{number:04}": replace(CHUNK, id=2**40 + number) for number in range(1500)}
    for _ in range(2):
        backend.write_manifest("12.345", manifest)
    backend.write_manifest("12.346", {})
    for one in (backend, opened()):
        assert one.manifest("12.345") == manifest
        assert (one.manifest("12.346"), one.manifest("12.347")) == ({}, {})


def test_changes_come_back_as_they_went(backend: Backend) -> None:
    changes = {
        "2026-01-01": Change(None, CHUNK),
        "2026-01-02": Change(7, None),
        "2026-01-03": Change(7, replace(CHUNK, id=7)),
        "2026-01": Change(None, None),
    }
    backend.write_changes(5, changes)
    backend.write_changes(6, {})
    assert backend.changes(5) == changes
    assert (backend.changes(6), backend.changes(7)) == ({}, {})


def test_entries_are_listed_and_deleted(backend: Backend, opened: Opener) -> None:
    for number in (1, 2, 3):
        backend.write_manifest(f"{number}.1", {"2026-01-01": CHUNK, "2026-01-02": CHUNK})
        backend.write_changes(number, {"2026-01-01": Change(None, CHUNK)})
    assert backend.entries() == ({"1.1", "2.1", "3.1"}, {1, 2, 3})
    backend.delete_entries({"1.1", "3.1", "9.9"}, {2, 9})
    assert backend.entries() == ({"2.1"}, {1, 3})
    backend.delete_entries([], [])
    fresh = opened()
    assert (fresh.manifest("1.1"), fresh.changes(2)) == ({}, {})
    assert len(fresh.manifest("2.1")) == 2
    backend.delete_entries(["2.1"], [1, 3])
    assert backend.entries() == (set(), set())


# rows


def test_rows_are_found_by_their_chunks(backend: Backend, opened: Opener) -> None:
    backend.write(iter([rows(1, "ABCDEFG"), pa.concat_tables([rows(2, "A"), rows(3, "AB")]), rows(4, "")]))
    assert sorted(backend.chunks()) == [1, 2, 3]
    assert found(backend, [2, 3]) == [(2, "A"), (3, "A"), (3, "B")]
    assert len(found(opened(), [1, 2, 3])) == 10
    assert found(backend, []) == []
    assert found(backend, [9]) == []


def test_stored_values_come_back_exactly(opened: Opener) -> None:
    backend = opened(EVERY_TYPE)
    schema = stored_schema(backend.contract)
    full = {
        "id": -(2**63),
        "at": -62135596800000000,
        "text": "é🙂\t'\"\\",
        "money": 10**18 - 1,
        "share": -5e-324,
        "open": 1,
        "day": 2932896,
        "detail": '{"a": [1, null]}',
        "tags": "[]",
        "partition_date": -719162,
        "created_at": 253402300799999999,
        "updated_at": 0,
        "_chunk": 2**40,
        "_hash": 2**63 - 1,
    }
    needed = ("at", "partition_date", "created_at", "updated_at", "_chunk", "_hash")
    empty = {"id": 2**63 - 1, **{name: full[name] for name in needed}}
    table = pa.Table.from_pylist([full, empty], schema)
    backend.write([table])
    (back,) = backend.rows([2**40], schema.names)
    assert back.schema.equals(schema)
    assert back.sort_by("id").to_pylist() == table.sort_by("id").to_pylist()


def test_deleting_chunks_leaves_the_others(backend: Backend) -> None:
    for chunk in (1, 2, 3, 4):
        backend.write([rows(chunk, "ABCD")])
    assert backend.delete_chunks([]) == 0
    assert backend.delete_chunks([1, 3, 9]) == 8
    assert sorted(backend.chunks()) == [2, 4]
    assert len(found(backend, [1, 2, 3, 4])) == 8


def test_what_a_killed_write_leaves_is_found_and_deleted(backend: Backend) -> None:
    def tables() -> Iterator[pa.Table]:
        yield rows(1, "ABCD")
        yield rows(2, "ABCD")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        backend.write(tables())
    left = set(backend.chunks())
    assert left <= {1, 2}
    assert {chunk for chunk, _ in found(backend, [1, 2])} == left
    backend.delete_chunks(sorted(left))
    assert list(backend.chunks()) == []
    backend.write([rows(3, "AB")])
    assert found(backend, [1, 2, 3]) == [(3, "A"), (3, "B")]


# pages


def test_a_page_has_the_rows_in_the_chunks_of_its_manifest_alone(backend: Backend) -> None:
    first, second = {"date": 20454, "partition_date": 20454}, {"date": 20455, "partition_date": 20455}
    backend.write([rows(1, "AC", quantity=1, **first), rows(2, "BD", quantity=2, **second)])
    backend.write([rows(3, "AE", quantity=3, **second)])
    backend.write_manifest("1.1", {"2026-01-01": replace(CHUNK, id=1), "2026-01-02": replace(CHUNK, id=2)})
    backend.write_manifest("2.2", {"2026-01-02": replace(CHUNK, id=3)})

    def page(stored: str, query: Query) -> list[tuple[Any, ...]]:
        asked = PageQuery(backend.contract, query)
        columns = [asked.columns.index(name) for name in ("product_id", "quantity")]
        return [tuple(row[column] for column in columns) for row in backend.page(stored, asked)]

    assert page("1.1", Query()) == [("A", 1), ("C", 1), ("B", 2), ("D", 2)]
    assert page("2.2", Query(descending=True)) == [("E", 3), ("A", 3)]
    assert page("1.1", Query(limit=1)) == [("A", 1), ("C", 1)], "one more than is shown"
    assert page("1.1", Query([Filter("quantity", "gt", 1)], limit=9)) == [("B", 2), ("D", 2)]
    assert page("3.3", Query()) == []


def test_a_page_gives_stored_values(backend: Backend) -> None:
    backend.write([rows(1, "A", date=20454, revenue=-12345, product_name=None)])
    backend.write_manifest("1.1", {"2026-01-01": CHUNK})
    query = PageQuery(backend.contract, Query(fields=("date", "product_name", "revenue", "partition_date")))
    (row,) = backend.page("1.1", query)
    values = dict(zip(query.columns, row, strict=True))
    assert values == {
        "date": 20454,
        "product_name": None,
        "revenue": -12345,
        "partition_date": 1,
        "product_id": "A",
    }
    assert {type(values["date"]), type(values["revenue"])} == {int}
    assert STORED["decimal"] == pa.int64()


# side by side


def test_collections_of_one_store_do_not_see_each_other(opened: Opener) -> None:
    one, other = opened(), opened(subject="_other")
    one.swap(one.record(), one.record())
    one.write([rows(1, "AB")])
    one.write_manifest("1.1", {"2026-01-01": CHUNK})
    one.write_changes(1, {"2026-01-01": Change(None, CHUNK)})
    assert other.record() == Record(other.record().name)
    assert other.record().name != one.record().name
    assert (list(other.chunks()), other.entries(), found(other, [1])) == ([], (set(), set()), [])
    assert (other.manifest("1.1"), other.changes(1)) == ({}, {})
    assert other.page("1.1", PageQuery(other.contract, Query())) == []
    other.delete_entries(["1.1"], [1])
    other.delete_chunks([1])
    assert (list(one.chunks()), one.entries()) == ([1], ({"1.1"}, {1}))


def test_ensure_again_and_by_two_at_once_changes_nothing(backend: Backend, opened: Opener) -> None:
    backend.write([rows(1, "AB")])
    failures: list[Exception] = []

    def work(mine: Backend) -> None:
        try:
            mine.ensure()
        except Exception as error:  # noqa: BLE001 (shown by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(opened(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert found(backend, [1]) == [(1, "A"), (1, "B")]
