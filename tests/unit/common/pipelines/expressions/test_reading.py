import warnings

import pytest

from common.pipelines.expressions.reading import LONGEST, parsed, source, spot
from common.pipelines.expressions.typed import ExpressionError
from unit.common.pipelines.expressions.kit import typed, wrong

READ = "the expression cannot be read: "


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("i = 1", 0, 2, READ + "write '==' for equal"),
        ("i > 0 and\n  s = 'a = b'", 1, 4, READ + "write '==' for equal"),
        ("s == 'a = b' and i <> 3", 0, 19, READ + "write '!=' for different"),
        ("i > 0 && b", 0, 6, READ + "write 'and'"),
        ("i > 0 AND b", 0, 6, READ + "write 'and'"),
        ("s || 'x'", 0, 2, READ + "write 'or', or concat(…) for texts"),
        ("b OR b", 0, 2, READ + "write 'or'"),
        ("NOT b", 0, 0, READ + "write 'not'"),
        ("!b", 0, 0, READ + "write 'not'"),
        ("i IN (1, 2)", 0, 2, READ + "write 'in'"),
        ("CASE WHEN b THEN 1 END", 0, 0, READ + "write 'a if condition else b'"),
        ("s LIKE 'a%'", 0, 2, READ + "write contains(…), starts_with(…) or matches(…)"),
        ("i BETWEEN 1 AND 2", 0, 2, READ + "write '1 <= a <= 2'"),
        ("s IS NOT NULL", 0, 2, READ + "write 'x is null' or 'x is not null'"),
        ("i +", 0, 3, READ + "invalid syntax"),
        ("i +\n", 1, 0, READ + "invalid syntax"),
        ("é + + )", 0, 6, READ + "this bracket closes none"),
        ("i >\n  (s == ')') )", 1, 13, READ + "this bracket closes none"),
        ("'abc", 0, 0, READ + "unterminated string literal"),
        ("i i", 0, 0, READ + "invalid syntax"),
        ("i) + (i", 0, 1, READ + "this bracket closes none"),
        ("i, j", 0, 0, READ + "one value is wanted"),
        ("# nothing", 0, 0, READ + "one value is wanted"),
        ("", 0, 0, "the expression is empty"),
        (" \n ", 0, 0, "the expression is empty"),
        ("i" * (LONGEST + 1), 0, 0, "an expression has at most 4,000 characters"),
        ("(" * 300 + "i" + ")" * 300, 0, 199, READ + "too many nested parentheses"),
        ("\ud800", 0, 0, READ + "a letter is broken"),
        ("i\0", 0, 0, READ + "a letter is broken"),
    ],
)
def test_what_cannot_be_read(text: str, line: int, column: int, problem: str) -> None:
    assert wrong(text) == (line, column, problem)


@pytest.mark.parametrize(
    "text", ["-" * 3000 + "1", "not " * 900 + "b", "+".join("i" * 1900), "[" * 150 + "]" * 150]
)
def test_what_is_nested_deeply_is_refused(text: str) -> None:
    assert "nested" in wrong(text)[2] or "not of the language" in wrong(text)[2]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("zz", 0, 0),
        ("i + zz", 0, 4),
        ("\n\n  i + zz", 2, 6),
        ("'éÅ😀' == zz", 0, 9),
        ("i > 0\r\nand zz", 1, 4),
        ("i > 0\rand zz", 1, 4),
        ("'\x0b\x1c\u2028' == zz", 0, 9),
        ("i > 0 and (\n  s == 'é'\n  or zz)", 2, 5),
    ],
)
def test_the_place_of_an_error(text: str, line: int, column: int) -> None:
    assert wrong(text)[:2] == (line, column)
    assert "unknown column 'zz'" in wrong(text)[2]


def test_a_node_in_its_text() -> None:
    node = parsed(" i +\n 1_0.50")
    right = node.right  # type: ignore[attr-defined]
    assert (spot(" i +\n 1_0.50", right), source(" i +\n 1_0.50", right)) == ((1, 1), "1_0.50")
    with pytest.raises(ExpressionError):
        parsed("i +")


def test_a_backslash_is_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert typed("matches(s, '\\d+')").sql == typed("matches(s, r'\\d+')").sql
