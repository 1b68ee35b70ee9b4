"""Counts that are estimated: exact by days, near elsewhere, and none where statistics do not tell."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.io.collections.protocol import Chunk, Filter, Version
from dashboards.estimates import estimated_count
from plugins.shop import NOW, ORDERS

DAYS = {f"2026-01-{day:02}": Chunk(day, 10, "0:0") for day in range(1, 32)}
PROFILE = {
    "rows": 310,
    "fields": {
        "items": {"nulls": 0, "distinct": 10, "min": 0, "max": 100},
        "customer": {"nulls": 155, "distinct": 5, "min": "a", "max": "z"},
        "total": {"nulls": 0, "distinct": 300, "min": "-50.0000", "max": "50.0000"},
        "placed_at": {
            "nulls": 0,
            "distinct": 1,
            "min": "2026-01-01T00:00:00Z",
            "max": "2026-01-01T00:00:00Z",
        },
        "weight": {"nulls": 310, "distinct": 0, "min": None, "max": None},
    },
}


def version(manifest: Any = None, profile: Any = None) -> Version:
    return Version(1, 310, NOW, None, "s", "r", {}, "1", manifest=manifest or DAYS, profile=profile or {})


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), 310),
        ((Filter("day", "eq", date(2026, 1, 5)),), 10),
        ((Filter("day", "gte", date(2026, 1, 5)), Filter("day", "lt", date(2026, 1, 8))), 30),
        ((Filter("day", "gt", date(2026, 1, 5)), Filter("day", "lte", date(2026, 1, 8))), 30),
        ((Filter("day", "gt", date(2026, 1, 31)),), 0),
        ((Filter("day", "eq", date(2030, 1, 1)),), 0),
        ((Filter("items", "eq", 7),), 31),
        ((Filter("items", "gte", 90),), 31),
        ((Filter("items", "gte", 20), Filter("items", "lt", 70)), 155),
        ((Filter("items", "gt", 200),), 0),
        ((Filter("total", "lt", Decimal(0)),), 155),
        ((Filter("customer", "eq", "x"),), 31),
        ((Filter("customer", "gt", "x"),), None),
        ((Filter("weight", "gt", 1.0),), 0),
        ((Filter("placed_at", "gte", datetime(2026, 1, 1, tzinfo=UTC)),), 310),
        ((Filter("placed_at", "gt", datetime(2026, 2, 1, tzinfo=UTC)),), 0),
        ((Filter("paid", "eq", True),), None),
        ((Filter("day", "eq", date(2026, 1, 5)), Filter("items", "gte", 50)), 5),
    ],
)
def test_what_is_estimated(filters: tuple[Filter, ...], expected: int | None) -> None:
    assert estimated_count(ORDERS, version(profile=PROFILE), filters) == expected


def test_days_are_exact_without_statistics_and_a_merged_month_by_its_share() -> None:
    wanted = (Filter("day", "lt", date(2026, 1, 11)),)
    assert estimated_count(ORDERS, version(), wanted) == 100
    assert estimated_count(ORDERS, version({"2026-01": Chunk(1, 310, "0:0")}), wanted) == 100
    assert estimated_count(ORDERS, version(), (Filter("items", "eq", 7),)) is None
