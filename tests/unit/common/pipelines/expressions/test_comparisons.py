from typing import Any

import duckdb
import pytest

from unit.common.pipelines.expressions.kit import typed, value, wrong


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("i == 7", True),
        ("i != 7", False),
        ("i > 6.5", True),
        ("6.5 < i <= 7", True),
        ("6.5 < i < 7 < 8", False),
        ("m == 12.3456", True),
        ("s == 'x'", False),
        ("j == 1", None),
        ("j is null", True),
        ("j is not null", False),
        ("j == null", True),
        ("j != null", False),
        ("null is null", True),
        ("i in (1, 7)", True),
        ("i not in [1, 7.5]", True),
        ("j in (1, 2)", None),
        ("d == '2026-02-28'", True),
        ("'2026-02-28' <= d <= '2026-03-01'", True),
        ("t > '2026-02-28'", True),
        ("t < '2026-02-28T12:00:00+02:00'", False),
        ("d in ('2026-02-27', '2026-02-28')", True),
        ("d == t", False),
        ("date(t) == d", True),
        ("t > d", True),
        ("b == true", True),
        ("i > 0 and (s is null or b)", True),
        ("s > 'A'", True),
    ],
)
def test_what_comes_of_it(engine: duckdb.DuckDBPyConnection, text: str, result: Any) -> None:
    assert value(engine, text) is result


def test_where_it_may_be_null() -> None:
    assert typed("j is null").required
    assert typed("i in (1, 2)").required
    assert not typed("i in (1, j)").required
    assert not typed("i < j").required


def test_the_middle_is_compiled_once() -> None:
    text = "i"
    for _ in range(40):
        text = f"1 if 0 < ({text}) < 2 else 0"
    assert wrong(text)[2] in ("the expression is too large", "the expression is nested more than 50 deep")


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("i == 'x'", 5, "integer and string cannot be compared"),
        ("i is 7", 5, "'is' and 'is not' stand before null alone, and nothing else is compared with it"),
        ("i < null", 4, "'is' and 'is not' stand before null alone, and nothing else is compared with it"),
        ("null == i", 8, "'is' and 'is not' stand before null alone, and nothing else is compared with it"),
        ("i in 7", 5, "after 'in' stands a list of values: ('a', 'b')"),
        ("i in ()", 5, "after 'in' stands a list of values: ('a', 'b')"),
        ("i in (1, null)", 9, "null is in no list: write 'x is null'"),
        ("i in (1, 'x')", 9, "integer and string cannot be compared"),
        ("i in (1, 2) == true", 5, "after a list nothing more is compared: write 'and'"),
        ("d > 'soon'", 4, "'soon' is no date: write it as 2026-01-31 or 2026-01-31T08:00:00Z"),
        (
            "t > '0001-01-01T00:00:00+05:00'",
            4,
            "'0001-01-01T00:00:00+05:00' is no timestamp: write it as 2026-01-31 or 2026-01-31T08:00:00Z",
        ),
        ("s == o", 5, "string and object cannot be compared"),
    ],
)
def test_what_is_wrong(text: str, column: int, problem: str) -> None:
    assert wrong(text) == (0, column, problem)
