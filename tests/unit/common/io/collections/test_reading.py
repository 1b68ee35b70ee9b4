"""A query as databases understand it, and what they found as a page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from common.io.collections.encoding import days
from common.io.collections.protocol import Filter, Query, QueryError
from common.io.collections.reading import PageQuery
from contract.kit import EVERY_TYPE, SALES, day

FIRST = days(date(2026, 1, 1))


def test_values_are_stored_ones() -> None:
    query = PageQuery(
        SALES,
        Query(
            [Filter("date", "gte", day(1)), Filter("revenue", "gt", Decimal("0.00015"))],
            sort="revenue",
            after=(Decimal("0.25"), day(2), "A"),
        ),
    )
    assert query.filters == (("date", "gte", FIRST), ("revenue", "gt", 1))
    assert (query.order, query.after) == (("revenue", "date", "product_id"), (2500, FIRST + 1, "A"))


def test_fields_that_a_filter_pins_are_not_sorted_by() -> None:
    query = PageQuery(
        SALES, Query([Filter("date", "eq", day(1))], "revenue", after=(Decimal(1), day(1), "A"))
    )
    assert (query.order, query.after) == (("revenue", "product_id"), (10_000, "A"))


def test_one_row_more_is_fetched_than_shown() -> None:
    query = PageQuery(SALES, Query(fields=("quantity",), limit=2))
    assert (query.limit, query.columns) == (3, ("quantity", "date", "product_id"))
    page = query.page([(5, FIRST, "A"), (6, FIRST, "B"), (7, FIRST, "C")])
    assert page.rows.to_pydict() == {"quantity": [5, 6]}
    assert page.position == (day(1), "B"), "from columns that are not shown"
    assert query.page([(5, FIRST, "A"), (6, FIRST, "B")]).position is None


def test_a_page_without_rows_has_its_columns() -> None:
    query = PageQuery(EVERY_TYPE, Query())
    assert query.page([]).rows.schema.equals(EVERY_TYPE.schema)


def test_a_field_may_be_shown_twice() -> None:
    query = PageQuery(SALES, Query(fields=("quantity", "quantity"), limit=1))
    assert query.columns == ("quantity", "date", "product_id")
    assert query.page([(5, FIRST, "A")]).rows.column_names == ["quantity", "quantity"]


@pytest.mark.parametrize(
    "query",
    [
        Query([Filter("revenue", "eq", Decimal("0.00001"))]),
        Query(
            [Filter("date", "eq", day(1)), Filter("product_id", "eq", "A")], after=(day(1), "A")
        ),  # the one row that can match was seen
    ],
)
def test_what_no_row_can_match_need_not_be_asked(query: Query) -> None:
    assert PageQuery(SALES, query).impossible
    assert not PageQuery(SALES, Query()).impossible


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"fields": ("colour",)}, "has no field colour"),
        ({"filters": [Filter("updated_at", "eq", 1)]}, "has no field updated_at"),
        ({"sort": "product_name"}, "cannot be sorted by product_name"),
        ({"limit": 0}, "at least one row"),
        ({"after": (day(1),)}, "1 values instead of 2"),
        ({"after": (day(1), 7)}, "cannot be compared with 7"),
    ],
)
def test_what_the_contract_does_not_offer_is_refused(query: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        PageQuery(SALES, Query(**query))
