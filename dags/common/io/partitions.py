"""Which partitions of a Delta table are meant, to read them and to replace them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from common.utils.quoting import literal

Condition = list[list[tuple[str, str, object]]]
"""Partition values to read: a list (OR) of lists (AND) of ``(column, operator, value)``; empty for all."""

ALL_DAYS: Condition = [[("date", ">=", "0001-01-01")]]
"""Unlike no condition, it lets a table's writer notice what others commit meanwhile."""

NO_DAYS: Condition = [[("date", "<", "0001-01-01")]]


def run_condition(run_id: str) -> Condition:
    """The partitions that one run wrote."""
    return [[("_run", "=", run_id)]]


def days_condition(first: date | None, end: date, extra: Collection[date] = ()) -> Condition:
    """The day partitions ``[first, end)`` and some more, to read."""
    bounds: list[tuple[str, str, object]] = [("date", "<", end.isoformat())]
    if first is not None:
        bounds.append(("date", ">=", first.isoformat()))
    condition = [bounds]
    condition += [[("date", "=", day.isoformat())] for day in sorted(extra)]
    return condition


def ranges_condition(ranges: Iterable[tuple[date, date]]) -> Condition:
    """The day partitions of some half-open ranges ``[first, end)``, to read; at least one."""
    return [[("date", ">=", first.isoformat()), ("date", "<", end.isoformat())] for first, end in ranges]


def as_sql(condition: Condition) -> str:
    """A condition as SQL, for :func:`replace`."""
    return " OR ".join(
        "("
        + " AND ".join(f"{column} {operator} {literal(value)}" for column, operator, value in bounds)
        + ")"
        for bounds in condition
    )
