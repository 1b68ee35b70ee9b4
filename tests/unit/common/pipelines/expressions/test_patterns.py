import re

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.pipelines.expressions.patterns import groups, is_pattern

TAKEN = [
    "",
    "a.b",
    r"\d{4}-\d{2}-\d{2}",
    r"[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){2,7}",
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
    "(?i)abc|(?:d|e)?",
    "(?P<year>[0-9]+)",
    "^a*?b+?$",
    r"[]a^-]\.\(\{\\",
    "é+",
    r"\bword\b",
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"\W{1000}",
    "[^a]{1000}",
    "(?i)é{1000}",
    "(a*)*",
]
REFUSED = [
    "(",
    "a)",
    "[a",
    "*a",
    "a**",
    "a*+",
    "(?=a)b",
    "(?!a)b",
    "(?<=a)b",
    r"(a)\1",
    "(?P<a>x)(?P=a)",
    "(?(1)a|b)",
    "(?>a)",
    "(?x) a",
    "a(?i)b",
    r"\Z",
    r"\u0041",
    r"\x41",
    "a{1001}",
    "(a{100}){100}",
    "((a{10}){10}){11}",
    "\x08",
    "a" * 501,
    "[[:alpha:]]",
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_engine_takes(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert is_pattern(text)
    engine.execute("SELECT regexp_full_match('x', $1)", [text]).fetchall()


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text: str) -> None:
    assert not is_pattern(text)


def test_groups_are_counted() -> None:
    assert (groups("(a)(?:b)(?P<c>c)"), groups("a")) == (2, 0)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [*"ab^$.|()[]*+?-{},:!=<>\\dwbAZ1é", "(?:", "(?i)", "{2}", "{1,3}", "[^", "\\d", "\\.", " "]
        ),
        max_size=12,
    ).map("".join),
    st.text("ab1é- .", max_size=4),
)
def test_both_languages_find_the_same(engine: duckdb.DuckDBPyConnection, pattern: str, text: str) -> None:
    if is_pattern(pattern):
        ((found,),) = engine.execute("SELECT regexp_full_match($1, $2)", [text, pattern]).fetchall()
        assert found is bool(re.fullmatch(pattern, text, re.ASCII)) or "é" in pattern + text
