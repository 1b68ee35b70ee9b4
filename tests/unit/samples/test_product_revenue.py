from datetime import date

from samples.orders import day_file
from samples.product_revenue import VARIABLES, files


def test_a_file_a_day_from_the_first_weeks_monday_on() -> None:
    found = dict(files(7, date(2026, 3, 18), date(2026, 3, 20)))
    assert list(found) == [f"orders-2026-03-{day}.csv" for day in range(16, 21)]
    assert found["orders-2026-03-18.csv"] == day_file(7, date(2026, 3, 18))
    assert VARIABLES["order_lines"]["PATH"] == "{folder}"
