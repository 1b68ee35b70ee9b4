from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from common.utils.errors import SettingsError
from common.utils.window import Window
from vlp.request import run_of, window_of

INTERVAL = (datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC))
ASKED = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)
FORM = {"window_start": None, "window_end": None, "full_refresh": False, "dry_run": False}


def given(start: str | None, end: str | None) -> dict[str, Any]:
    return {"window_start": start, "window_end": end}


def context(run_type: str = "scheduled", interval: Any = INTERVAL, **params: Any) -> Any:
    dag_run = SimpleNamespace(
        run_id="run",
        run_type=run_type,
        data_interval_start=interval[0],
        data_interval_end=interval[1],
        run_after=ASKED,
    )
    return {"dag_run": dag_run, "params": {**FORM, **params}}


def test_the_window_is_the_data_interval() -> None:
    assert window_of(given(None, None), *INTERVAL, ASKED) == Window(*INTERVAL)


def test_the_interval_is_taken_to_utc() -> None:
    zone = datetime.fromisoformat("2026-03-10T01:00:00+01:00").tzinfo
    local = tuple(bound.astimezone(zone) for bound in INTERVAL)
    assert window_of(given(None, None), *local, ASKED) == Window(*INTERVAL)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-31", "2026-02-02"),
        ("2026-01-31T00:00:00Z", "2026-02-02T00:00:00"),
        ("2026-01-31T01:00:00+01:00", "2026-02-01T19:00:00-05:00"),
    ],
)
def test_the_form_goes_before_the_interval(start: str, end: str) -> None:
    expected = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC))
    assert window_of(given(start, end), *INTERVAL, ASKED) == expected


def test_without_an_interval_it_is_the_last_whole_day() -> None:
    assert window_of(given("", None), None, None, ASKED) == Window(*INTERVAL)
    late = datetime.fromisoformat("2026-03-10T23:30:00-02:00")  # the 11th in UTC
    assert window_of(given(None, None), None, None, late) == Window(
        *(bound + timedelta(days=1) for bound in INTERVAL)
    )


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-01-31", None, "no window_end"),
        (None, "2026-01-31", "no window_start"),
        ("31.01.2026", "2026-02-01", "window_start is '31.01.2026', which is no date"),
        ("2026-02-01", "2026-02-01", "holds nothing"),
    ],
)
def test_a_wrong_window_is_said_to_be(start: str | None, end: str | None, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        window_of(given(start, end), *INTERVAL, ASKED)


def test_a_run_is_what_was_asked_for() -> None:
    run = run_of(context("manual", dry_run=True, full_refresh=True))
    assert (run.id, run.window, run.full_refresh, run.dry_run) == ("run", Window(*INTERVAL), True, True)


@pytest.mark.parametrize(
    ("run_type", "params", "scheduled"),
    [
        ("scheduled", {}, True),
        ("asset_triggered", {}, True),
        ("manual", {}, True),
        ("backfill", {}, False),
        ("manual", given("2026-01-01", "2026-01-02"), False),
        ("manual", {"full_refresh": True}, False),
    ],
)
def test_what_a_person_chose_is_not_scheduled(
    run_type: str, params: dict[str, Any], *, scheduled: bool
) -> None:
    assert run_of(context(run_type, **params)).scheduled is scheduled


def test_a_run_that_an_asset_asked_for_is_of_the_day_that_goes_on() -> None:
    found = run_of(context("asset_triggered"))
    assert found.window == Window(INTERVAL[1], ASKED), "whatever interval the schedule gives it"
    assert found.scheduled
    midnight = window_of(given(None, None), None, None, INTERVAL[1], until_now=True)
    assert midnight == Window(*INTERVAL), "a window holds something"
