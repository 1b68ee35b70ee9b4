from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from common.utils.contract import Contract, Field, FieldType, Rule


def contract(**changes: Any) -> Contract:
    made = Contract(
        domain="sales",
        subject="product_revenue",
        version="2.1.0",
        description="",
        owner="sales-data",
        fields=(
            Field("date", "date", required=True),
            Field("product_id", "string", required=True),
            Field("name", "string"),
            Field("revenue", "decimal", required=True, precision=18, scale=4),
        ),
        key=("date", "product_id"),
        partition_field="date",
        partition_by="day",
        indexes=(("product_id", "date"), ("revenue",), ("name",), ("product_id", "revenue")),
        rules=(),
        freshness=timedelta(hours=48),
        max_row_drop=0.5,
        max_rejected=0.05,
    )
    return replace(made, **changes)


def test_the_name_and_the_major_version() -> None:
    assert (contract().name, contract().major) == ("sales/product_revenue", 2)


@pytest.mark.parametrize(
    ("kind", "arrow"),
    [
        ("string", pa.string()),
        ("integer", pa.int64()),
        ("decimal", pa.decimal128(20, 3)),
        ("number", pa.float64()),
        ("boolean", pa.bool_()),
        ("date", pa.date32()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_each_type_has_its_arrow_type(kind: FieldType, arrow: pa.DataType, required: bool) -> None:
    field = Field("f", kind, required=required, precision=20, scale=3)
    assert field.arrow == pa.field("f", arrow, nullable=not required)


def test_the_schema_is_in_the_contracts_order() -> None:
    assert contract().schema == pa.schema(
        [
            pa.field("date", pa.date32(), nullable=False),
            pa.field("product_id", pa.string(), nullable=False),
            pa.field("name", pa.string()),
            pa.field("revenue", pa.decimal128(18, 4), nullable=False),
        ]
    )


def test_sortable_is_what_leads_the_key_or_an_index_and_is_never_null() -> None:
    assert contract().sortable == ("date", "product_id", "revenue")


def test_a_field_is_found_by_its_name() -> None:
    assert contract().field("name").type == "string"
    with pytest.raises(KeyError, match="nmae"):
        contract().field("nmae")


def test_partitions_are_days_or_months() -> None:
    assert contract().partition(date(2026, 1, 31)) == "2026-01-31"
    assert contract(partition_by="month").partition(date(2026, 1, 31)) == "2026-01"


@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        ({"column": "a", "min_value": 0}, ("a",)),
        ({"column_A": "a", "column_B": "b", "or_equal": True}, ("a", "b")),
        ({"column_list": ["a", "b"]}, ("a", "b")),
        ({"min_value": 1}, ()),
    ],
)
def test_a_rule_knows_its_columns(arguments: dict[str, Any], columns: tuple[str, ...]) -> None:
    assert Rule("r", "expect_x", arguments).columns == columns


@pytest.mark.parametrize(
    ("data_as_of", "told"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "fresh"),
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "stale"),
        (None, "unknown"),
    ],
)
def test_freshness_is_judged_by_the_contracts_own_bound(data_as_of: datetime | None, told: str) -> None:
    assert contract().freshness_at(datetime(2026, 1, 3, tzinfo=UTC), data_as_of) == told
