"""Tables from a contract: names, columns and indexes."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import make_url

from common.io.collections.sql.sqlite import SQLite
from common.io.collections.sql.tables import OURS, rows_table
from contract.kit import ACCOUNTS, EVERY_TYPE, SALES

DIALECT = SQLite(make_url("sqlite:///x.db"), batch_size=1, read_only=True)


def test_names_carry_the_major_version() -> None:
    assert rows_table(SALES, DIALECT).name == "sales_product_revenue_v1__rows"
    assert rows_table(EVERY_TYPE, DIALECT).name == "test_every_type_v2__rows"


def test_every_index_ends_in_the_key_and_the_chunk() -> None:
    more = replace(
        SALES,
        indexes=(("product_id",), ("revenue", "date"), ("date", "product_id"), ("date",)),
        unique=(("date", "product_name"),),
    )
    table = rows_table(more, DIALECT)
    assert table.primary_key.columns.keys() == ["date", "product_id", "_chunk"]
    found = {(index.unique, *index.columns.keys()) for index in table.indexes}
    assert found == {
        (False, "_chunk"),
        (False, "product_id", "date", "_chunk"),
        (False, "revenue", "date", "product_id", "_chunk"),
        (True, "date", "product_name", "_chunk"),
    }, "an index that the key is already is not built again"


def test_an_index_of_another_definition_has_another_name() -> None:
    def names(**changed: object) -> set[str]:
        return {str(index.name) for index in rows_table(replace(SALES, **changed), DIALECT).indexes}

    plain = names(indexes=(("quantity", "revenue"),))
    assert plain == names(indexes=(("quantity", "revenue"),), version="1.9.0")
    assert len(plain & names(indexes=(("revenue", "quantity"),))) == 1, "that on chunks"
    assert not plain & names(indexes=(("quantity", "revenue"),), version="2.0.0"), "one a major version"
    both = names(indexes=(("date", "quantity"),), unique=(("date", "quantity"),))
    assert len(both) == 3


def test_names_of_indexes_fit_every_database() -> None:
    long = replace(SALES, indexes=(("quantity", "product_name", "revenue", "product_id", "date"),))
    for index in rows_table(long, DIALECT).indexes:
        assert str(index.name).startswith(OURS)
        assert len(str(index.name).encode()) <= 63


def test_only_the_key_and_what_is_ours_is_not_null() -> None:
    for contract in (SALES, ACCOUNTS):
        table = rows_table(contract, DIALECT)
        filled = {column.name for column in table.columns if not column.nullable}
        assert filled == {*contract.key, "_chunk", "_hash"}
