"""A page is one find along the index that has its rows in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.io.collections import open_store
from common.io.collections.mongo.pages import condition, serving
from common.io.collections.protocol import Filter, Query
from common.io.collections.reading import PageQuery
from contract.kit import SALES, STORES, day, pages, put, sale
from servers import server

PRODUCT = Filter("product_id", "eq", "A")


def page(*filters: Filter, **other: Any) -> PageQuery:
    return PageQuery(SALES, Query(filters, **other))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        (page(), ("date", "product_id", "_chunk")),
        (page(PRODUCT), ("product_id", "date", "_chunk")),
        (page(PRODUCT, Filter("date", "eq", day(1))), ("date", "product_id", "_chunk")),
        (page(Filter("date", "gte", day(1))), ("date", "product_id", "_chunk")),
        (page(sort="revenue", descending=True), ("revenue", "date", "product_id", "_chunk")),
        (page(PRODUCT, sort="revenue"), ("revenue", "date", "product_id", "_chunk")),
        (page(Filter("quantity", "eq", 1), sort="product_id"), ("product_id", "date", "_chunk")),
    ],
)
def test_the_index_has_the_rows_in_order(query: PageQuery, columns: tuple[str, ...]) -> None:
    index = serving(SALES, query)
    assert index is not None
    assert index.columns == columns


def test_a_position_is_a_range_of_the_index() -> None:
    assert condition(page(limit=1, after=(day(1), "B")), [7]) == {
        "$and": [
            {"date": {"$gte": 20454}},
            {"$or": [{"date": {"$gt": 20454}}, {"date": 20454, "product_id": {"$gt": "B"}}]},
            {"_chunk": {"$in": [7]}},
        ]
    }
    falling = condition(page(limit=1, after=(day(1), "B"), descending=True), [7])
    assert falling["$and"][0] == {"date": {"$lte": 20454}}


def test_an_order_that_no_index_has_is_sorted(tmp_path: Path) -> None:
    contract = replace(SALES, indexes=(("quantity", "product_id"),))
    assert serving(contract, PageQuery(contract, Query(sort="quantity"))) is None
    sales = open_store(STORES["mongodb"](tmp_path), batch_size=1000).collection(contract)
    sales.ensure()
    put(sales, "r", [1, 2], [sale(1, "B", 7), sale(2, "A", 7), sale(1, "A", 9)])
    (first, second) = pages(sales, 1, Query(sort="quantity", limit=2))
    found = [
        (row["quantity"], row["product_id"]) for row in (first.rows.to_pylist() + second.rows.to_pylist())
    ]
    assert found == [(7, "B"), (7, "A"), (9, "A")]


@pytest.mark.parametrize(
    "query",
    [
        Query(limit=5),
        Query([PRODUCT], limit=5),
        Query(sort="revenue", descending=True, limit=5),
        Query(limit=5, after=(day(2), "C")),
        Query(sort="revenue", limit=5, after=(sale(2, "C", 3)["revenue"], day(2), "C")),
    ],
)
def test_the_servers_plan_scans_one_index_and_sorts_nothing(query: Query) -> None:
    url = server("mongodb").empty_database()
    sales = open_store(url, batch_size=1000).collection(SALES)
    sales.ensure()
    rows = [sale(number, product, ord(product) % 7) for number in range(1, 29) for product in "ABCDEFGH"]
    for run in ("r1", "r2"):
        put(sales, run, list(range(1, 29)), [{**row, "product_name": run} for row in rows])
    index = serving(SALES, PageQuery(SALES, query))
    assert index is not None
    backend: Any = sales.backend  # type: ignore[attr-defined]
    live = sales.live()
    assert live is not None
    wanted = PageQuery(SALES, query)
    chunks = [chunk.id for chunk in live.manifest.values()]
    direction = -1 if wanted.descending else 1
    with backend.database.reading() as database:
        plan = database.command(
            {
                "explain": {
                    "find": backend.rows_name,
                    "filter": condition(wanted, chunks),
                    "sort": {column: direction for column in wanted.order},
                    "hint": index.name,
                    "limit": wanted.limit,
                }
            }
        )["queryPlanner"]["winningPlan"]
    stages = list(_stages(plan))
    assert "IXSCAN" in stages
    assert not {"SORT", "COLLSCAN"} & set(stages), stages


def _stages(plan: dict[str, Any]) -> Any:
    yield plan["stage"]
    for key in ("inputStage", "inputStages"):
        for stage in plan[key] if isinstance(plan.get(key), list) else filter(None, [plan.get(key)]):
            yield from _stages(stage)
