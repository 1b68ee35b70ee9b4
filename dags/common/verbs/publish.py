"""Publish: one compare-and-set makes the staged version live, with its ledger and watermark."""

from __future__ import annotations

import logging
from datetime import datetime

from common.io import reports
from common.io.collections.protocol import AttemptError, Collection, Publication, Published
from common.utils.contract import Contract
from common.utils.errors import ValidationFailed
from common.utils.settings import Settings
from common.verbs.level import main_beside
from common.verbs.load import stage
from common.verbs.operations import tidy
from common.verbs.references import Loaded
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
        published = _publish(contract, collection, loaded, main)
        tidied = tidy(collection, settings.keep_versions)
    reports.record(
        settings,
        contract.name,
        run.id,
        loaded.store,
        state="published" if published.new else "unchanged",
        version=tidied.merged or published.version,
    )
    log.info("%s: %s; %s", loaded.store, describe(contract, published), ledger)
    log.info("%s: %s", loaded.store, tidied)
    return published


def describe(contract: Contract, published: Published) -> str:
    """The outcome in words."""
    data_as_of = published.watermark.isoformat() if published.watermark else "nothing read yet"
    if not published.new:
        return f"nothing new: {contract.name} stays at version {published.version}, data as of {data_as_of}"
    again = " (it was published before)" if published.repeated else ""
    what = f"published {contract.name} version {published.version}{again}"
    return f"{what}: {published.rows} rows, data as of {data_as_of}"


def _publish(
    contract: Contract, collection: Collection, loaded: Loaded, main: Collection | None
) -> Published:
    for remaining in reversed(range(ATTEMPTS)):
        demand_rows(contract, collection, loaded, main)
        try:
            return collection.publish(loaded.staged.attempt, _publication(contract, loaded))
        except AttemptError as error:
            if not remaining:
                raise
            log.warning("%s Staging again.", error)
            loaded = stage(contract, collection, loaded.validated, loaded.store, main)
    raise AssertionError("unreachable: the last conflict is raised")


def demand_rows(
    contract: Contract, collection: Collection, loaded: Loaded, main: Collection | None = None
) -> None:
    """Raises ValidationFailed where the row count would fall past the contract's bound within one source.

    A target may fall as far as the main store has: what that lost was within the bound each time.
    """
    staged, source = loaded.staged, loaded.validated.transformed.source
    live = (main or collection).live()
    before = min(staged.base_rows, live.rows) if main and live else staged.base_rows
    if live is None or before == 0 or (live.source != source and staged.rows):
        return  # the counts of two sources say nothing of each other, but nothing never replaces something
    drop = 1 - staged.rows / before
    if drop > contract.max_row_drop:
        raise ValidationFailed(
            f"{contract.name} would fall from {before} to {staged.rows} rows: by {drop:.0%}, "
            f"and the contract allows {contract.max_row_drop:.0%}.",
            where=f"the run that staged attempt {staged.attempt}",
            next_step="Look whether the source is whole; raise the contract's maxRowDrop if this is meant.",
        )


def _publication(contract: Contract, loaded: Loaded) -> Publication:
    transformed = loaded.validated.transformed
    return Publication(
        run_id=transformed.run.id,
        watermark=datetime.fromisoformat(loaded.watermark) if loaded.watermark else None,
        source=transformed.source,
        ledger=transformed.ledger.to_dict(),
        contract_version=contract.version,
        scheduled=transformed.run.scheduled,
    )
