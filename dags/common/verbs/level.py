"""A target is brought level with the main store, so that a run it missed is never missed for ever.

A target may have been away for some runs, or be new. What it lacks is found by content and not by watermark,
which would not see a past day that was computed anew: the manifests of the two live versions tell, by count
and digest, which partitions differ. These are copied from the main store's live version, which was validated
when it was published; gold is not a source for them, for it also holds what a run computed that failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from common.io.collections.manifest import difference
from common.io.collections.protocol import Collection, Filter, Query, Version
from common.utils.contract import Contract
from common.utils.settings import MAIN, Settings
from common.utils.window import days_of
from common.verbs.spans import partitions_between, spans
from common.verbs.stores import opened

PAGE = 20_000  # rows in memory at a time


def main_beside(
    contract: Contract, settings: Settings, store: str
) -> AbstractContextManager[Collection | None]:
    """The main store's collection, to bring a target level with; nothing for the main store itself."""
    return nullcontext() if store == MAIN else opened(contract, settings, read_only=True)


def lacking(contract: Contract, level: Version, live: Version | None) -> set[str]:
    """The partitions in which a target's live version has other rows than the main store's.

    Where it is the target that reaches further, since the main store refused or failed, the days that only
    the target has read up to are left to it.
    """
    found = partitions_between(contract, difference(level.manifest, live.manifest if live else {}))
    if live is None or live.source != level.source or not _further(live.watermark, level.watermark):
        return set(found)
    end = level.watermark.date() if level.watermark else date.min
    return {partition for partition in found if days_of(partition)[1] <= end}


def _further(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def copied(
    contract: Contract, main: Collection, version: int, partitions: Iterable[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of partitions in one version of the main store.

    Raises:
        VersionGone: The version was retired meanwhile.
    """
    for first, end in spans(partitions):
        bounds = (
            Filter(contract.partition_field, "gte", _bound(contract, first)),
            Filter(contract.partition_field, "lt", _bound(contract, end)),
        )
        position: tuple[Any, ...] | None = None
        while True:
            page = main.read(version, Query(filters=bounds, limit=PAGE, after=position))
            yield from page.rows.to_batches()
            position = page.position
            if position is None:
                break


def watermark_of(run: str | None, level: Version | None) -> str | None:
    """How far a target's data reach: as the run's, or the main store's that it is brought level with."""
    moments = [datetime.fromisoformat(run)] if run else []
    moments += [level.watermark] if level and level.watermark else []
    return max(moments).astimezone(UTC).isoformat() if moments else None


def _bound(contract: Contract, day: date) -> date:
    """The day, or where it begins in a contract whose partitions are of moments."""
    if contract.field(contract.partition_field).type == "date":
        return day
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
