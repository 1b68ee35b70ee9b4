"""Which days a run computes and answers for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import narwhals.stable.v2 as nw
import pytest

from common.io.partitions import ALL_DAYS, NO_DAYS
from common.utils.window import Window
from common.verbs.days import Days, dates

WINDOW = Window(datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC))
DUCK = duckdb.connect()


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    yield
    DUCK.close()


def day(number: int) -> date:
    return date(2026, 1, number)


def frame(**columns: list[int]) -> Any:
    """Days by their number."""
    names, rows = list(columns), list(zip(*columns.values(), strict=True))
    values = ", ".join(f"({', '.join(f'DATE {day(one).isoformat()!r}' for one in row)})" for row in rows)
    empty = f"SELECT {', '.join(f'NULL::DATE AS {name}' for name in names)} WHERE false"
    return nw.from_native(
        DUCK.sql(f"SELECT * FROM (VALUES {values}) t({', '.join(names)})" if rows else empty)
    )


def days(
    window: Window | None, *, keyed: bool = True, wander: int | None = None, oldest: date | None = None
) -> Days:
    tables = SimpleNamespace(tried={day(20)}, unpublished={day(21)})
    extracted = SimpleNamespace(window=window, oldest=oldest, bookmark=None)
    return Days(cast("Any", extracted), cast("Any", tables), keyed=keyed, wander=wander)


def test_beside_a_window_are_the_days_that_rows_leave() -> None:
    winners = frame(date=[3, 4], _held_date=[4, 9])
    left = [day(one) for one in (2, 9, 20, 21)]
    assert days(WINDOW).beside(winners, frame(date=[2, 3])) == left


def test_without_a_window_these_are_all_days_that_are_touched() -> None:
    winners = frame(date=[3, 4], _held_date=[4, 9])
    touched = [day(one) for one in (2, 3, 4, 9, 20, 21)]
    assert days(None).beside(winners, frame(date=[2])) == touched


def test_conditions() -> None:
    assert days(WINDOW).condition(day(9)) == [
        [("date", "<", "2026-01-05"), ("date", ">=", "2026-01-03")],
        [("date", "=", "2026-01-09")],
    ]
    assert days(None).condition() == [[("date", "<", "0001-01-01")]], "none, and not all"
    arrived = frame(date=[3, 12])
    assert days(WINDOW).reach(arrived) is days(None, keyed=False).reach(arrived) is ALL_DAYS
    assert days(WINDOW, keyed=False).reach(arrived) == days(WINDOW).condition()


def test_a_record_that_wanders_little_is_looked_for_near_its_day_alone() -> None:
    near = days(None, wander=2)
    assert near.reach(frame(date=[3, 5, 20])) == [
        [("date", ">=", "2026-01-01"), ("date", "<", "2026-01-08")],
        [("date", ">=", "2026-01-18"), ("date", "<", "2026-01-23")],
    ]
    assert near.reach(frame(date=[])) is NO_DAYS
    assert days(WINDOW, keyed=False, wander=2).reach(frame(date=[3])) == days(WINDOW).condition()


def test_a_day_at_the_beginning_of_the_calendar_has_no_day_before() -> None:
    arrived = nw.from_native(DUCK.sql("SELECT DATE '0001-01-02' AS date"))
    assert days(None, wander=3).reach(arrived) == [
        [("date", ">=", "0001-01-01"), ("date", "<", "0001-01-06")]
    ]


def test_days_that_are_not_kept_are_of_every_run() -> None:
    past = [[("date", "<", "2026-01-02")]]
    assert days(WINDOW, oldest=day(2)).condition() == [*days(WINDOW).condition(), *past]
    assert days(WINDOW, oldest=day(2)).told([day(1)]) == ""
    assert days(WINDOW, oldest=day(2)).told([day(1), day(2)]) == "moved"
    assert days(WINDOW).told([day(1)]) == "moved"


def test_dates_are_each_once_and_never_null() -> None:
    assert sorted(dates(frame(date=[1, 1, 2]))) == [day(1), day(2)]
