"""Load: the run's gold becomes chunks of the next version, which no reader sees yet."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from itertools import chain

import pyarrow as pa

from common.io import lake, reports
from common.io.collections.partitions import buckets
from common.io.collections.protocol import Collection, Mode, Version, VersionGone
from common.utils.contract import Contract
from common.utils.errors import ContractError, StaleError
from common.utils.settings import MAIN, Settings
from common.verbs.level import copied, lacking, main_beside, watermark_of
from common.verbs.references import Loaded, Transformed, Validated
from common.verbs.spans import gold_days, partitions_between
from common.verbs.stores import opened

log = logging.getLogger(__name__)

ATTEMPTS = 3  # the version that a target copies from is retired meanwhile: twice in a row is chance


def load(contract: Contract, settings: Settings, validated: Validated, store: str = MAIN) -> Loaded:
    """Stages the run's partitions of gold beside the live version of one store.

    A target is brought level with the main store as well, see :mod:`common.verbs.level`.
    Run again, it stages another attempt; the first is never published and vacuum takes it away.
    A dry run opens the store to be read only: it compares, and creates and changes nothing.

    Raises:
        ContractError: The store's tables do not fit the contract.
        StageError: Duplicate keys, or rows outside the run's partitions.
        StaleError: Another run has computed some of these days since.
        StoreError: The store is away; for a target also where the main store is.
    """
    run = validated.transformed.run
    with (
        opened(contract, settings, store, read_only=run.dry_run) as collection,
        main_beside(contract, settings, store) as main,
    ):
        if not run.dry_run:
            collection.ensure()
        loaded = stage(contract, collection, validated, store, main)
    staged = loaded.staged
    reports.record(settings, contract.name, run.id, store, staged=staged)
    log.info(
        "%s: %s staged on version %d: %d inserted, %d updated, %d unchanged, %d removed; %d partitions new",
        store,
        "dry run:" if run.dry_run else f"attempt {staged.attempt}",
        staged.base,
        staged.inserted,
        staged.updated,
        staged.unchanged,
        staged.removed,
        len(staged.changed),
    )
    return loaded


def stage(
    contract: Contract,
    collection: Collection,
    validated: Validated,
    store: str = MAIN,
    main: Collection | None = None,
) -> Loaded:
    """Stages whole partitions: those the run computed, the live ones of its window, and those a target lacks.

    What is live in the window and not in gold is emptied. Where another source is live, all of it goes.

    Args:
        contract: Of the collection.
        collection: In the store.
        validated: The run's gold.
        store: The main one or a target.
        main: The main store's collection, where ``store`` is a target.

    Raises:
        StaleError: Another run has computed some of these days since; its gold knows more.
        VersionGone: The main store retires its versions faster than they can be copied.
    """
    for remaining in reversed(range(ATTEMPTS)):
        try:
            return _stage(contract, collection, validated, store, main)
        except VersionGone as error:
            if not remaining:
                raise
            log.warning("%s Staging again.", error)
    raise AssertionError("unreachable: the last error is raised")


def _stage(
    contract: Contract, collection: Collection, validated: Validated, store: str, main: Collection | None
) -> Loaded:
    transformed, live = validated.transformed, collection.live()
    level = main.live() if main and not collection.hold() else None  # what is held is to stay as it is
    if level and level.source != transformed.source:
        level = None  # it is this run that brings the main store to another source
    own = _own(contract, transformed, live, level)
    others = _others(contract, transformed, live, level) - own
    theirs = copied(contract, main, level.number, others) if main and level else ()
    staged = collection.stage(
        chain(_rows(contract, transformed, own), theirs),
        own | others,
        run_id=transformed.run.id,
        mode=_mode(contract, transformed),
        dry_run=transformed.run.dry_run,
    )
    if others:
        log.info("%s: %d partitions beside the run's own are brought up to date", store, len(others))
    return Loaded(validated, staged, store, watermark_of(transformed.watermark, level))


def _own(contract: Contract, transformed: Transformed, *live: Version | None) -> set[str]:
    """The partitions that the run answers for: those it computed, and those of its window that are live.

    Of a hash of the key these are all: a row of the run's days may be in any.
    """
    if contract.partition_by == "hash":
        return set(buckets(contract))
    if transformed.whole:
        raise ContractError(
            f"{contract.name} is computed as a whole, and spread by {contract.partition_by}.",
            next_step="Say partitionBy: hash in its contract, or WHOLE = False in its transforms.",
        )
    window = transformed.window
    computed = {contract.partition(date.fromisoformat(day)) for day in transformed.partitions}
    there = {partition for version in live if version for partition in version.manifest}
    if transformed.oldest:
        computed.update(partitions_between(contract, there, end=transformed.oldest))
    if window is None:
        return computed
    return computed.union(partitions_between(contract, there, window.first_day or date.min, window.end_day))


def _others(
    contract: Contract, transformed: Transformed, live: Version | None, level: Version | None
) -> set[str]:
    """The partitions that a target lacks; without a level all of another source, which are emptied.

    None of a hash of the key: there the run's own are all that there are.
    """
    if contract.partition_by == "hash":
        return set()
    if level:
        return lacking(contract, level, live)
    foreign = live is not None and live.source != transformed.source
    return set(partitions_between(contract, live.manifest if live and foreign else ()))


def _mode(contract: Contract, transformed: Transformed) -> Mode:
    """Whole partitions are replaced; but a dry run's gold has its own days only, and a bucket others too."""
    run = transformed.run
    days_only = run.dry_run and not (run.full_refresh or transformed.whole)
    return "upsert" if contract.partition_by == "hash" and days_only else "replace"


def _rows(contract: Contract, transformed: Transformed, partitions: set[str]) -> Iterator[pa.RecordBatch]:
    days = gold_days(contract, partitions)
    if days is None or transformed.gold.version < 0:
        return iter(())
    if not transformed.run.dry_run and lake.changed_since(transformed.gold, days):
        raise StaleError(
            "Another run has computed the same days since this one did, from more of the source.",
            where=f"{contract.name}, run {transformed.run.id}, {min(partitions)} to {max(partitions)}",
            next_step="Nothing was loaded. To compute these days again, run it again from extract.",
        )
    columns = contract.schema
    return (batch.select(columns.names).cast(columns) for batch in lake.batches(transformed.gold, days))
