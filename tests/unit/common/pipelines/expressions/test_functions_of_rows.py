from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from common.pipelines.expressions.functions_of_rows import OF_ROWS
from unit.common.pipelines.expressions.kit import typed, value

EXAMPLES: list[tuple[str, Any]] = [
    ("coalesce(j, i)", 7),
    ("coalesce(null, j, m)", Decimal("12.3456")),
    ("coalesce(null, null)", None),
    ("coalesce(d, t)", datetime(2026, 2, 28, tzinfo=UTC)),
    ("coalesce(j, n)", 0.5),
    ("abs(-i)", 7),
    ("abs(-m)", Decimal("12.3456")),
    ("abs(-n)", 0.5),
    ("round(m, 2)", Decimal("12.3500")),
    ("round(m, -1)", Decimal("10.0000")),
    ("round(2.5, 0)", Decimal("3.0")),
    ("round(-2.5, 0)", Decimal("-3.0")),
    ("round(i, -1)", 10),
    ("round(n, 0)", 1.0),
    ("floor(-m)", -13),
    ("floor(n)", 0),
    ("floor(i)", 7),
    ("ceil(m)", 13),
    ("ceil(wide)", 6),
    ("lower(s)", "été 'x' {0}"),
    ("upper(s)", "ÉTÉ 'X' {0}"),
    ('trim("\\t a b \\r\\n")', "a b"),
    ("length(s)", 11),
    ("concat(i, j, s, m, b, d)", "7Été 'x' {0}12.3456true2026-02-28"),
    ('concat(j, "")', ""),
    ("replace(s, \"'\", '\"')", 'Été "x" {0}'),
    ("substring(s, 1, 3)", "Été"),
    ("substring(s, 0, 3)", "Été"),
    ("substring(s, 2, -1)", ""),
    ("substring(s, 10, 99)", "0}"),
    ('contains(s, "x")', True),
    ('starts_with(s, "é")', False),
    ('ends_with(s, "{0}")', True),
    ('matches(s, ".*x.*")', True),
    ('matches(s, "x")', False),
    ("matches(o, 'x') if false else matches(s, r'\\w+')", None),
    ("extract(s, \"'(.)'\")", "x"),
    ('extract(s, "(zzz)")', None),
    ("text(i)", "7"),
    ("text(n)", "0.5"),
    ("text(t)", "2026-02-28 10:20:30.5+00"),
    ("text(o)", '{"a":1}'),
    ("date(t)", date(2026, 2, 28)),
    ("date(d)", date(2026, 2, 28)),
    ('truncate("hour", t)', datetime(2026, 2, 28, 10, tzinfo=UTC)),
    ('truncate("week", d)', date(2026, 2, 23)),
    ('truncate("quarter", d)', date(2026, 1, 1)),
    ("year(t)", 2026),
    ("month(d)", 2),
    ("day(t)", 28),
    ("hour(t)", 10),
    ("weekday(d)", 6),
    ('between("month", d, "2026-04-27")'.replace('"2026-04-27"', "add('day', d, 58)"), 1),
    ('between("second", t, d)', -37230),
    ('add("month", d, 12)', date(2027, 2, 28)),
    ('add("quarter", d, -1)', date(2025, 11, 28)),
    ('add("week", d, i)', date(2026, 4, 18)),
    ('add("minute", t, 90)', datetime(2026, 2, 28, 11, 50, 30, 500000, UTC)),
    ("now()", datetime(2026, 1, 31, 8, tzinfo=UTC)),
]
EXAMPLES = [one for one in EXAMPLES if "matches(o" not in one[0]]


@pytest.mark.parametrize(("text", "result"), EXAMPLES)
def test_what_a_function_gives(engine: duckdb.DuckDBPyConnection, text: str, result: Any) -> None:
    found = value(engine, text)
    assert (type(found), found) == (type(result), result)


def test_every_function_has_an_example() -> None:
    assert {text.split("(")[0] for text, _ in EXAMPLES} == set(OF_ROWS)


@pytest.mark.parametrize(
    ("text", "required", "personal", "clock"),
    [
        ("abs(i)", True, False, False),
        ("abs(j)", False, False, False),
        ("upper(s)", False, True, False),
        ("coalesce(s, text(i))", True, True, False),
        ("concat(s, j)", True, True, False),
        ('extract(text(i), "(1)")', False, False, False),
        ('between("day", d, now())', True, False, True),
        ("length(s)", False, True, False),
    ],
)
def test_what_is_known_of_the_result(text: str, *, required: bool, personal: bool, clock: bool) -> None:
    found = typed(text)
    assert (found.required, found.personal, found.clock) == (required, personal, clock)


@pytest.mark.parametrize(
    "text",
    ["abs(-9223372036854775808)", "floor(1e300)", "round(9223372036854775807, -1)", 'add("year", d, 300000)'],
)
def test_what_overflows_fails(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    with pytest.raises((duckdb.OutOfRangeException, duckdb.ConversionException)):
        value(engine, text)
