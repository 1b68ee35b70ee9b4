from unit.common.pipelines.steps.kit import Bench

GIVEN = {"n": "integer!", "status": "string", "date": "date!"}
ROWS = [
    (1, "void", "2026-01-01"),
    (2, None, "2026-01-01"),
    (3, "paid", "2026-01-02"),
    (-1, "paid", "2026-01-02"),
]


def test_rows_stay_for_which_it_is_true(bench: Bench) -> None:
    found = bench.run('filter: n > 0 and status != "void"', GIVEN, ROWS)
    assert [row[:2] for row in found] == [(3, "paid")]
    done = bench.plan("filter: n > 0", GIVEN)
    assert (done.columns, done.planned.by_day) == (GIVEN, True)


def test_braces_and_quotes_are_texts(bench: Bench) -> None:
    odd = "{input} {0} }{ ' \" \\ '); DROP TABLE x; --"
    rows = [(1, odd, "2026-01-01"), (2, "x", "2026-01-01")]
    step = "filter: |-\n      status == '''" + odd.replace("\\", "\\\\").replace("'", "\\'") + "'''"
    assert [row[:2] for row in bench.run(step, GIVEN, rows)] == [(1, odd)]


def test_a_clock_sees_other_days(bench: Bench) -> None:
    assert not bench.plan("filter: date < date(now())", GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("filter: n + 1", GIVEN).problems == [
        "2:5: a filter is true or false, and this is of type integer"
    ]
    assert bench.plan('filter: "n > 0 and stats == 1"', GIVEN).problems == [
        "2:24: unknown column 'stats': did you mean 'status'?"
    ]
    several = "filter: |\n      n > 0\n      and  nn < 3"
    assert bench.plan(several, GIVEN).problems == ["4:12: unknown column 'nn': did you mean 'n'?"]
