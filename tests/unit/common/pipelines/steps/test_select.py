from unit.common.pipelines.steps.kit import Bench

GIVEN = {"a": "integer!", "b": "string*", "date": "date!"}


def test_columns_stay_in_the_order_given(bench: Bench) -> None:
    done = bench.plan("select: [b, a, b]", GIVEN)
    assert list(done.columns.items()) == [("b", "string*"), ("a", "integer!")]
    assert not done.planned.by_day
    assert bench.run("select: [b, a]", GIVEN, [(1, "x", "2026-01-01")]) == [("x", 1)]
    assert bench.plan("select: [date]", GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    done = bench.plan("select: [a, a, dat]", GIVEN)
    assert done.problems == ["2:20: unknown column 'dat': did you mean 'date'?"]
    assert done.columns == {"a": "integer!"}
    assert bench.plan("select: [x]", GIVEN).columns == GIVEN
