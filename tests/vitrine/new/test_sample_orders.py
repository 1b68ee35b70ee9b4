from datetime import date, datetime

from vitrine.new.sample_orders import HEADER, files


def test_a_file_a_day_that_is_the_same_every_time_and_another_for_another_seed() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 3)
    found = dict(files(7, first, last))
    assert list(found) == [f"orders-2026-11-0{day}.csv" for day in (1, 2, 3)]
    assert found == dict(files(7, first, last))
    assert dict(files(7, last, last)).items() <= found.items()
    assert found != dict(files(8, first, last))


def test_a_line_is_of_its_day() -> None:
    ((_, text),) = files(7, date(2026, 11, 1), date(2026, 11, 1))
    header, *lines = text.splitlines()
    assert header == HEADER
    assert {datetime.fromisoformat(line.split(",")[1]).date() for line in lines} == {date(2026, 11, 1)}
    assert 20 <= len(lines) < 40
