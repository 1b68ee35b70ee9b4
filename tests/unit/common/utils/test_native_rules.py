"""The rules that are judged here say what Great Expectations says of them."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.utils.contract import Contract, Field, Rule
from common.utils.expectations import _by_great_expectations, judge
from common.utils.native_rules import RULES, judge_natively
from unit.common.contract_kit import small

FIELDS = (
    Field("id", "integer", required=True),
    Field("text", "string"),
    Field("whole", "integer"),
    Field("money", "decimal", precision=9, scale=2),
    Field("rough", "number"),
    Field("day", "date"),
    Field("at", "timestamp"),
    Field("one", "integer", required=True),
    Field("other", "integer", required=True),
)
RULES_OF_ALL_KINDS: list[tuple[str, dict[str, Any]]] = [
    *(("expect_column_values_to_not_be_null", {"column": name}) for name in ("id", "text", "rough", "at")),
    ("expect_column_values_to_not_be_null", {"column": "whole", "mostly": 0.6}),
    ("expect_column_values_to_be_between", {"column": "whole", "min_value": 2}),
    ("expect_column_values_to_be_between", {"column": "whole", "max_value": 5, "strict_max": True}),
    (
        "expect_column_values_to_be_between",
        {"column": "whole", "min_value": 2, "max_value": 5, "mostly": 0.5},
    ),
    ("expect_column_values_to_be_between", {"column": "money", "min_value": 0.1, "strict_min": True}),
    ("expect_column_values_to_be_between", {"column": "money", "min_value": 0.1, "max_value": 2.5}),
    ("expect_column_values_to_be_between", {"column": "rough", "min_value": -0.5, "max_value": 1}),
    ("expect_column_values_to_be_between", {"column": "day", "min_value": date(2026, 1, 3)}),
    ("expect_column_values_to_be_between", {"column": "day", "max_value": "2026-01-05"}),
    ("expect_column_value_lengths_to_be_between", {"column": "text", "min_value": 1, "max_value": 2}),
    ("expect_column_values_to_match_regex", {"column": "text", "regex": "^[a-z]+$"}),
    ("expect_column_values_to_match_regex", {"column": "text", "regex": r"\d", "mostly": 0.2}),
    ("expect_column_values_to_not_match_regex", {"column": "text", "regex": r"^\s|\s$"}),
    ("expect_column_values_to_be_in_set", {"column": "text", "value_set": ["a", "ab", ""]}),
    ("expect_column_values_to_be_in_set", {"column": "whole", "value_set": [1, 2, 3]}),
    ("expect_column_values_to_not_be_in_set", {"column": "text", "value_set": ["a"]}),
    ("expect_column_values_to_be_unique", {"column": "text"}),
    ("expect_column_values_to_be_unique", {"column": "whole", "mostly": 0.1}),
    ("expect_column_values_to_be_unique", {"column": "id"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["one", "other"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["id", "one"]}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "one", "column_B": "other"}),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "one", "column_B": "other", "or_equal": True},
    ),
    ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 20}),
]
TEXTS = ["a", "ab", "abc", "", " a", "a\n", "é", "\u00a0x", "7", "a7", None]


def contract(*rules: tuple[str, dict[str, Any]]) -> Contract:
    return small(FIELDS, *(Rule(f"rule_{at}", kind, given) for at, (kind, given) in enumerate(rules)))


def table(seed: int, rows: int) -> pa.Table:
    chance = random.Random(seed)

    def some(values: list[Any], share: float = 0.2) -> list[Any]:
        return [None if chance.random() < share else chance.choice(values) for _ in range(rows)]

    columns: dict[str, list[Any]] = {
        "id": list(range(rows)),
        "text": some(TEXTS),
        "whole": some([0, 1, 2, 5, 6, -(2**40)]),
        "money": some([Decimal(one) for one in ("0.10", "0.11", "2.50", "2.51", "-1.00")]),
        "rough": some([-0.5, -0.6, 0.0, 1.0, 1.5]),
        "day": some([date(2026, 1, 1) + timedelta(days=one) for one in range(8)]),
        "at": some([datetime(2026, 1, 1, one, tzinfo=UTC) for one in range(4)]),
        "one": some([1, 2, 3], 0),
        "other": some([1, 2, 3], 0),
    }
    return pa.table(columns, contract().schema)


@pytest.mark.parametrize(("seed", "rows"), [(1, 30), (2, 9), (3, 3), (4, 1)])
def test_both_say_the_same(seed: int, rows: int) -> None:
    agreed, gold = contract(*RULES_OF_ALL_KINDS), table(seed, rows)
    theirs = list(_by_great_expectations(agreed, gold, complete=True))
    ours = judge(agreed, gold)[1:]
    assert [one.name for one in ours] == [one.name for one in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.unexpected_share == pytest.approx(other.unexpected_share)  # theirs went by percent
        assert replace(mine, unexpected_share=0) == replace(other, unexpected_share=0)


def test_none_of_these_is_left_to_great_expectations() -> None:
    gold = table(5, 30)
    agreed = contract(*RULES_OF_ALL_KINDS)
    assert [rule.arguments for rule in agreed.rules if judge_natively(agreed, gold, rule) is None] == []
    assert {kind for kind, _ in RULES_OF_ALL_KINDS} - {"expect_table_row_count_to_be_between"} == set(RULES)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("expect_column_values_to_be_between", {"column": "text", "min_value": "a"}),
        ("expect_column_values_to_be_between", {"column": "whole", "min_value": 0.5}),
        ("expect_column_values_to_be_between", {"column": "whole", "min_value": 0, "parse_strings": True}),
        ("expect_column_values_to_be_in_set", {"column": "money", "value_set": [1]}),
        ("expect_column_values_to_match_regex", {"column": "text", "regex": "("}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["text", "one"]}),
        ("expect_column_mean_to_be_between", {"column": "whole", "min_value": 0}),
        ("expect_table_row_count_to_be_between", {"min_value": 0.5}),
    ],
)
def test_what_is_not_quite_of_a_kind_is_left_to_it(kind: str, given: dict[str, Any]) -> None:
    agreed = contract((kind, given))
    assert judge_natively(agreed, table(6, 30), agreed.rules[0]) is None


def test_numbers_that_are_none_are_left_to_it() -> None:
    agreed = contract(("expect_column_values_to_be_between", {"column": "rough", "min_value": 0}))
    gold = table(7, 3).set_column(4, FIELDS[4].arrow, pa.array([1.0, float("nan"), None]))
    assert judge_natively(agreed, gold, agreed.rules[0]) is None
