"""The sample shop: the same bytes everywhere, and all that real files have."""

import csv
import hashlib
import io
from collections import Counter
from datetime import date, timedelta

import pytest

from samples.orders import HEADER, PRODUCTS, day_file, order_lines

MONDAY = date(2026, 1, 5)


def rows(day: date, seed: int = 1) -> list[list[str]]:
    return list(csv.reader(io.StringIO(day_file(seed, day))))[1:]


@pytest.fixture(scope="module")
def quarter() -> list[list[str]]:
    """Thirteen whole weeks."""
    return [row for at in range(91) for row in rows(MONDAY + timedelta(days=at))]


def test_a_day_is_the_same_on_every_machine() -> None:
    digest = hashlib.sha256(day_file(20260101, date(2026, 1, 8)).encode()).hexdigest()
    assert digest == "2ac8c04672d80db529761092350a1ce96ff0787065bc2b42286f97e145678209"


def test_another_seed_or_day_is_another_file() -> None:
    assert len({day_file(1, MONDAY), day_file(2, MONDAY), day_file(1, MONDAY + timedelta(days=1))}) == 3


def test_a_file_has_the_columns_of_an_order_line() -> None:
    assert day_file(1, MONDAY).splitlines()[0] == HEADER
    number, updated, moment, product, name, quantity, price = rows(MONDAY)[0]
    assert number == "20260105-00001"
    assert updated == moment
    assert moment.startswith("2026-01-05T")
    assert (name, product) in {(known, f"P-{at:03}") for at, (known, *_) in enumerate(PRODUCTS, 1)}
    assert int(quantity)
    assert len(price.partition(".")[2]) == 2


def test_there_is_enough_of_everything_in_a_quarter(quarter: list[list[str]]) -> None:
    assert len(quarter) >= 100_000
    whole = [row for row in quarter if len(row) == 7]
    assert {row[4] for row in whole} == {"", *(name for name, *_ in PRODUCTS)}, "blank names among the others"
    assert sum(row[5] == "-1" for row in whole) > 1000, "returns"
    bad = [
        row
        for row in quarter
        if len(row) != 7 or row[2][8:10] == "32" or row[5] == "some" or row[6] == "n/a" or not row[3]
    ]
    kinds = {(len(row), row[2][8:10] == "32", row[5] == "some", row[-1] == "n/a", not row[3]) for row in bad}
    assert len(kinds) == 5
    assert 0.001 < len(bad) / len(quarter) < 0.02


def test_duplicates_and_late_corrections_share_the_number_of_their_line(quarter: list[list[str]]) -> None:
    by_number: dict[str, list[list[str]]] = {}
    for row in quarter:
        by_number.setdefault(row[0], []).append(row)
    twice = [found for found in by_number.values() if len(found) > 1]
    same = [found for found in twice if found[0] == found[1]]
    assert len(same) > 300
    corrected = [found for found in twice if found[0][1] < found[-1][1]]
    assert len(corrected) > 500
    for first, *_, last in corrected:
        late = date.fromisoformat(last[1][:10]) - date.fromisoformat(last[2][:10])
        assert 1 <= late.days <= 3
        assert last[0] == first[0]


def test_corrections_stay_within_the_week() -> None:
    assert {row[2][:10] for row in rows(MONDAY) if not row[2].endswith("32")} == {"2026-01-05"}
    sunday = {row[2][:10] for row in rows(MONDAY + timedelta(days=6)) if not row[2].endswith("32")}
    assert sunday == {f"2026-01-{day:02}" for day in (8, 9, 10, 11)}


def test_saturdays_sell_most_and_sundays_least() -> None:
    lines = Counter({at: len(order_lines(1, MONDAY + timedelta(days=at)).seconds) for at in range(7)})
    assert lines.most_common()[0][0] == 5
    assert lines.most_common()[-1][0] == 6


def test_lines_are_in_the_order_of_time_within_opening_hours() -> None:
    seconds = order_lines(1, MONDAY).seconds.tolist()
    assert seconds == sorted(seconds)
    assert 7 * 3600 <= seconds[0] <= seconds[-1] < 21 * 3600
