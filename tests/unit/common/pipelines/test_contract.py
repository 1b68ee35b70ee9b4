from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.pipelines.checked import checked
from common.pipelines.contract import document
from common.utils.contract import Contract
from common.utils.odcs import parse_contract
from unit.common.pipelines.pipeline_kit import written

RULES = """\
validation:
  - not_null: [product, lines]
  - unique: [product, date]
  - range: {column: revenue, min: 0, max: 1000}
    on_failure: warn
  - pattern: {column: product, regex: "[a-z]+"}
    name: small_letters
  - one_of: {column: product, values: [lamp, desk]}
    on_failure: continue
  - null_share: {column: product, most: 0.1}
  - row_count: {min: 1}
  - freshness: {within: 90m}
    on_failure: warn
  - expectation: {type: expect_column_sum_to_be_between, kwargs: {column: lines, min_value: 1}}
"""


def derived(folder: Path, *changes: tuple[str, str]) -> Contract:
    return checked(written(folder, *changes)).contract


def test_the_contract_follows_from_the_steps_and_the_collection(tmp_path: Path) -> None:
    found = derived(tmp_path)
    assert (found.name, found.version, found.owner, found.key) == (
        "shop/orders",
        "1.0.0",
        "shop-data",
        ("date", "product"),
    )
    assert [(field.name, field.type, field.required) for field in found.fields] == [
        ("date", "date", True),
        ("product", "string", True),
        ("revenue", "decimal", False),
        ("lines", "integer", True),
    ]
    assert (found.field("revenue").precision, found.field("revenue").scale) == (18, 4)
    assert (found.partition_by, found.partition_field) == ("day", "date")
    assert (found.freshness, found.max_rejected, found.max_row_drop) == (timedelta(hours=48), 1.0, 0.5)


def test_what_else_a_collection_promises(tmp_path: Path) -> None:
    more = (
        "freshness: 48h",
        "freshness: 90m, version: 1.2.3, indexes: [[product, date]], unique: [[date, lines]], roles: [op], "
        "retention: 30d, max_row_drop: 0.1, drift: freeze, partition_by: month, "
        "chart: {kind: line, x: date, y: revenue}, descriptions: {revenue: Of all lines}",
    )
    found = derived(tmp_path, more)
    assert (found.version, found.indexes, found.roles) == ("1.2.3", (("product", "date"),), ("op",))
    assert (found.freshness, found.retention) == (timedelta(minutes=90), timedelta(days=30))
    assert (found.partition_by, found.drift, found.max_row_drop) == ("month", "freeze", 0.1)
    assert found.unique == (("date", "lines"),)
    assert found.chart is not None
    assert (found.chart.x, found.chart.y) == ("date", "revenue")
    assert found.field("revenue").description == "Of all lines"


def test_rules_are_the_contracts(tmp_path: Path) -> None:
    found = derived(tmp_path, ("dead_letters:", RULES + "dead_letters:"))
    kinds: dict[str, tuple[str, dict[str, Any], str]] = {
        rule.name: (rule.expectation.removeprefix("expect_"), dict(rule.arguments), rule.on_failure)
        for rule in found.rules
    }
    assert kinds == {
        "product_not_null": ("column_values_to_not_be_null", {"column": "product"}, "fail"),
        "lines_not_null": ("column_values_to_not_be_null", {"column": "lines"}, "fail"),
        "product_date_unique": (
            "compound_columns_to_be_unique",
            {"column_list": ["product", "date"]},
            "fail",
        ),
        "revenue_in_range": (
            "column_values_to_be_between",
            {"column": "revenue", "min_value": 0, "max_value": 1000},
            "warn",
        ),
        "small_letters": (
            "column_values_to_match_regex",
            {"column": "product", "regex": "^(?:[a-z]+)$"},
            "fail",
        ),
        "product_known": (
            "column_values_to_be_in_set",
            {"column": "product", "value_set": ["lamp", "desk"]},
            "continue",
        ),
        "product_mostly_given": (
            "column_values_to_not_be_null",
            {"column": "product", "mostly": 0.9},
            "fail",
        ),
        "row_count": ("table_row_count_to_be_between", {"min_value": 1}, "fail"),
        "column_sum_to_be_between": ("column_sum_to_be_between", {"column": "lines", "min_value": 1}, "fail"),
    }
    assert (found.latency, found.on_late) == (timedelta(minutes=90), "warn")


def test_rules_of_one_name_get_a_number(tmp_path: Path) -> None:
    twice = "validation:\n  - range: {column: revenue, min: 0}\n  - range: {column: revenue, max: 9}\n"
    found = derived(tmp_path, ("dead_letters:", twice + "dead_letters:"))
    assert [rule.name for rule in found.rules] == ["revenue_in_range", "revenue_in_range_2"]


def test_data_of_persons_are_marked(tmp_path: Path) -> None:
    path = written(
        tmp_path, ("product: {type: string, required: true}", "product: {type: string, personal: true}")
    )
    right = checked(path)
    (schema,) = document(right.pipeline, right.plan)["schema"]
    kept = {field["name"]: field["classification"] for field in schema["properties"]}
    assert kept == {"date": "internal", "product": "restricted", "revenue": "internal", "lines": "internal"}


def test_the_document_reads_as_the_same_contract(tmp_path: Path) -> None:
    right = checked(written(tmp_path, ("dead_letters:", RULES + "dead_letters:")))
    file = tmp_path / "shop" / "orders.odcs.yaml"
    assert parse_contract(document(right.pipeline, right.plan), file) == right.contract


@pytest.mark.parametrize(("major", "version"), [(1, "1.0.0"), (3, "3.0.0")])
def test_the_version_is_the_files(tmp_path: Path, major: int, version: str) -> None:
    assert checked(written(tmp_path, name=f"shop/orders_v{major}.yaml")).contract.version == version
