"""Tables from a contract: names, columns and indexes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import make_url

from common.io.collections.protocol import StageError
from common.io.collections.sqlite import SQLite
from common.io.collections.tables import first_day, rows_table, table_name
from common.utils.contract import Field
from common.utils.errors import ContractError
from contract.kit import EVERY_TYPE, SALES

DIALECT = SQLite(make_url("sqlite:///x.db"), read_only=True)


def test_names_carry_the_major_version() -> None:
    assert table_name(SALES) == "sales_product_revenue_v1"
    assert rows_table(EVERY_TYPE, DIALECT).name == "test_every_type_v2__rows"


def test_every_index_ends_in_the_key_and_the_chunk() -> None:
    more = replace(SALES, indexes=(("product_id",), ("revenue", "date"), ("date", "product_id"), ("date",)))
    table = rows_table(more, DIALECT)
    found = {str(index.name).partition("__rows_")[2]: index.columns.keys() for index in table.indexes}
    assert table.primary_key.columns.keys() == ["date", "product_id", "_chunk"]
    assert found == {
        "chunk": ["_chunk"],
        "product_id": ["product_id", "date", "_chunk"],
        "revenue_date": ["revenue", "date", "product_id", "_chunk"],
    }, "an index that the key is already is not built again"


def test_only_what_the_contract_requires_is_not_null() -> None:
    table = rows_table(SALES, DIALECT)
    assert [column.name for column in table.columns if column.nullable] == ["product_name"]


def test_a_key_that_may_be_null_is_refused() -> None:
    loose = replace(SALES, fields=(replace(SALES.fields[0], required=False), *SALES.fields[1:]))
    with pytest.raises(ContractError, match="date belongs to the key and is not required"):
        rows_table(loose, DIALECT)


def test_money_of_18_digits_is_stored_and_of_19_is_not() -> None:
    def wide(digits: int) -> Field:
        return Field("wide", "decimal", precision=digits, scale=0)

    rows_table(replace(SALES, fields=(*SALES.fields, wide(18))), DIALECT)
    with pytest.raises(ContractError, match="wide has 19 digits; the store is exact up to 18"):
        rows_table(replace(SALES, fields=(*SALES.fields, wide(19))), DIALECT)


def test_a_partition_has_a_first_day() -> None:
    assert first_day(SALES, "2024-02-29") == date(2024, 2, 29)
    assert first_day(EVERY_TYPE, "2024-02") == date(2024, 2, 1)
    with pytest.raises(StageError, match="written like 2026-01\\."):
        first_day(EVERY_TYPE, "2024-02-29")
