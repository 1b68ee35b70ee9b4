from datetime import date
from decimal import Decimal

from unit.common.pipelines.steps.kit import Bench

NAMES = "must be small letters, digits and _, begin with a letter, and have at most 63 of them"
GIVEN = {"date": "date!", "paid": "integer!", "void": "decimal(4,1)!", "note": "string", "at": "integer*"}
ROWS = [("2026-01-01", 1, "0.5", "x", None), ("2026-01-02", 2, "1.5", "y", 3)]


def test_columns_become_rows(bench: Bench) -> None:
    step = "unpivot: {by: [date], columns: [paid, void], name: state, value: n}"
    assert bench.run(step, GIVEN, ROWS) == [
        (date(2026, 1, 1), "paid", Decimal(1)),
        (date(2026, 1, 1), "void", Decimal("0.5")),
        (date(2026, 1, 2), "paid", Decimal(2)),
        (date(2026, 1, 2), "void", Decimal("1.5")),
    ]
    done = bench.plan(step, GIVEN)
    assert done.columns == {"date": "date!", "state": "string!", "n": "decimal(20,1)!"}
    assert done.planned.by_day


def test_null_stays(bench: Bench) -> None:
    step = "unpivot: {columns: [paid, at], name: name, value: value}"
    assert bench.run(step, GIVEN, ROWS) == [("at", 3), ("at", None), ("paid", 1), ("paid", 2)]
    done = bench.plan(step, GIVEN)
    assert (done.columns, done.planned.by_day) == ({"name": "string!", "value": "integer*"}, False)


def test_what_is_wrong(bench: Bench) -> None:
    step = "unpivot: {by: [date], columns: [pad, paid, note], name: date, value: 1x}"
    assert bench.plan(step, GIVEN).problems == [
        "2:37: unknown column 'pad': did you mean 'paid'?",
        "2:48: 'note' is of type string and those before it of type integer: cast one",
        "2:55: 'date' is a column already: give this one another name",
        f"2:67: the name '1x' {NAMES}",
    ]
