"""Expressions of any kind: what is right binds and has the type that was promised, what is wrong is said."""

from collections.abc import Callable
from itertools import combinations

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common.pipelines.expressions.compiler import ExpressionError, Typed
from common.pipelines.expressions.functions import (
    ANY,
    FLAG,
    FUNCTIONS,
    MOMENT,
    NUMERIC,
    PATTERN,
    PLACES,
    TEXT,
    UNIT,
    UNITS,
    VALUE,
    WHEN,
    WHOLE,
)
from common.pipelines.expressions.reading import LINE_ENDS
from common.pipelines.expressions.types import Type
from unit.common.pipelines.expressions.kit import COLUMNS, TYPES, engine_type, fill, typed

QUIET = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
LEAVES = [
    *(name for name in TYPES if name.isidentifier() and name != "class"),
    *("0", "-3", "9223372036854775807", "0.05", "123456789.5", "1e300", "true", "null", "'x'", "'a{0}\\'\"'"),
    *("column('class')", "'2026-01-31'", "now()"),
]
SIGNS = ["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "and", "or"]


def call(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Calls of any function, with arguments of which some fit."""
    of: dict[str, st.SearchStrategy[str]] = {
        UNIT: st.sampled_from([f"'{unit}'" for unit in UNITS]),
        PATTERN: st.sampled_from(["'a(b)?'", "r'(\\d+)'"]),
        PLACES: st.sampled_from(["-2", "0", "3"]),
        MOMENT: st.sampled_from(["d", "t", "now()"]),
        WHEN: st.just("t"),
        **dict.fromkeys((ANY, VALUE, NUMERIC, TEXT, WHOLE, FLAG), parts),
    }
    names = st.sampled_from(sorted(FUNCTIONS))
    return names.flatmap(
        lambda name: st.tuples(*(of[takes] for takes in FUNCTIONS[name].takes)).map(
            lambda given: f"{name}({', '.join(given)})"
        )
    )


def larger(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from(SIGNS)
    return st.one_of(
        st.tuples(parts, sign, parts).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
        st.tuples(parts, parts, parts).map(lambda one: f"({one[0]} if {one[1]} else {one[2]})"),
        st.tuples(parts, parts, parts).map(lambda one: f"({one[0]} < {one[1]} <= {one[2]})"),
        st.tuples(parts, parts, parts).map(lambda one: f"({one[0]} in ({one[1]}, {one[2]}))"),
        parts.map(lambda one: f"({one} is not null)"),
        parts.map(lambda one: f"(-{one})"),
        parts.map(lambda one: f"(not {one})"),
        call(parts),
    )


EXPRESSIONS = st.recursive(st.sampled_from(LEAVES), larger, max_leaves=8)


def bind(engine: duckdb.DuckDBPyConnection, text: str, groups: tuple[str, ...] | None) -> bool:
    """Whether an expression is right; then the engine's type of it is the one that was promised."""
    found = attempt(text, groups)
    if found is None:
        return False
    ending = f"GROUP BY {', '.join(groups)}" if groups else ""
    try:
        relation = engine.sql(f"SELECT {found.sql} AS found FROM x {ending}")
        assert str(relation.types[0]) == engine_type(found.type), text
        values = relation.fetchall()
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException):
        return True  # something overflows; of constants alone that is seen when it is bound
    assert not found.required or all(value is not None for (value,) in values), text
    return True


@pytest.fixture(scope="module", autouse=True)
def _nulls(engine: duckdb.DuckDBPyConnection) -> None:
    """A second row, with no value but where one must be."""
    fill(engine, {}, {name: None for name, column in COLUMNS.items() if not column.required})


def attempt(text: str, groups: tuple[str, ...] | None = None) -> Typed | None:
    """An expression, or nothing where it is wrong; the error's place is one of the text."""
    try:
        return typed(text, groups)
    except ExpressionError as error:
        place = (error.line, error.column)
    lines = LINE_ENDS.split(text)
    assert 0 <= place[0] < len(lines), text
    assert 0 <= place[1] <= len(lines[place[0]]), text
    return None


@settings(max_examples=500, **QUIET)  # type: ignore[arg-type]
@given(EXPRESSIONS)
def test_what_is_right_binds_and_has_its_type(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    bind(engine, text, None)


@settings(max_examples=500, **QUIET)  # type: ignore[arg-type]
@given(EXPRESSIONS)
def test_so_do_expressions_of_groups(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    bind(engine, text, ("i", "d", "s"))


def test_every_sign_between_any_two_binds(engine: duckdb.DuckDBPyConnection) -> None:
    right = [
        f"{one} {sign} {other}"
        for one, other in combinations(LEAVES, 2)
        for sign in SIGNS
        if bind(engine, f"{one} {sign} {other}", None)
    ]
    assert len(right) > 500


@settings(max_examples=500, **QUIET)  # type: ignore[arg-type]
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from([*LEAVES, *SIGNS, *FUNCTIONS, *"()[]{}.,:='\"\\\n# é"])).map(" ".join),
    )
)
@example("i" * 4000)
@example("'" * 3999)
@example("\\\n")
@example("i \\\n")
@example("(\x0c zz")
def test_any_text_is_right_or_an_error_with_its_place(text: str) -> None:
    attempt(text)


def test_a_name_is_only_ever_a_name(engine: duckdb.DuckDBPyConnection) -> None:
    made: Callable[[str], str] = lambda name: f"column({name!r})"  # noqa: E731
    for name in TYPES:
        assert bind(engine, made(name), None)
    assert engine.sql("SELECT count(*) FROM x").fetchall() == [(2,)]


def test_types_have_one_spelling() -> None:
    assert {engine_type(Type.of(text)) for text in TYPES.values()} >= {
        "TIMESTAMP WITH TIME ZONE",
        "DECIMAL(18,4)",
    }
