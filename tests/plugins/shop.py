"""A shop's orders: a contract with a field of every type, and rows that fit it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.utils.contract import Contract, Field

NOW = datetime(2026, 2, 1, 6, tzinfo=UTC)
DAYS = [date(2026, 1, day) for day in range(1, 32)]
ORDERS = Contract(
    domain="shop",
    subject="orders",
    version="1.2.0",
    description="Orders of a shop.",
    owner="shop-team",
    fields=(
        Field("day", "date", required=True, description="Day of the order.", examples=(date(2026, 1, 31),)),
        Field("order_id", "string", required=True, examples=("A-1",)),
        Field("customer", "string"),
        Field("items", "integer", required=True, examples=(3,)),
        Field("total", "decimal", required=True, precision=18, scale=4, examples=(12.5,)),
        Field("rate", "decimal", precision=18, scale=8),
        Field("weight", "number"),
        Field("paid", "boolean", required=True),
        Field("placed_at", "timestamp", required=True, examples=(datetime(2026, 1, 31, 8, tzinfo=UTC),)),
    ),
    key=("day", "order_id"),
    partition_field="day",
    partition_by="day",
    indexes=(("items", "day"), ("total",), ("paid",), ("placed_at",), ("weight",)),
    rules=(),
    freshness=timedelta(hours=26),
    max_row_drop=0.5,
    max_rejected=0.1,
)
EMPTY = replace(ORDERS, subject="returns", description="Nothing of it is published.")


def orders(count: int, **changed: Any) -> list[dict[str, Any]]:
    """Rows over the days of January; the same count gives the same rows."""
    return [
        {
            "day": DAYS[number % len(DAYS)],
            "order_id": f"A-{number:04d}",
            "customer": None if number % 7 == 0 else f"Zoë “{number}”",
            "items": number % 10 + 2**53,
            "total": Decimal(number) / 8 - 20,
            "rate": Decimal(number) / 10**8,
            "weight": None if number % 5 == 0 else number / 3,
            "paid": number % 2 == 0,
            "placed_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=number * 1_000_003),
            **changed,
        }
        for number in range(count)
    ]
