from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from common.utils.errors import SettingsError
from common.utils.window import Window, days_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_days_are_those_that_the_window_touches() -> None:
    whole = Window(at("2026-01-01"), at("2026-01-03"))
    assert (whole.first_day, whole.end_day) == (date(2026, 1, 1), date(2026, 1, 3))
    partial = Window(at("2026-01-01T12:00"), at("2026-01-03T00:00:01"))
    assert (partial.first_day, partial.end_day) == (date(2026, 1, 1), date(2026, 1, 4))


def test_a_window_without_a_start_reaches_back_to_the_beginning() -> None:
    window = Window(None, at("2026-01-03"))
    assert window.first_day is None
    assert window.reaching_back(3) is window
    assert str(window) == "[the beginning, 2026-01-03T00:00:00+00:00)"


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=1))])
def test_bounds_are_in_utc(zone: timezone | None) -> None:
    bound = at("2026-01-01").replace(tzinfo=zone)
    with pytest.raises(SettingsError, match="is not in UTC"):
        Window(bound, at("2026-02-01"))
    with pytest.raises(SettingsError, match="is not in UTC"):
        Window(None, bound)


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(SettingsError, match="holds nothing"):
        Window(at("2026-01-01"), at("2026-01-01"))


def test_looking_back_is_in_days() -> None:
    window = Window(at("2026-01-10T06:00"), at("2026-01-11"))
    assert window.reaching_back(3) == Window(at("2026-01-07T06:00"), at("2026-01-11"))
    assert window.reaching_back(0) == window


def test_a_missed_run_is_made_up_for_from_the_watermarks_midnight() -> None:
    window = Window(at("2026-01-10"), at("2026-01-11"))
    assert window.reaching_back(2, at("2026-01-05T17:30")).start == at("2026-01-03")
    assert window.reaching_back(2, at("2026-01-10T17:30")).start == at("2026-01-08")


def test_partitions_are_days_or_months() -> None:
    assert days_of("2026-01-31") == (date(2026, 1, 31), date(2026, 2, 1))
    assert days_of("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    assert days_of("2026-02") == (date(2026, 2, 1), date(2026, 3, 1))
