"""The sample of the subject ``product_revenue``: the order lines of an invented shop, a file a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from samples.orders import day_file

VARIABLES = {
    "order_lines": {"PATH": "{folder}", "KEY": "order_line_id", "UPDATED_AT": "updated_at"},
}


def files(seed: int, first: date, last: date) -> Iterator[tuple[str, str]]:
    """One CSV file a day; the first week is written whole, since corrections reach back to its Monday."""
    first -= timedelta(days=first.weekday())
    for at in range((last - first).days + 1):
        day = first + timedelta(days=at)
        yield f"orders-{day.isoformat()}.csv", day_file(seed, day)
