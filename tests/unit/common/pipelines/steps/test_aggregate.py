from datetime import date
from decimal import Decimal

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"date": "date!", "n": "integer!", "price": "decimal(6,2)!", "who": "string*"}
ROWS = [
    ("2026-01-01", 3, "1.25", "ann"),
    ("2026-01-01", 2, "0.10", None),
    ("2026-01-02", 1, "9.99", "bob"),
]


def test_one_row_for_each_group(bench: Bench) -> None:
    step = "aggregate: {by: [date], columns: {revenue: sum(n * price), lines: count(), people: count(who)}}"
    assert bench.run(step, GIVEN, ROWS) == [
        (date(2026, 1, 1), Decimal("3.95"), 2, 1),
        (date(2026, 1, 2), Decimal("9.99"), 1, 1),
    ]
    done = bench.plan(step, GIVEN)
    assert done.columns == {
        "date": "date!",
        "revenue": "decimal(38,2)!",
        "lines": "integer!",
        "people": "integer!",
    }
    assert done.planned.by_day


def test_all_rows_are_one_group(bench: Bench) -> None:
    step = "aggregate: {columns: {most: max(n), lines: count(), who: max(who), double: sum(n) * 2}}"
    assert bench.run(step, GIVEN, ROWS) == [(3, 3, "bob", 12)]
    assert bench.run(step, GIVEN, []) == [(None, 0, None, None)]
    done = bench.plan(step, GIVEN)
    assert done.columns == {"most": "integer", "lines": "integer!", "who": "string*", "double": "integer"}
    assert not done.planned.by_day


def test_a_constant_has_one_row_too(bench: Bench) -> None:
    assert bench.run("aggregate: {columns: {one: 1}}", GIVEN, ROWS) == [(1,)]


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("aggregate: {by: [date], columns: {date: min(date)}}", GIVEN).problems == [
        "2:39: 'date' is a column already: give this one another name"
    ]
    assert bench.plan("aggregate: {by: [dat], columns: {x: 1 + n}}", GIVEN).problems == [
        "2:22: unknown column 'dat': did you mean 'date'?",
        "2:45: 'n' has a value for each row, and here rows are grouped: put it into a function such as "
        "sum or max, or into 'by'",
    ]
