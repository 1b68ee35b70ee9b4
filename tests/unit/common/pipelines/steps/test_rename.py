from unit.common.pipelines.steps.kit import Bench

GIVEN = {"a": "integer!", "b": "string*", "date": "date!"}


def test_columns_keep_their_place(bench: Bench) -> None:
    done = bench.plan("rename: {b: a, a: b}", GIVEN)
    assert list(done.columns.items()) == [("b", "integer!"), ("a", "string*"), ("date", "date!")]
    assert done.planned.by_day
    assert [row[:2] for row in bench.run("rename: {c: a}", GIVEN, [(1, "x", "2026-01-01")])] == [(1, "x")]


def test_the_day_is_of_that_name_alone(bench: Bench) -> None:
    assert not bench.plan("rename: {day: date}", GIVEN).planned.by_day
    assert not bench.plan("rename: {date: a, day: date}", GIVEN).planned.by_day
    assert not bench.plan("rename: {date: a}", {"a": "date!"}).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("rename: {c: aa}", GIVEN).problems == ["2:14: unknown column 'aa': did you mean 'a'?"]
    assert bench.plan("rename: {c: a, d: a}", GIVEN).problems == ["2:20: 'a' gets two names: 'c' and 'd'"]
    assert bench.plan("rename: {b: a}", GIVEN).problems == [
        "2:14: 'b' is a column already: give this one another name"
    ]
    assert bench.plan("rename: {B c: a}", GIVEN).problems == [
        "2:14: the name 'B c' must be small letters, digits and _, begin with a letter, "
        "and have at most 63 of them"
    ]
