from datetime import UTC, date, datetime

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"at": "timestamp!*", "day": "date", "n": "integer", "date": "date!"}
ROWS = [
    ("2026-02-28 23:59:59.5+00", "2026-02-28", 1, "2026-02-28"),
    ("0001-01-01 00:00:00+00", None, 1, "2026-02-28"),
]


def test_moments_begin_their_unit(bench: Bench) -> None:
    found = bench.run("truncate_date: {at: hour, day: quarter}", GIVEN, ROWS)
    assert [row[:2] for row in found] == [
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (datetime(2026, 2, 28, 23, tzinfo=UTC), date(2026, 1, 1)),
    ]
    done = bench.plan("truncate_date: {at: hour, day: quarter}", GIVEN)
    assert (done.columns, done.planned.by_day) == (GIVEN, True)
    assert bench.run("truncate_date: {day: week}", GIVEN, ROWS[:1])[0][1] == date(2026, 2, 23)
    assert not bench.plan("truncate_date: {date: month}", GIVEN).planned.by_day


def test_what_is_wrong(bench: Bench) -> None:
    assert bench.plan("truncate_date: {n: day, day: hour, x: day}", GIVEN).problems == [
        "2:21: 'n' is of type integer, and no date or timestamp",
        "2:29: 'day' is a date and has no hours: it is year, quarter, month, week, day",
        "2:40: unknown column 'x': known: at, date, day, n.",
    ]
