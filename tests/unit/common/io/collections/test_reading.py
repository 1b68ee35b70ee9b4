"""A page as one SQL statement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select

from common.io.collections.protocol import Filter, Query, VersionGone
from common.io.collections.reading import PageQuery
from common.io.collections.sql import SqlCollection
from contract.kit import SALES, day, put, sale


def sql(sales: SqlCollection, query: Query) -> str:
    statement = PageQuery(SALES, sales.table, sales.database.dialect, query).statement(1)
    return " ".join(str(statement.compile(sales.database.engine)).split())


def test_fields_that_a_filter_pins_are_not_sorted_by(sales: SqlCollection) -> None:
    query = Query([Filter("date", "eq", day(1))], sort="revenue", after=(Decimal(1), day(1), "A"))
    text = sql(sales, query)
    assert text.partition("ORDER BY ")[2].startswith(
        "sales_product_revenue_v1__rows.revenue, sales_product_revenue_v1__rows.product_id LIMIT"
    )


def test_only_columns_that_are_needed_are_read(sales: SqlCollection) -> None:
    text = sql(sales, Query(fields=("quantity",)))
    columns = text.partition(" FROM ")[0].replace("sales_product_revenue_v1__rows.", "")
    assert columns == "SELECT quantity, date, product_id"


def test_a_position_comes_from_columns_that_are_not_shown(sales: SqlCollection) -> None:
    put(sales, "r", [1], [sale(1, "A"), sale(1, "B")])
    page = sales.read(1, Query(fields=("quantity", "quantity"), limit=1))
    assert page.rows.to_pydict() == {"quantity": [1]}
    assert page.position == (day(1), "A")


def test_a_version_retired_while_it_is_read_is_gone(
    sales: SqlCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    write = PageQuery.statement

    def retire_and_write(self: PageQuery, version: int) -> Select[Any]:
        put(sales, "r2", [1], [sale(1, "B")])
        sales.vacuum(keep=1)
        return write(self, version)

    monkeypatch.setattr(PageQuery, "statement", retire_and_write)
    with pytest.raises(VersionGone, match="Retained: 2"):
        sales.read(1, Query())
