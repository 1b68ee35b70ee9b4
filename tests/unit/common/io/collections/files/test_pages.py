"""A page asks for no more files than it needs."""

from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any

import pytest

from common.io.collections.files.pages import page_statement, portions
from common.io.collections.protocol import Chunk, Filter, Query
from common.io.collections.reading import PageQuery
from contract.kit import EVERY_TYPE, SALES, day, moment

# January by day with a hundred rows each, and two months that are merged
MANIFEST = {
    **{day(number).isoformat(): Chunk(number, 100, "") for number in range(1, 32)},
    "2025-11": Chunk(111, 1000, ""),
    "2025-12": Chunk(112, 1000, ""),
}


def asked(query: Query, contract: Any = SALES) -> list[list[int]]:
    """The ids of the chunks of each portion."""
    found = portions(contract, MANIFEST, PageQuery(contract, query))
    return [[chunk.id for chunk in portion] for portion in found]


def test_the_first_portion_fills_the_page_and_each_other_doubles() -> None:
    assert asked(Query(limit=10)) == [
        [111],
        [112],
        [1, 2],
        [3, 4, 5, 6],
        [*range(7, 15)],
        [*range(15, 31)],
        [31],
    ]
    first, *_ = asked(Query(limit=150, descending=True))
    assert first == [31, 30]


def test_by_another_field_all_files_are_asked_at_once() -> None:
    assert [sorted(portion) for portion in asked(Query(sort="product_id"))] == [[*range(1, 32), 111, 112]]


@pytest.mark.parametrize(
    ("filters", "chunks"),
    [
        ([Filter("date", "eq", day(5))], {5}),
        ([Filter("date", "eq", date(2025, 12, 24))], {112}),
        ([Filter("date", "gte", day(30))], {30, 31}),
        ([Filter("date", "gt", day(30))], {30, 31}),
        ([Filter("date", "lt", day(2))], {111, 112, 1, 2}),
        ([Filter("date", "lte", date(2025, 11, 30))], {111}),
        ([Filter("date", "gte", date(2025, 12, 31)), Filter("date", "lt", day(1))], {112, 1}),
        ([Filter("product_id", "eq", "A")], {*range(1, 32), 111, 112}),
    ],
)
def test_filters_leave_partitions_out(filters: list[Filter], chunks: set[int]) -> None:
    for query in (Query(filters), Query(filters, descending=True), Query(filters, "product_id")):
        assert set(chain(*asked(query))) == chunks


def test_the_position_leaves_partitions_out() -> None:
    assert set(chain(*asked(Query(after=(day(30), "A"))))) == {30, 31}
    assert set(chain(*asked(Query(after=(day(2), "A"), descending=True)))) == {2, 1, 111, 112}
    assert len(set(chain(*asked(Query(sort="product_id", after=("A", day(30))))))) == 33


def test_times_are_in_the_partition_of_their_day_in_utc() -> None:
    filters = [Filter("at", "gte", moment("2025-12-31T23:59:59.999999"))]
    assert {112, 1} <= set(chain(*asked(Query(filters), EVERY_TYPE)))
    assert 111 not in set(chain(*asked(Query(filters), EVERY_TYPE)))


def test_buckets_are_all_asked() -> None:
    hashed = replace(SALES, partition_by="hash", partition_field="")
    manifest = {"b000": Chunk(1, 5, ""), "b001": Chunk(2, 5, "")}
    query = PageQuery(hashed, Query([Filter("date", "eq", day(1))], limit=1))
    assert [len(portion) for portion in portions(hashed, manifest, query)] == [2]


def test_a_statement_has_no_values_in_it() -> None:
    query = PageQuery(SALES, Query([Filter("product_name", "eq", "x'; DROP")], after=(day(1), "y'")))
    fields = {field.name: field for field in SALES.fields}
    statement, given = page_statement(("files", ["given"]), fields, query)
    assert given == ["given", "x'; DROP", day(1), day(1), "y'"]
    assert statement.count("?") == 4
    assert "DROP" not in statement
