from decimal import Decimal
from typing import Any

import duckdb
import pytest

from common.pipelines.expressions.types import INTEGER, NUMBER, STRING, decimal
from unit.common.pipelines.expressions.kit import ODD, typed, value, wrong


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1_000", 1000),
        ("0xff", 255),
        ("-9223372036854775808", -(2**63)),
        ("0.10", Decimal("0.10")),
        (".5", Decimal("0.5")),
        ("7.", Decimal(7)),
        ("0.0", Decimal("0.0")),
        ("99999999999999999999.5", Decimal("99999999999999999999.5")),
        ("1.5e3", 1500.0),
        ("1e-7", 1e-7),
        ("true", True),
        ("False", False),
        ("'it''s'", "its"),
        ('"it\'s {0} {}"', "it's {0} {}"),
        ("'a\\\\b\\n'", "a\\b\n"),
        ("r'\\d'", "\\d"),
        ("'😀' 'b'", "😀b"),
        ('"\'); DROP TABLE x; --"', "'); DROP TABLE x; --"),
        ("i", 7),
        ("(\n i\n)", 7),
        ('column("class")', "c"),
        (f"column({ODD!r})", 3),
        ("text(0.50)", "0.50"),
        ("null", None),
        ("None", None),
        ("null if b else null", None),
        ("i if b else m", Decimal(7)),
        ("j if b else 0.5", None),
        ("i if not b else n", 0.5),
        ("d if j == 1 else null", None),
        ("9223372036854775807 if b else 0.5", Decimal(2**63 - 1)),
        ("1 if null else 2", 2),
    ],
)
def test_a_value(engine: duckdb.DuckDBPyConnection, text: str, result: Any) -> None:
    found = value(engine, text)
    assert (type(found), found) == (type(result), result)


def test_types_of_values() -> None:
    assert typed("0.10").type == decimal(3, 2)
    assert typed("12.5").type == decimal(3, 1)
    assert typed("0.0").type == decimal(2, 1)
    assert typed("1e3").type == NUMBER
    assert typed("i if b else 1").type == INTEGER
    assert typed("null").type == STRING
    assert not typed("null").required
    assert typed("i if b else 1").required
    assert not typed("j if b else 1").required
    assert typed("1 if s == 'x' else 2").personal
    assert typed("i if b else 1").columns == {"i", "b"}


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("9223372036854775808", 0, "a whole number has at most 64 bits: write one with a point, 1.0"),
        ("i + 1e999", 4, "the number is too large"),
        (f"1.{'1' * 38}", 0, "an exact number has at most 38 digits: write one with an exponent, 1.5e3"),
        ("1j", 0, "1j is no value of the language"),
        ("b'x'", 0, "b'x' is no value of the language"),
        ("...", 0, "Ellipsis is no value of the language"),
        ("'a\\0'", 0, "a text holds neither zero bytes nor halves of letters"),
        ("'\\ud800'", 0, "a text holds neither zero bytes nor halves of letters"),
        ("ii", 0, "unknown column 'ii': did you mean 'i'?"),
        ("upper", 0, None),
        ("1 if b else 'x'", 0, "the two values have no type together: integer and string"),
        ("1 if i else 2", 5, "here stands a value of type integer, and it must be true or false"),
    ],
)
def test_what_is_wrong(text: str, column: int, problem: str | None) -> None:
    line, found, said = wrong(text)
    assert (line, found) == (0, column)
    assert said == problem or (problem is None and said.endswith("upper(…) is a function."))
