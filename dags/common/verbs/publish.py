"""Publish: one compare-and-set makes the staged version live, with its ledger and watermark."""

from __future__ import annotations

import logging
from datetime import datetime

from common.io import collections, reports
from common.io.collections.protocol import AttemptError, Collection, Publication, Published, Staged
from common.utils.contract import Contract
from common.utils.errors import ValidationFailed
from common.utils.settings import Settings
from common.verbs.load import stage
from common.verbs.references import Loaded

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
    transformed = loaded.validated.transformed
    transformed.ledger.demand_balance(f"{contract.name}, run {transformed.run.id}")
    if transformed.run.dry_run:
        reports.record(settings, contract.name, transformed.run.id, state="dry_run")
        log.info("dry run: nothing published; %s", transformed.ledger)
        return None
    store = collections.open_store(settings.collections_url, batch_size=settings.batch_size)
    try:
        collection = store.collection(contract)
        published = _publish(contract, collection, loaded)
        taken = collection.vacuum(settings.keep_versions)
    finally:
        store.close()
    state = "published" if published.new else "unchanged"
    reports.record(settings, contract.name, transformed.run.id, state=state, version=published.version)
    log.info("%s; %s", describe(contract, published), transformed.ledger)
    log.info(
        "vacuum: %d versions retired, %d chunks (%d rows) deleted",
        len(taken.versions),
        taken.chunks,
        taken.rows,
    )
    return published


def describe(contract: Contract, published: Published) -> str:
    """The outcome in words."""
    data_as_of = published.watermark.isoformat() if published.watermark else "nothing read yet"
    if not published.new:
        return f"nothing new: {contract.name} stays at version {published.version}, data as of {data_as_of}"
    again = " (it was published before)" if published.repeated else ""
    what = f"published {contract.name} version {published.version}{again}"
    return f"{what}: {published.rows} rows, data as of {data_as_of}"


def _publish(contract: Contract, collection: Collection, loaded: Loaded) -> Published:
    publication = _publication(contract, loaded)
    staged = loaded.staged
    for remaining in reversed(range(ATTEMPTS)):
        demand_rows(contract, collection, staged, publication.source)
        try:
            return collection.publish(staged.attempt, publication)
        except AttemptError as error:
            if not remaining:
                raise
            log.warning("%s Staging again.", error)
            staged = stage(contract, collection, loaded.validated)
    raise AssertionError("unreachable: the last conflict is raised")


def demand_rows(contract: Contract, collection: Collection, staged: Staged, source: str) -> None:
    """Raises ValidationFailed where the row count would fall past the contract's bound within one source."""
    live = collection.live()
    if live is None or staged.base_rows == 0 or (live.source != source and staged.rows):
        return  # the counts of two sources say nothing of each other, but nothing never replaces something
    drop = 1 - staged.rows / staged.base_rows
    if drop > contract.max_row_drop:
        raise ValidationFailed(
            f"{contract.name} would fall from {staged.base_rows} to {staged.rows} rows: by {drop:.0%}, "
            f"and the contract allows {contract.max_row_drop:.0%}.",
            where=f"the run that staged attempt {staged.attempt}",
            next_step="Look whether the source is whole; raise the contract's maxRowDrop if this is meant.",
        )


def _publication(contract: Contract, loaded: Loaded) -> Publication:
    transformed = loaded.validated.transformed
    return Publication(
        run_id=transformed.run.id,
        watermark=datetime.fromisoformat(transformed.watermark) if transformed.watermark else None,
        source=transformed.source,
        ledger=transformed.ledger.to_dict(),
        contract_version=contract.version,
        scheduled=transformed.run.scheduled,
    )
