from unit.common.pipelines.steps.kit import Bench

GIVEN = {"a": "integer", "b": "string*", "date": "date!"}
ROWS = [(1, None, "2026-01-01"), (None, "x", "2026-01-01"), (2, "y", "2026-01-01")]


def test_rows_without_a_value_go(bench: Bench) -> None:
    assert [row[0] for row in bench.run("drop_nulls: [a]", GIVEN, ROWS)] == [1, 2]
    assert [row[0] for row in bench.run("drop_nulls: [a, b]", GIVEN, ROWS)] == [2]
    done = bench.plan("drop_nulls: [a, b]", GIVEN)
    assert done.columns == {"a": "integer!", "b": "string!*", "date": "date!"}
    assert done.planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("drop_nulls: [a, c]", GIVEN).problems == [
        "2:21: unknown column 'c': known: a, b, date."
    ]
