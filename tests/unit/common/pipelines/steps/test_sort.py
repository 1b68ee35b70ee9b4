from itertools import permutations

import pytest
from pydantic import TypeAdapter, ValidationError

from common.pipelines.steps.sort import Step
from unit.common.pipelines.steps.kit import Bench

GIVEN = {"name": "string", "revenue": "integer", "date": "date!"}
ROWS = [("a", 5, "2026-01-01"), ("b", 9, "2026-01-01"), ("c", 9, "2026-01-02"), (None, None, "2026-01-02")]


def names(bench: Bench, step: str) -> set[tuple[str | None, ...]]:
    """What a step keeps, of the rows in any order; in its order."""
    return {
        tuple(row[0] for row in bench.run(step, GIVEN, rows, ordered=True)) for rows in permutations(ROWS)
    }


def test_the_first_rows_stay(bench: Bench) -> None:
    assert names(bench, "sort: {by: [-revenue, name], limit: 3}") == {("b", "c", "a")}
    assert names(bench, "sort: {by: [revenue], limit: 2}") == {("a", "b")}
    assert names(bench, "sort: {by: [-revenue]}") == {("b", "c", "a", None)}


def test_the_first_of_each_group_stay(bench: Bench) -> None:
    found = bench.run("sort: {by: [-revenue], limit: 1, per: [date]}", GIVEN, ROWS)
    assert [row[0] for row in found] == ["b", "c"]


def test_days(bench: Bench) -> None:
    assert bench.plan("sort: {by: [name]}", GIVEN).planned.by_day
    assert bench.plan("sort: {by: [name], limit: 1, per: [date]}", GIVEN).planned.by_day
    assert not bench.plan("sort: {by: [name], limit: 1}", GIVEN).planned.by_day
    assert bench.plan("sort: {by: [name], limit: 1}", GIVEN).columns == GIVEN


def test_a_limit_needs_an_order() -> None:
    with pytest.raises(ValidationError, match="by\n  Field required"):
        TypeAdapter(Step).validate_python({"limit": 10})


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("sort: {by: [-revenu, nam], per: [dat]}", GIVEN).problems == [
        "2:17: unknown column 'revenu': did you mean 'revenue'?",
        "2:26: unknown column 'nam': did you mean 'name'?",
        "2:32: 'per' is for a limit: say under 'limit' how many rows of each group stay",
        "2:38: unknown column 'dat': did you mean 'date'?",
    ]
