"""How many rows a listing has, about: from the manifest and the statistics that a version keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from common.io.collections.protocol import Filter, QueryError, Version
from common.utils.contract import Contract, Field
from common.utils.window import days_of
from dashboards.values import parse, text

DAY = 86_400.0  # seconds


def estimated_count(contract: Contract, version: Version, filters: Sequence[Filter]) -> int | None:
    """Rows of a version that fit all filters.

    Without filters, and by the days of a collection that is partitioned by days, it is exact. Fields are
    taken for independent and their values for evenly spread.

    Args:
        contract: Of the collection.
        version: With its manifest.
        filters: Joined by AND.

    Returns:
        ``None`` where there are no statistics that tell, as for a range of texts.
    """
    on_days = [one for one in filters if one.field == contract.partition_field]
    rows = float(_rows_of_days(version, on_days) if on_days else version.rows)
    by_field: dict[str, list[Filter]] = {}
    for one in filters:
        if one.field != contract.partition_field:
            by_field.setdefault(one.field, []).append(one)
    for name, wanted in by_field.items():
        share = _share(contract.field(name), wanted, version.profile)
        if share is None:
            return None
        rows *= share
    return round(rows)


def _rows_of_days(version: Version, filters: Sequence[Filter]) -> float:
    """Rows of the partitions between two bounds; a partition that is cut counts by its days."""
    low, high = float("-inf"), float("inf")
    for one in filters:
        at, width = _position(one.value), DAY if type(one.value) is date else 0.0
        if one.operator in ("eq", "gte", "gt"):
            low = max(low, at + (width if one.operator == "gt" else 0))
        if one.operator in ("eq", "lte", "lt"):
            high = min(high, at + (0 if one.operator == "lt" else max(width, 1e-6)))
    rows = 0.0
    for partition, chunk in version.manifest.items():
        first, end = _span(partition)
        if first < high and low < end:
            rows += chunk.rows * (min(end, high) - max(first, low)) / (end - first)
    return rows


@lru_cache(maxsize=65_536)  # a manifest may name thousands of days, and each page asks for all of them
def _span(partition: str) -> tuple[float, float]:
    first, end = days_of(partition)
    return _position(first), _position(end)


def _share(field: Field, filters: Sequence[Filter], profile: Mapping[str, Any]) -> float | None:
    """The share of rows, 0 to 1, whose field fits all its filters."""
    known: dict[str, Any] | None = profile.get("fields", {}).get(field.name)
    total: int = profile.get("rows", 0)
    if not known or not total:
        return None
    given = 1 - float(known["nulls"]) / total
    if not known["distinct"]:
        return 0.0
    if any(one.operator == "eq" for one in filters):
        return given / float(known["distinct"])
    try:
        lowest, highest = (_position(parse(field, _written(known[end]))) for end in ("min", "max"))
        return given * _between(lowest, highest, filters)
    except (TypeError, QueryError):  # a text, or statistics of a field that had another type then
        return None


def _between(lowest: float, highest: float, filters: Sequence[Filter]) -> float:
    low, high = lowest, highest
    for one in filters:
        bound = _position(one.value)
        low = max(low, bound) if one.operator in ("gt", "gte") else low
        high = min(high, bound) if one.operator in ("lt", "lte") else high
    if highest == lowest:
        return 1.0 if low <= lowest <= high else 0.0
    return max(0.0, high - low) / (highest - lowest)


def _written(value: object) -> str:
    return value if isinstance(value, str) else text(value)


def _position(value: Any) -> float:
    """Where a value lies on a line of numbers; TypeError for what does not."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value)
    raise TypeError(value)
