"""All five verbs in their order, without an orchestrator: for the command line, benchmarks and tests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from common.io import reports
from common.io.collections.protocol import Published, Version
from common.utils.contract import Contract
from common.utils.errors import SourceError
from common.utils.settings import MAIN, Settings
from common.verbs.continuity import Live, demand_continuity
from common.verbs.extract import extract, source_of
from common.verbs.load import load
from common.verbs.publish import publish
from common.verbs.references import Extracted, Run, Statistics, Transformed, Validated
from common.verbs.stores import opened
from common.verbs.subject import Intake, Subject
from common.verbs.transform import Before, transform
from common.verbs.validate import validate

log = logging.getLogger(__name__)

GONE = "It is not configured any more. Its records stand as they were, until a full refresh leaves them out."


def live_version(contract: Contract, settings: Settings, store: str = MAIN) -> Version | None:
    """What readers of a store see now, or ``None`` where nothing has been published."""
    with opened(contract, settings, store, read_only=True) as collection:
        return collection.live()


def extract_live(intake: Intake, contract: Contract, settings: Settings, run: Run) -> Extracted:
    """Extracts one source from where the live version ends.

    Of several sources each has a record of its own beside the run's, for they are read at once.
    """
    live = Live.of(live_version(contract, settings), intake)
    extracted = extract(intake, contract, settings, run, live)
    told: dict[str, Any] = {} if intake.only else {"state": "extracted"}
    reports.record(
        settings,
        contract.name,
        run.id,
        intake.part,
        window=extracted.window,
        source_name=extracted.source_name,
        statistics=extracted.statistics,
        drift=extracted.drift,
        **told,
    )
    return extracted


def transform_live(
    subject: Subject, contract: Contract, settings: Settings, run_id: str, extracted: Sequence[Extracted]
) -> Transformed:
    """Transforms what could be read; a source that could not is named in what the run publishes."""
    if subject.alone:
        transformed = transform(subject, settings, extracted)
        reports.record(settings, contract.name, run_id, ledger=transformed.ledger)
        return transformed
    before = _before(subject, contract, settings, run_id, extracted)
    transformed = transform(subject, settings, extracted, before)
    reports.record(
        settings,
        contract.name,
        run_id,
        window=transformed.window,
        source_name=transformed.source_name,
        statistics=Statistics.of([one.statistics for one in extracted]),
        drift=tuple(f"{one.intake}: {drift}" for one in extracted for drift in one.drift),
        ledger=transformed.ledger,
    )
    return transformed


def _before(
    subject: Subject, contract: Contract, settings: Settings, run_id: str, extracted: Sequence[Extracted]
) -> Before:
    """What is live of each source, and why those that were not read were not.

    A full refresh forgets the sources that are not configured any more.
    """
    live = live_version(contract, settings)
    sources = dict(live.bookmark.get("sources", {})) if live else {}
    anew, read = any(one.run.full_refresh for one in extracted), {one.intake for one in extracted}
    errors: dict[str, str] = {}
    fingerprint = (live and live.source) or ""
    if any(one.run.replay for one in extracted):  # it reads no source, so it learns nothing of any
        return Before(sources, errors, fingerprint)
    for intake in (one for one in subject.intakes() if one.source not in read):
        part = reports.read(settings, contract.name, run_id, intake.part)
        if intake.is_configured:
            failed = part and part.state == "failed"
            errors[intake.source] = (
                part.error if part and failed else "Its extraction did not come to an end."
            )
        elif anew:
            sources.pop(intake.source, None)
        elif intake.source in sources:
            errors[intake.source] = GONE
    return Before(sources, errors, fingerprint)


def why_rebuild(subject: Subject, contract: Contract, settings: Settings) -> str:
    """Why only a full refresh can go on from what is live; empty where nothing is in the way."""
    version = live_version(contract, settings)
    for intake in subject.configured():
        live = Live.of(version, intake)
        if live.source is None:
            continue
        try:
            demand_continuity(intake, settings, source_of(intake, settings).source, live)
        except SourceError as error:
            return error.what
    return ""


def run_all(
    subject: Subject,
    contract: Contract,
    settings: Settings,
    run: Run,
    on_verb: Callable[[str], None] = lambda _: None,
) -> Published | None:
    """Extracts, transforms, validates, loads and publishes, to the main store and then to each target.

    Args:
        subject: Whose sources are read.
        contract: Of its collection.
        settings: Where the lake and the stores are.
        run: What it answers for.
        on_verb: Is told what begins: ``extract order_lines``, ``transform``, ``validate``, ``load main``,
            ``publish main``, and the last two of each target.

    Returns:
        What is live now in the main store, or ``None`` for a dry run.

    Raises:
        VitrineError: As the verbs do; the run's record then says ``failed`` and why. A store that fails is
            told after all others have had their turn.
    """
    with _noted(settings, contract, run):
        extracted = _extract_all(subject, contract, settings, run, on_verb)
        on_verb("transform")
        transformed = transform_live(subject, contract, settings, run.id, extracted)
        on_verb("validate")
        validated = validate(contract, settings, transformed)
    return _publish_all(contract, settings, run, validated, on_verb)


def _publish_all(
    contract: Contract, settings: Settings, run: Run, validated: Validated, on_verb: Callable[[str], None]
) -> Published | None:
    """Loads and publishes to each store; what is live now in the main one."""
    failures: list[Exception] = []
    published = None
    for store in settings.stores:
        try:
            with _noted(settings, contract, run, store):
                on_verb(f"load {store}")
                loaded = load(contract, settings, validated, store)
                on_verb(f"publish {store}")
                done = publish(contract, settings, loaded)
                published = done if store == MAIN else published
        except Exception as error:  # whatever it is: the other stores must not wait for this one
            log.exception("%s: run %s failed in the store '%s'", contract.name, run.id, store)
            failures.append(error)
    if failures:
        raise failures[0]
    return published


def _extract_all(
    subject: Subject, contract: Contract, settings: Settings, run: Run, on_verb: Callable[[str], None]
) -> list[Extracted]:
    """What can be read; one source of several that fails does not stop the others."""
    found = []
    for intake in subject.configured():
        try:
            with _noted(settings, contract, run, intake.part):
                on_verb(f"extract {intake.source}")
                found.append(extract_live(intake, contract, settings, run))
        except Exception:  # whatever it is: the other sources must not wait for this one
            if intake.only:
                raise
            log.exception("%s: run %s could not read the source '%s'", contract.name, run.id, intake.source)
    return found


@contextmanager
def _noted(settings: Settings, contract: Contract, run: Run, store: str = MAIN) -> Iterator[None]:
    """Notes that the run goes on in a store, and its failure."""
    reports.record(settings, contract.name, run.id, store, state="running", error="")
    try:
        yield
    except Exception as error:
        reports.record(settings, contract.name, run.id, store, state="failed", error=str(error))
        raise
