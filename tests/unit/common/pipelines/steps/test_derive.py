from decimal import Decimal

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"n": "integer!", "price": "decimal(6,2)", "who": "string*", "date": "date!"}
ROWS = [(3, "1.25", "ann", "2026-01-01"), (2, None, "bob", "2026-01-01")]


def test_later_ones_use_earlier_ones(bench: Bench) -> None:
    step = "derive: {total: n * price, double: total * 2, n: n + 1, m: n * 10, big: upper(who)}"
    done = bench.plan(step, GIVEN)
    assert list(done.columns.items()) == [
        ("n", "integer!"),
        ("price", "decimal(6,2)"),
        ("who", "string*"),
        ("date", "date!"),
        ("total", "decimal(25,2)"),
        ("double", "decimal(38,2)"),
        ("m", "integer!"),
        ("big", "string*"),
    ]
    found = [(row[0], *row[4:]) for row in bench.run(step, GIVEN, ROWS)]
    assert found == [(3, None, None, 30, "BOB"), (4, Decimal("3.75"), Decimal("7.50"), 40, "ANN")]
    assert done.planned.by_day


def test_columns_swap_one_after_the_other(bench: Bench) -> None:
    step = "derive: {a: a + b, b: a - b, a_again: a, a: a - b}".replace(", a: a - b", "")
    assert bench.run(step, {"a": "integer!", "b": "integer!"}, [(5, 3)]) == [(8, 5, 8)]


def test_the_day_stays_the_rows_own(bench: Bench) -> None:
    assert not bench.plan("derive: {date: date}", GIVEN).planned.by_day
    assert not bench.plan("derive: {age: 'between(\"day\", date, now())'}", GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    done = bench.plan("derive: {a: nn + 1, b: n + 1, _c: n}", GIVEN)
    assert done.problems == [
        "2:17: unknown column 'nn': did you mean 'n'?",
        "2:35: the name '_c' must be small letters, digits and _, begin with a letter, "
        "and have at most 63 of them",
    ]
    assert done.columns["b"] == "integer!"
    assert bench.plan("derive: {a: sum(n)}", GIVEN).problems == [
        "2:17: sum(…) is of a group of rows: it stands in the step 'aggregate'"
    ]
