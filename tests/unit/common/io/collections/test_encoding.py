"""Stored forms: exact, ordered as the values are, and refused where they cannot be."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.io.collections.encoding import decode, encode, encode_bound, encode_value
from common.io.collections.protocol import Operator, QueryError, StoreError
from common.utils.contract import Field

MONEY = Field("money", "decimal", precision=18, scale=4)
CASES = [
    (Field("f", "string"), ["", "\x00", "a", "é"], ["", "\x00", "a", "é"]),
    (Field("f", "integer"), [-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1]),
    (MONEY, [Decimal("-99999999999999.9999"), Decimal("0.0001")], [-(10**18) + 1, 1]),
    (Field("f", "decimal", precision=3, scale=0), [Decimal(-999), Decimal(7)], [-999, 7]),
    (Field("f", "number"), [-1e308, 0.1], [-1e308, 0.1]),
    (Field("f", "boolean"), [False, True], [0, 1]),
    (Field("f", "date"), [date(1, 1, 1), date(1970, 1, 2), date(9999, 12, 31)], [-719162, 1, 2932896]),
    (
        Field("f", "timestamp"),
        [datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)],
        [-1, 1_000_000],
    ),
]


@pytest.mark.parametrize(("field", "values", "stored"), CASES)
def test_columns_and_values_have_the_same_stored_form(
    field: Field, values: list[Any], stored: list[Any]
) -> None:
    table = pa.table([pa.array([*values, None], field.arrow.type)], names=[field.name])
    assert encode(table, [field]).column(0).to_pylist() == [*stored, None]
    assert [encode_value(field, value) for value in values] == stored
    back = decode([*stored, None], field)
    assert back.type == field.arrow.type
    assert back.to_pylist() == [*values, None]


@pytest.mark.parametrize(("field", "values", "stored"), CASES)
def test_stored_forms_order_as_the_values_do(field: Field, values: list[Any], stored: list[Any]) -> None:
    assert sorted(values) == values
    assert sorted(stored) == stored


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    east = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    field = Field("at", "timestamp")
    assert encode_value(field, east) == encode_value(field, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_bound_keeps_the_meaning_of_its_comparison() -> None:
    meaning = {
        "eq": lambda one, other: one == other,
        "gt": lambda one, other: one > other,
        "gte": lambda one, other: one >= other,
        "lt": lambda one, other: one < other,
        "lte": lambda one, other: one <= other,
    }
    dice = random.Random(1)
    for _ in range(2000):
        operator: Operator = dice.choice(["eq", "gt", "gte", "lt", "lte"])
        value = Decimal(dice.randint(-300, 300)).scaleb(-dice.randint(0, 6))
        stored = dice.randint(-40, 40)
        expected = meaning[operator](Decimal(stored).scaleb(-4), value)
        bound = encode_bound(MONEY, operator, value)
        assert (bound is not None and meaning[bound[0]](stored, bound[1])) == expected, (
            operator,
            value,
            stored,
        )


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("string", 1, "a text"),
        ("string", "\ud800", "valid Unicode"),
        ("integer", 1.0, "a whole number"),
        ("integer", True, "a whole number"),
        ("integer", -(2**63) - 1, "within 64 bits"),
        ("decimal", 1.5, "a decimal"),
        ("decimal", Decimal("Infinity"), "a finite decimal"),
        ("decimal", Decimal("1e30"), "within 64 bits"),
        ("decimal", Decimal("0.00001"), "at most 4 decimals"),
        ("number", "1", "a number"),
        ("number", 10**400, "a number within the range"),
        ("boolean", 1, "true or false"),
        ("date", datetime(2026, 1, 1, tzinfo=UTC), "a date"),
        ("timestamp", datetime(2026, 1, 1), "a time with its zone"),  # noqa: DTZ001
        ("timestamp", date(2026, 1, 1), "a time with its zone"),
    ],
)
def test_values_of_another_type_are_refused(kind: Any, value: Any, wanted: str) -> None:
    with pytest.raises(QueryError, match=wanted):
        encode_value(Field("f", kind, precision=18, scale=4), value)


def test_what_is_stored_as_another_type_is_told() -> None:
    with pytest.raises(StoreError, match="'n' is integer in the contract now") as error:
        decode(["a"], Field("n", "integer"))
    assert "new major version" in str(error.value)
