"""The sample of the subject `orders`: the order lines of an invented shop, a file a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

VARIABLES = {"records": {"PATH": "{folder}"}}
HEADER = "order_line_id,ordered_at,product_id,quantity,unit_price"
PRICES = ("4.80", "9.50", "12.40", "22.90", "34.50")


def files(seed: int, first: date, last: date) -> Iterator[tuple[str, str]]:
    """Name and content of each file."""
    for at in range((last - first).days + 1):
        day = first + timedelta(days=at)
        yield f"orders-{day}.csv", "\n".join([HEADER, *_lines(seed, day), ""])


def _lines(seed: int, day: date) -> Iterator[str]:
    random = Random(f"{seed} {day}")  # noqa: S311 (a sample, and the same one every time)
    for number in range(1, 21 + int(random.random() * 20)):
        product, second = int(random.random() * len(PRICES)), int(random.random() * 3600)
        moment = f"{day}T{7 + number // 4:02}:{second // 60:02}:{second % 60:02}Z"
        quantity = 1 + int(random.random() * 5)
        yield f"{day:%Y%m%d}-{number:03},{moment},P-{product + 1},{quantity},{PRICES[product]}"
