from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice, permutations
from typing import Any

import duckdb
import pytest

from common.pipelines.expressions.functions_of_groups import OF_GROUPS
from unit.common.pipelines.expressions.kit import fill, typed, value

ROWS = [
    {"i": 3, "j": 1, "m": "0.1", "n": 1e16, "s": "b", "b": True, "d": "2026-02-28"},
    {"i": 1, "j": 2, "m": "0.2", "n": 1.0, "s": "a", "b": False, "d": "2026-02-27"},
    {"i": 3, "j": None, "m": None, "n": -1e16, "s": None, "b": None, "d": "2026-02-27", "t": None},
    {"i": 2, "j": 2, "m": "0.3", "n": 0.1, "s": "c", "b": True, "d": "2026-02-28"},
]
EXAMPLES: list[tuple[str, Any]] = [
    ("count()", 4),
    ("count(m)", 3),
    ("count_distinct(j)", 2),
    ("count_distinct(s)", 3),
    ("sum(i)", 9),
    ("sum(m)", Decimal("0.6000")),
    ("sum(i * m)", Decimal("1.1000")),
    ("sum(n)", 0.0),
    ("sum(1 if b else 0)", 2),
    ("average(i)", 2.25),
    ("average(m)", 0.2),
    ("average(n)", 0.0),
    ("median(i)", 2.5),
    ("median(m)", 0.2),
    ("median(i * 0.5)", 1.25),
    ("min(s)", "a"),
    ("min(m)", Decimal("0.1000")),
    ("max(d)", date(2026, 2, 28)),
    ("max(t)", datetime(2026, 2, 28, 10, 20, 30, 500000, UTC)),
    ("max(b)", True),
    ("most_frequent(i)", 3),
    ("most_frequent(d)", date(2026, 2, 27)),
    ("most_frequent(s)", "a"),
    ("most_frequent(t)", datetime(2026, 2, 28, 10, 20, 30, 500000, UTC)),
    ("most_frequent(m)", Decimal("0.1000")),
    ("any_true(b)", True),
    ("all_true(b)", False),
    ("first(s, d)", "a"),
    ("first(i, j)", 3),
    ("last(s, d)", "c"),
    ("last(i, j)", 2),
    ("last(m, t)", Decimal("0.3000")),
    ("max(i) - min(i) + count()", 6),
    ("sum(i) / count()", 2.25),
    ("count() if any_true(b) else 0", 4),
]


@pytest.fixture(scope="module", name="filled")
def _filled(engine: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    fill(engine, *ROWS)
    yield engine
    fill(engine, {})


@pytest.mark.parametrize(("text", "result"), EXAMPLES)
def test_what_a_function_gives(filled: duckdb.DuckDBPyConnection, text: str, result: Any) -> None:
    found = value(filled, text, ())
    assert type(found) is type(result)
    assert found == (pytest.approx(result) if isinstance(result, float) else result)


def test_every_function_has_an_example() -> None:
    assert {text.split("(")[0] for text, _ in EXAMPLES} == set(OF_GROUPS)


@pytest.mark.parametrize("text", [text for text, _ in EXAMPLES])
def test_of_no_rows_it_is_null_or_none(filled: duckdb.DuckDBPyConnection, text: str) -> None:
    found = typed(text, ())
    ((result,),) = filled.sql(f"SELECT {found.sql} FROM x WHERE i > 99").fetchall()
    assert result in (None, 0)


def test_the_order_of_the_rows_does_not_matter(engine: duckdb.DuckDBPyConnection) -> None:
    texts = ["sum(n)", "average(n)", "first(s, d)", "last(s, d)", "most_frequent(i)"]
    sql = ", ".join(typed(text, ()).sql for text in texts)
    found = set()
    for rows in islice(permutations(ROWS), 24):
        fill(engine, *rows)
        found.add(engine.sql(f"SELECT {sql} FROM x").fetchall()[0])
    fill(engine, {})
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "required", "personal"),
    [
        ("sum(i)", True, False),
        ("sum(j)", False, False),
        ("count(s)", True, False),
        ("count_distinct(s)", True, False),
        ("max(length(s))", False, True),
        ("first(i, s)", False, True),
        ("most_frequent(s)", False, True),
    ],
)
def test_what_is_known_of_the_result(text: str, *, required: bool, personal: bool) -> None:
    found = typed(text, ())
    assert (found.required, found.personal, found.aggregate) == (required, personal, True)


def test_a_sum_that_overflows_fails(engine: duckdb.DuckDBPyConnection) -> None:
    fill(engine, {"i": 2**63 - 1}, {"i": 1})
    with pytest.raises((duckdb.OutOfRangeException, duckdb.ConversionException)):
        value(engine, "sum(i)", ())
    fill(engine, {})
