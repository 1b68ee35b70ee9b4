"""Publish: one compare-and-set makes the staged version live, with its ledger and watermark."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from common.io import reports
from common.io.collections.protocol import (
    AttemptError,
    Collection,
    Publication,
    Published,
    StoreError,
    Version,
)
from common.utils.contract import Contract
from common.utils.settings import Settings
from common.verbs.level import main_beside
from common.verbs.load import stage
from common.verbs.operations import Tidied, tidy
from common.verbs.profile import of_run
from common.verbs.references import Loaded, Transformed
from common.verbs.stores import opened

log = logging.getLogger(__name__)

ATTEMPTS = 3  # an attempt is lost to a vacuum or to another run; twice in a row is chance, more is a fault


def publish(contract: Contract, settings: Settings, loaded: Loaded) -> Published | None:
    """Makes the attempt live; stages it again where it was abandoned or its partitions moved meanwhile.

    Run again after it succeeded, it says so and publishes nothing.

    Returns:
        What is live now, or ``None`` for a dry run.

    Raises:
        LedgerError: The ledger does not balance.
        ValidationFailed: The row count fell past the contract's bound.
        StaleError: The partitions moved because another run has computed the same days since.
        HoldError: A hold after a roll-back stops scheduled runs.
    """
    run, ledger = loaded.validated.transformed.run, loaded.validated.transformed.ledger
    ledger.demand_balance(f"{contract.name}, run {run.id}")
    if run.dry_run:
        reports.record(settings, contract.name, run.id, loaded.store, state="dry_run")
        log.info("%s: dry run: nothing published; %s", loaded.store, ledger)
        return None
    with (
        opened(contract, settings, loaded.store) as collection,
        main_beside(contract, settings, loaded.store) as main,
    ):
        published = _publish(contract, settings, collection, loaded, main)
        tidied = _tidied(collection, settings, loaded.store)
    reports.record(
        settings,
        contract.name,
        run.id,
        loaded.store,
        state="published" if published.new else "unchanged",
        version=(tidied and tidied.merged) or published.version,
    )
    log.info("%s: %s; %s", loaded.store, describe(contract, published), ledger)
    return published


def _tidied(collection: Collection, settings: Settings, store: str) -> Tidied | None:
    """Tidies up; where that fails, the daily vacuum does it, for the version is live and whole."""
    try:
        tidied = tidy(collection, settings.keep_versions)
    except StoreError as error:
        log.warning("%s: published, but not tidied up: %s vitrine_operations_vacuum_v1 will.", store, error)
        return None
    log.info("%s: %s", store, tidied)
    return tidied


def describe(contract: Contract, published: Published) -> str:
    """The outcome in words."""
    data_as_of = published.watermark.isoformat() if published.watermark else "nothing read yet"
    if not published.new:
        return f"nothing new: {contract.name} stays at version {published.version}, data as of {data_as_of}"
    again = " (it was published before)" if published.repeated else ""
    what = f"published {contract.name} version {published.version}{again}"
    return f"{what}: {published.rows} rows, data as of {data_as_of}"


def _publish(
    contract: Contract, settings: Settings, collection: Collection, loaded: Loaded, main: Collection | None
) -> Published:
    profile = of_run(contract, settings, loaded, collection.live(), main.live() if main else None)
    for remaining in reversed(range(ATTEMPTS)):
        most = allowed_drop(contract, collection, loaded, main)
        publication = _publication(contract, loaded, most, profile)
        try:
            return _told(collection, collection.publish(loaded.staged.attempt, publication), publication)
        except AttemptError as error:
            if not remaining:
                raise
            log.warning("%s Staging again.", error)
            loaded = stage(contract, collection, loaded.validated, loaded.store, main)
            reports.record(settings, contract.name, publication.run_id, loaded.store, staged=loaded.staged)
    raise AssertionError("unreachable: the last conflict is raised")


def allowed_drop(
    contract: Contract, collection: Collection, loaded: Loaded, main: Collection | None = None
) -> float:
    """The share of its live rows that a store may lose: the contract's bound, within one source.

    A target may fall as far as the main store has, for what that lost was within the bound each time. The
    counts of two sources say nothing of each other, but nothing never replaces something.
    """
    live = collection.live()
    if live is None or live.rows == 0:
        return 1.0
    judged = (main and main.live()) or live
    if _replaces_a_source(judged, loaded.validated.transformed) and loaded.staged.rows:
        return 1.0
    if judged.rows >= live.rows:
        return contract.max_row_drop  # as it is: arithmetic would make 0.1 a little less
    return 1 - (1 - contract.max_row_drop) * judged.rows / live.rows


def _replaces_a_source(live: Version, transformed: Transformed) -> bool:
    """Whether a source that is live gives way to another; one that is added to several takes nothing."""
    was, now = (one.bookmark.get("sources", {}) for one in (live, transformed))
    if not was:
        return live.source != transformed.source
    gone = (one.get("fingerprint") != now.get(name, {}).get("fingerprint") for name, one in was.items())
    return any(gone)


def _told(collection: Collection, published: Published, publication: Publication) -> Published:
    """As new again where the live version is this run's own: whoever published it may have died untold."""
    if published.new:
        return published
    live = collection.live()
    mine = live is not None and (live.run_id, live.kind) == (publication.run_id, "publish")
    return replace(published, new=True, repeated=True) if mine else published


def _publication(
    contract: Contract, loaded: Loaded, max_row_drop: float, profile: Mapping[str, Any]
) -> Publication:
    transformed = loaded.validated.transformed
    return Publication(
        run_id=transformed.run.id,
        watermark=datetime.fromisoformat(loaded.watermark) if loaded.watermark else None,
        source=transformed.source,
        ledger=transformed.ledger.to_dict(),
        contract_version=contract.version,
        scheduled=transformed.run.scheduled,
        max_row_drop=max_row_drop,
        bookmark=transformed.bookmark,
        profile=profile,
    )
