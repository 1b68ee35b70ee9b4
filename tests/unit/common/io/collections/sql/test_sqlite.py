"""SQLite: durable, read inside its indexes, and shown to BI tools as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import Filter, Query
from common.io.collections.reading import PageQuery
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.pages import page_statement
from contract.kit import EVERY_TYPE, SALES, batch, content, day, moment, publication, put, sale

PRODUCT, DATE = Filter("product_id", "eq", "A"), Filter("date", "gte", day(1))


def shown(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a BI tool reads."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_commits_are_on_the_disk(backend: SqlBackend) -> None:
    with backend.database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"


def test_the_view_is_the_live_version(sales: VersionedCollection, file: Path) -> None:
    view = (
        "SELECT date, product_id, product_name, quantity, revenue FROM sales_product_revenue_v1 ORDER BY 1, 2"
    )
    assert shown(file, view) == []
    put(sales, "r1", [1, 2], [sale(1, "A", 3), sale(2, "B", name="é")])
    put(sales, "r2", [1], [sale(1, "C")])
    put(sales, "r3", [1], [sale(1, "A", 5)])
    for _ in range(2):
        live = [tuple(row.values()) for row in content(sales)]
        assert shown(file, view) == [(str(day), *rest, float(revenue)) for day, *rest, revenue in live]
        sales.rollback(1, by="ada", reason="wrong")


def test_the_view_shows_each_type_as_bi_tools_read_it(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "collections.db"
    collection = open_store(f"sqlite:///{file}", batch_size=10).collection(EVERY_TYPE)
    collection.ensure()
    full = {
        "id": -7,
        "at": moment("1969-12-31T23:59:59.999999"),
        "text": "x",
        "money": Decimal("-1234.5678"),
        "share": 0.5,
        "open": True,
        "day": date(2024, 2, 29),
    }
    empty = dict.fromkeys(EVERY_TYPE.schema.names) | {"id": 1, "at": moment("2026-01-02T03:04:05")}
    staged = collection.stage([batch([full, empty], EVERY_TYPE)], ["1969-12", "2026-01"], run_id="r")
    collection.publish(staged.attempt, publication("r"))
    assert shown(
        file, "SELECT id, at, text, money, share, open, day, partition_date FROM test_every_type_v2"
    ) == [
        (-7, "1969-12-31T23:59:59.999999Z", "x", -1234.5678, 0.5, 1, "2024-02-29", "1969-12-01"),
        (1, "2026-01-02T03:04:05.000000Z", None, None, None, None, None, "2026-01-01"),
    ]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (Query(), "SCAN sales_product_revenue_v1__rows"),
        (Query(after=(day(1), "A")), "PRIMARY KEY ((date,product_id)>(?,?))"),
        (Query(after=(day(1), "A"), descending=True), "PRIMARY KEY ((date,product_id)<(?,?))"),
        (Query([Filter("date", "eq", day(1))], after=(day(1), "A")), "PRIMARY KEY (date=? AND product_id>?)"),
        (Query([PRODUCT]), "product_id_date__chunk (product_id=?)"),
        (
            Query([Filter("product_id", "eq", "A")], after=(day(1), "A")),
            "product_id_date__chunk (product_id=? AND date>?)",
        ),
        (Query(sort="revenue", descending=True), "_revenue_date_product_id__chunk"),
        (
            Query(sort="revenue", after=(Decimal(1), day(1), "A")),
            "((revenue,date,product_id)>(?,?,?))",
        ),
        (
            Query([Filter("date", "gte", day(1)), Filter("date", "lt", day(9))]),
            "PRIMARY KEY (date>? AND date<?)",
        ),
    ],
)
def test_a_page_is_read_in_the_order_of_an_index(backend: SqlBackend, query: Query, index: str) -> None:
    plan = plan_of(backend, query)
    assert index in plan[0]
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in plan), plan
    assert not any("_chunk=?" in step for step in plan), "the index on chunks is not for readers"


def plan_of(backend: SqlBackend, query: Query) -> Sequence[str]:
    wanted = PageQuery(SALES, query)
    statement = page_statement(backend.name, backend.table, backend.database.dialect, "1.1", wanted)
    compiled = statement.compile(backend.database.engine, compile_kwargs={"render_postcompile": True})
    parameters = tuple(compiled.params[name] for name in compiled.positiontup or ())
    with backend.database.reading() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", parameters)
        return [row.detail for row in found]


def test_a_read_only_store_of_a_path_with_odd_characters(tmp_path: Path) -> None:
    file = tmp_path / "a b#c%20" / "collections.db"
    store = open_store(f"sqlite:///{file}", batch_size=10)
    collection = store.collection(SALES)
    collection.ensure()
    put(collection, "r", [1], [sale(1, "A")])
    assert content(open_store(f"sqlite:///{file}", batch_size=10, read_only=True).collection(SALES)) == [
        sale(1, "A")
    ]
    store.close()
