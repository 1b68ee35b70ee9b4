from itertools import permutations

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"id": "integer!", "at": "integer", "name": "string*", "date": "date!"}
ROWS = [
    (1, 5, "a", "2026-01-01"),
    (1, 5, "b", "2026-01-01"),
    (1, None, "z", "2026-01-02"),
    (2, None, "c", "2026-01-02"),
]


def test_the_latest_stays_in_any_order_of_the_rows(bench: Bench) -> None:
    for rows in permutations(ROWS):
        found = bench.run("deduplicate: {by: [id], latest: at}", GIVEN, rows)
        assert [row[:3] for row in found] == [(1, 5, "b"), (2, None, "c")]


def test_equal_rows_stay_once(bench: Bench) -> None:
    found = bench.run("deduplicate: {}", GIVEN, [*ROWS, ROWS[0], ROWS[3]])
    assert len(found) == 4
    assert len(set(found)) == 4


def test_days(bench: Bench) -> None:
    done = bench.plan("deduplicate: {by: [id, date], latest: at}", GIVEN)
    assert (done.columns, done.planned.by_day) == (GIVEN, True)
    assert not bench.plan("deduplicate: {by: [id], latest: at}", GIVEN).planned.by_day
    assert bench.plan("deduplicate: {}", GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("deduplicate: {by: [id]}", GIVEN).problems == [
        "2:5: say under 'latest' by which column one of the rows with the same 'by' stays"
    ]
    assert bench.plan("deduplicate: {latest: at}", GIVEN).problems == [
        "2:19: say under 'by' which columns identify a row"
    ]
    assert bench.plan("deduplicate: {by: [idd], latest: att}", GIVEN).problems == [
        "2:24: unknown column 'idd': did you mean 'id'?",
        "2:30: unknown column 'att': did you mean 'at'?",
    ]
