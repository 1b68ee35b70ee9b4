"""Tables, indexes and the view are made to fit the contract, and nothing else is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.sql.backend import SqlBackend
from common.utils.contract import Contract, Field
from contract.kit import SALES, batch, put, sale

MORE = replace(
    SALES,
    fields=(Field("colour", "string"), *SALES.fields, Field("size", "integer")),
    indexes=(("product_id", "date"), ("quantity",)),
)


@pytest.fixture
def other(file: Path, sales: VersionedCollection) -> Iterator[sqlite3.Connection]:
    """A connection beside the store's."""
    connection = sqlite3.connect(file)
    yield connection
    connection.close()


def ensured(file: Path, contract: Contract) -> VersionedCollection:
    """The collection as another contract has it."""
    collection = open_store(f"sqlite:///{file}", batch_size=3).collection(contract)
    assert isinstance(collection, VersionedCollection)
    collection.ensure()
    return collection


def indexes(other: sqlite3.Connection) -> set[str]:
    """The names of the indexes without the digests in them."""
    found = other.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return {name.partition("_")[2].partition("_")[2] for (name,) in found}


def everything(other: sqlite3.Connection) -> list[tuple[str, ...]]:
    return other.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def shown(other: sqlite3.Connection) -> tuple[list[str], list[tuple[object, ...]]]:
    """The columns and the rows of the view."""
    cursor = other.execute("SELECT * FROM sales_product_revenue_v1")
    rows = cursor.fetchall()
    return [column[0] for column in cursor.description], rows


def test_a_second_time_changes_nothing(backend: SqlBackend, other: sqlite3.Connection) -> None:
    before = everything(other)
    backend.ensure()
    assert everything(other) == before


def test_indexes_follow_the_contract(
    sales: VersionedCollection, file: Path, other: sqlite3.Connection
) -> None:
    assert indexes(other) == {"_chunk", "product_id_date__chunk", "revenue_date_product_id__chunk"}
    other.execute("CREATE INDEX theirs_by_hand ON sales_product_revenue_v1__rows (product_name)")
    ensured(file, MORE)
    assert indexes(other) == {
        "_chunk",
        "product_id_date__chunk",
        "quantity_date_product_id__chunk",
        "hand",
    }, "one that others made stays"


def test_columns_are_added_and_the_view_shows_them_last(
    sales: VersionedCollection, file: Path, other: sqlite3.Connection
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    names, _ = shown(other)
    ensured(file, MORE)
    more, rows = shown(other)
    assert more == [*names, "colour", "size"]
    assert [row[-2:] for row in rows] == [(None, None)]


def test_a_view_that_someone_dropped_is_put_back(
    backend: SqlBackend, sales: VersionedCollection, other: sqlite3.Connection
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    other.execute("DROP VIEW sales_product_revenue_v1")
    backend.ensure()
    assert other.execute("SELECT count(*) FROM sales_product_revenue_v1").fetchall() == [(1,)]


def test_a_migration_that_dies_halfway_is_made_good(
    backend: SqlBackend, file: Path, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = open_store(f"sqlite:///{file}", batch_size=3).collection(MORE)
    assert isinstance(newer, VersionedCollection)
    with monkeypatch.context() as patch:
        patch.setattr("common.io.collections.sql.migration._live_rows", power_cut)
        with pytest.raises(RuntimeError, match="power cut"):
            newer.ensure()
    newer.ensure()
    red = sale(1, "A") | {"colour": "red", "size": 2}
    staged = newer.stage([batch([red], MORE)], ["2026-01-01"], run_id="r")
    assert staged.inserted == 1


def power_cut(*_: object) -> str:
    raise RuntimeError("power cut")
