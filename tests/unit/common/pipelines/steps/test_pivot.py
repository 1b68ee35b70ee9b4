from datetime import date
from decimal import Decimal

from unit.common.pipelines.steps.kit import Bench

NAMES = "must be small letters, digits and _, begin with a letter, and have at most 63 of them"
GIVEN = {"date": "date!", "state": "string", "value": "decimal(6,2)!*", "on_time": "boolean"}
ROWS = [
    ("2026-01-01", "paid", "1.25", "true"),
    ("2026-01-01", "paid", "1.25", "false"),
    ("2026-01-01", "In doubt", "7", None),
    ("2026-01-02", "other", "1", "true"),
]


def test_values_become_columns(bench: Bench) -> None:
    values = "{paid: paid, doubt: In doubt}"
    step = f"pivot: {{by: [date], column: state, values: {values}, value: sum(value), prefix: of_}}"
    assert bench.run(step, GIVEN, ROWS) == [
        (date(2026, 1, 1), Decimal("2.50"), Decimal(7)),
        (date(2026, 1, 2), None, None),
    ]
    done = bench.plan(step, GIVEN)
    assert done.columns == {"date": "date!", "of_paid": "decimal(38,2)*", "of_doubt": "decimal(38,2)*"}
    assert done.planned.by_day


def test_values_that_are_no_texts(bench: Bench) -> None:
    step = "pivot: {by: [state], column: on_time, values: [true, false], value: count(), prefix: late_}"
    assert bench.run(step, GIVEN, ROWS) == [("In doubt", None, None), ("other", 1, None), ("paid", 1, 1)]
    assert not bench.plan(step, GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    step = "pivot: {by: [dat], column: state, values: [paid, In doubt, paid, 3], value: vale}"
    assert bench.plan(step, GIVEN).problems == [
        "2:18: unknown column 'dat': did you mean 'date'?",
        f"2:54: the name 'In doubt' {NAMES}",
        "2:64: 'paid' is a column already: give this one another name",
        "2:70: 3 is no value of type string",
        f"2:70: the name '3' {NAMES}",
        "2:81: unknown column 'vale': did you mean 'value'?",
    ]
