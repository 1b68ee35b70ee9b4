from decimal import Decimal
from typing import Any

import duckdb
import pytest

from unit.common.pipelines.expressions.kit import typed, value, wrong


@pytest.mark.parametrize(
    ("text", "kind", "result"),
    [
        ("i + 1", "integer", 8),
        ("i * i - 1", "integer", 48),
        ("i + m", "decimal(24,4)", Decimal("19.3456")),
        ("m * m", "decimal(36,8)", Decimal("152.41383936")),
        ("i * 0.1", "decimal(21,1)", Decimal("0.7")),
        ("0.1 + 0.2", "decimal(3,1)", Decimal("0.3")),
        ("wide - 0.5", "decimal(38,10)", Decimal(5)),
        ("m + n", "number", 12.8456),
        ("n * 2", "number", 1.0),
        ("i / 2", "number", 3.5),
        ("i / 0", "number", None),
        ("n / 0.0", "number", None),
        ("i % 4", "integer", 3),
        ("-i % 4", "integer", -3),
        ("i % 0", "integer", None),
        ("m % 5", "decimal(23,4)", Decimal("2.3456")),
        ("n % 0.3", "number", 0.2),
        ("-m", "decimal(18,4)", Decimal("-12.3456")),
        ("--i", "integer", 7),
        ("j + 1", "integer", None),
        ("b and j == 1", "boolean", None),
        ("b or j == 1", "boolean", True),
        ("not b and null", "boolean", False),
        ("not null", "boolean", None),
    ],
)
def test_what_comes_of_it(engine: duckdb.DuckDBPyConnection, text: str, kind: str, result: Any) -> None:
    assert str(typed(text).type) == kind
    found = value(engine, text)
    assert found == (pytest.approx(result) if isinstance(result, float) else result)


@pytest.mark.parametrize(
    "text",
    [
        "i + 9223372036854775807",
        "-(-9223372036854775807 - 1)",
        "99999999999999999999.5 * 99999999999999999999.5",
    ],
)
def test_what_overflows_fails(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    with pytest.raises((duckdb.OutOfRangeException, duckdb.ConversionException)):
        value(engine, text)


def test_where_it_may_be_null() -> None:
    assert typed("i + 1").required
    assert not typed("i + j").required
    assert not typed("i / i").required
    assert not typed("i % i").required


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("i + s", 0, "texts are put together by concat(…)"),
        ("i - s", 4, "here stands a value of type string, and it must be a number"),
        ("i * 'x'", 4, "here stands 'x', and it must be a number"),
        ("i + null", 4, "here stands null, and it must be a number"),
        ("b + 1", 0, "here stands a value of type boolean, and it must be a number"),
        ("d - 1", 0, "here stands a value of type date, and it must be a number"),
        ("i // 2", 0, "this sign is not of the language: write floor(a / b)"),
        ("b & b", 0, "this sign is not of the language: write 'and'"),
        ("b | b", 0, "this sign is not of the language: write 'or'"),
        ("i ** 2", 0, "this sign is not of the language: there are + - * / %"),
        ("+i", 0, "of the signs before a value there are only '-' and 'not'"),
        ("-s", 1, "here stands a value of type string, and it must be a number"),
        ("i and b", 0, "here stands a value of type integer, and it must be true or false"),
        (
            "wide * wide * wide * wide",
            0,
            "decimal(38,30) times decimal(38,10) has too many digits after the point: "
            "round and cast one of them",
        ),
    ],
)
def test_what_is_wrong(text: str, column: int, problem: str) -> None:
    assert wrong(text) == (0, column, problem)
