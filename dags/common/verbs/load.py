"""Load: the run's gold becomes chunks of the next version, which no reader sees yet."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa

from common.io import collections, lake, reports
from common.io.collections.protocol import Collection, Staged, Version
from common.utils.contract import Contract
from common.utils.errors import StaleError
from common.utils.settings import Settings
from common.utils.window import Window, days_of
from common.verbs.references import Loaded, Transformed, Validated

log = logging.getLogger(__name__)


def load(contract: Contract, settings: Settings, validated: Validated) -> Loaded:
    """Stages the run's partitions of gold beside the live version.

    Run again, it stages another attempt; the first is never published and vacuum takes it away.

    Raises:
        ContractError: The store's tables do not fit the contract.
        StageError: Duplicate keys, or rows outside the run's partitions.
        StaleError: Another run has computed some of these days since.
        StoreError: The store is away.
    """
    store = collections.open_store(settings.collections_url, batch_size=settings.batch_size)
    try:
        collection = store.collection(contract)
        collection.ensure()
        staged = stage(contract, collection, validated)
    finally:
        store.close()
    reports.record(settings, contract.name, validated.transformed.run.id, staged=staged)
    log.info(
        "%s staged on version %d: %d inserted, %d updated, %d unchanged, %d removed; %d partitions changed",
        "dry run:" if validated.transformed.run.dry_run else f"attempt {staged.attempt}",
        staged.base,
        staged.inserted,
        staged.updated,
        staged.unchanged,
        staged.removed,
        len(staged.changed),
    )
    return Loaded(validated, staged)


def stage(contract: Contract, collection: Collection, validated: Validated) -> Staged:
    """Stages whole partitions of gold: those the run computed, and the live ones of its window without gold.

    Where another source is live, all of it goes.

    Raises:
        StaleError: Another run has computed some of these days since; its gold knows more.
    """
    transformed = validated.transformed
    computed = {contract.partition(date.fromisoformat(day)) for day in transformed.partitions}
    partitions = sorted(computed.union(_live_replaced(transformed, collection.live())))
    return collection.stage(
        _rows(contract, transformed, partitions),
        partitions,
        run_id=transformed.run.id,
        dry_run=transformed.run.dry_run,
    )


def _rows(contract: Contract, transformed: Transformed, partitions: list[str]) -> Iterator[pa.RecordBatch]:
    if not partitions or transformed.gold.version < 0:
        return iter(())
    days = Window.spanning(partitions)
    if not transformed.run.dry_run and lake.changed_since(transformed.gold, days):
        raise StaleError(
            "Another run has computed the same days since this one did, from more of the source.",
            where=f"{contract.name}, run {transformed.run.id}, days {partitions[0]} to {partitions[-1]}",
            next_step="Nothing was loaded. To compute these days again, run it again from extract.",
        )
    columns = contract.schema
    return (batch.select(columns.names).cast(columns) for batch in lake.batches(transformed.gold, days))


def _live_replaced(transformed: Transformed, live: Version | None) -> Iterable[str]:
    """The live partitions that the window touches; all of them where they came from another source."""
    window = transformed.window
    for partition in live.manifest if live else ():
        first, end = days_of(partition)
        touched = first < window.end_day and (window.first_day is None or window.first_day < end)
        if touched or (live and live.source != transformed.source):
            yield partition
