"""Partitions and the days that they span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from common.io.partitions import Condition, ranges_condition
from common.utils.contract import Contract
from common.utils.window import Window, days_of

EVER = Window(None, datetime(9999, 12, 31, tzinfo=UTC))
"""No window ends later."""


def gold_days(contract: Contract, partitions: Iterable[str]) -> Condition | None:
    """The days of gold whose rows make up partitions, to read; ``None`` where there are none.

    Args:
        contract: Where it spreads rows by a hash of the key, a bucket has rows of any day.
        partitions: Days, months or buckets that a run answers for.
    """
    if contract.partition_by == "hash":
        return []
    return ranges_condition(found) if (found := spans(partitions)) else None


def partitions_between(
    contract: Contract, manifest: Iterable[str], first: date = date.min, end: date = date.max
) -> Iterator[str]:
    """The contract's partitions that a manifest holds between two days, as a run may stage them.

    Args:
        contract: Whose partitions are days or months.
        manifest: Partitions; a month of a contract of days stands merged there, and comes back as its days.
        first: The first day.
        end: The day after the last.
    """
    for partition in manifest:
        begins, ends = days_of(partition)
        if contract.partition(begins) == partition:
            if begins < end and first < ends:
                yield partition
        else:
            for day in range(max(begins, first).toordinal(), min(ends, end).toordinal()):
                yield contract.partition(date.fromordinal(day))


def spans(partitions: Iterable[str]) -> list[tuple[date, date]]:
    """First day and day after the last of these days and months together, as few and as long as can be."""
    return joined(map(days_of, partitions))


def joined(ranges: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Half-open ranges of days as few and as long as can be."""
    found: list[tuple[date, date]] = []
    for first, end in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((first, end))
    return found
