"""What the runs of the matrix publish: contents that are told from their rows alone, whole or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from contract.kit import SALES

DAYS = tuple(date(2026, 1, number) for number in (1, 2, 3))
PRODUCTS = "ABCD"
FIELDS = ("date", "product_id", "quantity", "revenue")
Row = tuple[str, str, int, str]  # as a reader sees it, whichever way it came


class Content(NamedTuple):
    """All rows of one version.

    Attributes:
        value: Of the rows of January 2026; its third day is always the same, its second may be empty.
        months: How many months before that have rows, from January 2019.
    """

    value: int
    months: int = 0

    def recent(self) -> list[dict[str, Any]]:
        """What a load brings for ``DAYS``."""
        full = [day for day in DAYS if day != DAYS[1] or self.value % 6 != 3]
        return [_row(day, name, 0 if day == DAYS[2] else self.value) for day in full for name in PRODUCTS]

    def rows(self) -> list[Row]:
        """All of them, in the order of the key."""
        old = [row for month in range(self.months) for row in month_of(month)]
        return seen([*old, *self.recent()])


def month_of(number: int) -> list[dict[str, Any]]:
    """The rows of an old month, by its number: two days."""
    return [_row(date(2019 + number // 12, number % 12 + 1, day), "A", number + 7) for day in (1, 2)]


def _row(day: date, product: str, quantity: int) -> dict[str, Any]:
    values = (day, product, f"{product} of {day}", quantity, Decimal(quantity) / 4)
    return dict(zip(SALES.schema.names, values, strict=True))


def seen(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows as the library or the API gives them, alike."""
    return [
        (str(row["date"]), row["product_id"], row["quantity"], f"{Decimal(row['revenue']):.4f}")
        for row in rows
    ]


def recognised(rows: list[Row]) -> Content | None:
    """The content that rows are, or ``None`` where they are no whole one."""
    recent = [row for row in rows if row[0] >= str(DAYS[0])]
    if not recent:
        return None
    content = Content(recent[0][2], (len(rows) - len(recent)) // 2)
    return content if content.rows() == rows else None
