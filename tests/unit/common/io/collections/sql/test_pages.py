"""A page as one SQL statement."""

from __future__ import annotations

from decimal import Decimal

from common.io.collections.protocol import Filter, Query
from common.io.collections.reading import PageQuery
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.pages import page_statement
from contract.kit import SALES, day


def sql(backend: SqlBackend, query: Query) -> str:
    wanted = PageQuery(SALES, query)
    statement = page_statement(backend.name, backend.table, backend.database.dialect, "1.1", wanted)
    text = " ".join(str(statement.compile(backend.database.engine)).split())
    return text.replace("sales_product_revenue_v1__rows.", "")


def test_only_columns_that_are_needed_are_read(backend: SqlBackend) -> None:
    columns = sql(backend, Query(fields=("quantity",))).partition(" FROM ")[0]
    assert columns == "SELECT quantity, date, product_id"


def test_fields_that_a_filter_pins_are_not_sorted_by(backend: SqlBackend) -> None:
    query = Query([Filter("date", "eq", day(1))], sort="revenue", after=(Decimal(1), day(1), "A"))
    text = sql(backend, query)
    assert text.partition("ORDER BY ")[2].startswith("revenue, product_id LIMIT")


def test_descending_turns_the_whole_order_round(backend: SqlBackend) -> None:
    text = sql(backend, Query(sort="revenue", descending=True, after=(Decimal(1), day(1), "A")))
    assert "(revenue, date, product_id) < (" in text
    assert "ORDER BY revenue DESC, date DESC, product_id DESC LIMIT" in text


def test_the_chunks_are_those_of_the_manifest(backend: SqlBackend) -> None:
    text = sql(backend, Query([Filter("revenue", "gte", Decimal("0.5"))]))
    assert "revenue >= ?" in text
    assert "(+ _chunk) IN (SELECT vitrine_manifests.chunk FROM vitrine_manifests WHERE" in text
