"""All five verbs in their order, without an orchestrator: for the command line, benchmarks and tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from common.io import reports
from common.io.collections.protocol import Published, Version
from common.io.sources.configured import configured
from common.utils.contract import Contract
from common.utils.errors import SourceError
from common.utils.settings import MAIN, Settings
from common.verbs.continuity import Live, demand_continuity
from common.verbs.extract import extract
from common.verbs.load import load
from common.verbs.publish import publish
from common.verbs.references import Extracted, Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
from common.verbs.transform import transform
from common.verbs.validate import validate

log = logging.getLogger(__name__)


def live_version(contract: Contract, settings: Settings, store: str = MAIN) -> Version | None:
    """What readers of a store see now, or ``None`` where nothing has been published."""
    with opened(contract, settings, store, read_only=True) as collection:
        return collection.live()


def extract_live(subject: Subject, contract: Contract, settings: Settings, run: Run) -> Extracted:
    """Extracts from where the live version ends."""
    extracted = extract(subject, contract, settings, run, Live.of(live_version(contract, settings)))
    reports.record(
        settings,
        contract.name,
        run.id,
        window=extracted.window,
        source_name=extracted.source_name,
        statistics=extracted.statistics,
        drift=extracted.drift,
    )
    return extracted


def why_rebuild(subject: Subject, contract: Contract, settings: Settings) -> str:
    """Why only a full refresh can go on from what is live; empty where nothing is in the way."""
    live = Live.of(live_version(contract, settings))
    if live.source is None:
        return ""
    source = configured(subject.variables, settings.url_of).source
    try:
        demand_continuity(subject, settings, source, live)
    except SourceError as error:
        return error.what
    return ""


def run_all(subject: Subject, contract: Contract, settings: Settings, run: Run) -> Published | None:
    """Extracts, transforms, validates, loads and publishes, to the main store and then to each target.

    Returns:
        What is live now in the main store, or ``None`` for a dry run.

    Raises:
        VitrineError: As the verbs do; the run's record then says ``failed`` and why. A store that fails is
            told after all others have had their turn.
    """
    with _noted(settings, contract, run):
        extracted = extract_live(subject, contract, settings, run)
        validated = validate(contract, settings, transform(subject, settings, extracted))
    failures: list[Exception] = []
    published = None
    for store in settings.stores:
        try:
            with _noted(settings, contract, run, store):
                done = publish(contract, settings, load(contract, settings, validated, store))
                published = done if store == MAIN else published
        except Exception as error:  # whatever it is: the other stores must not wait for this one
            log.exception("%s: run %s failed in the store '%s'", contract.name, run.id, store)
            failures.append(error)
    if failures:
        raise failures[0]
    return published


@contextmanager
def _noted(settings: Settings, contract: Contract, run: Run, store: str = MAIN) -> Iterator[None]:
    """Notes that the run goes on in a store, and its failure."""
    reports.record(settings, contract.name, run.id, store, state="running", error="")
    try:
        yield
    except Exception as error:
        reports.record(settings, contract.name, run.id, store, state="failed", error=str(error))
        raise
