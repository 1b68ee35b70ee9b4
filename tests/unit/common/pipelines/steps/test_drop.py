from unit.common.pipelines.steps.kit import Bench

GIVEN = {"a": "integer!", "b": "string*", "date": "date!"}


def test_the_other_columns_stay(bench: Bench) -> None:
    done = bench.plan("drop: [b]", GIVEN)
    assert done.columns == {"a": "integer!", "date": "date!"}
    assert done.planned.by_day
    assert bench.run("drop: [b, date]", GIVEN, [(1, "x", "2026-01-01")]) == [(1,)]
    assert not bench.plan("drop: [date]", GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("drop: [c]", GIVEN).problems == ["2:12: unknown column 'c': known: a, b, date."]
    assert bench.plan("drop: [a, b, date]", GIVEN).problems == ["2:5: no column is left"]
