"""``vitrine run``: the five verbs over one pipeline, in this process."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.utils.errors import SettingsError
from common.utils.settings import MAIN, Settings
from common.utils.window import Window
from vitrine.collections import collection_in
from vitrine.interruption import pressed
from vitrine.options import AsJson
from vitrine.output import answer, note, table
from vitrine.pipelines import collection_of
from vitrine.progress import Verbs

if TYPE_CHECKING:
    from common.io.collections.protocol import Version
    from common.io.reports import RunRecord
    from common.utils.contract import Contract
    from common.verbs.references import Run
    from common.verbs.subject import Subject

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ("store", "outcome", "version", "rows", "inserted", "updated", "removed", "seconds")
WORDS = {"unchanged": "nothing new", "dry_run": "dry run", "failed": "FAILED"}

What = Annotated[
    str,
    typer.Argument(
        metavar="FILE|DOMAIN/SUBJECT",
        help="A pipeline's file <domain>/<subject>_v<major>.yaml, or the name of a collection.",
        show_default=False,
    ),
]
Span = Annotated[
    str,
    typer.Option(
        metavar="START..END",
        help="Days or times in UTC; END itself is not part of it. Else everything up to the end of today.",
        show_default=False,
    ),
]
Anew = Annotated[bool, typer.Option("--full-refresh", help="Rebuild from what the source holds now.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Compute and report, and publish nothing.")]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the run in one store.

    Attributes:
        live: What readers see there; ``None`` where nothing is published or the run failed in it.
    """

    store: str
    record: RunRecord
    live: Version | None


def run(
    what: What,
    window: Span = "",
    full_refresh: Anew = False,
    dry_run: Dry = False,
    as_json: AsJson = False,
) -> None:
    """Runs a pipeline, in YAML or in Python: extract, transform, validate, load and publish, to each store.

    Nothing that readers see changes before all is checked; a run that is interrupted is run again.
    A source that is no longer the one of the live version needs --full-refresh.

    Examples:
      vitrine run include/pipelines/sales/orders_v1.yaml --dry-run
      vitrine run sales/product_revenue --window 2026-01-01..2026-02-01 --json
    """
    now = datetime.now(UTC)
    asked = _window(window, now)
    name = collection_of(what)
    from common.verbs.references import Run  # noqa: PLC0415 (heavy: a wrong argument is said before)
    from common.verbs.subject import SAMPLES, Subject  # noqa: PLC0415

    contract, settings = collection_in(name)
    os.environ.setdefault(SAMPLES, str(settings.home / "samples"))  # where make run has put them
    subject = Subject.of(contract)
    this = Run(f"manual__{now.isoformat()}", asked, full_refresh, dry_run, scheduled=False)
    began = time.monotonic()
    failure = _done(subject, contract, settings, this)
    outcomes, failed = _outcomes(contract, settings, this), _failed(subject, settings, this)
    plain = _plain(name, this, outcomes, time.monotonic() - began, failed)
    answer(plain, as_json, lambda: _words(outcomes))
    if failure:
        raise failure
    if failed:
        note(f"Not read, so that they stand as they were: {', '.join(failed)}")
        raise typer.Exit(1)


def _done(subject: Subject, contract: Contract, settings: Settings, run: Run) -> Exception | None:
    """Runs it; what stopped it, so that what the run came to can be told first."""
    from common.verbs.pipeline import run_all  # noqa: PLC0415 (heavy)

    verbs = len(subject.configured()) + 2 + 2 * len(settings.stores)
    try:
        with Verbs(contract.name, verbs) as progress:
            run_all(subject, contract, settings, run, progress)
    except Exception as error:
        if pressed():
            raise
        return error
    return None


def _window(text: str, now: datetime) -> Window:
    """What ``START..END`` says; else from the beginning of time to the end of today."""
    if not text:
        return Window(BEGINNING, datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1))
    bounds = text.split("..")
    try:
        start, end = (datetime.fromisoformat(bound) for bound in bounds)
        zoned = (
            one.replace(tzinfo=UTC) if one.tzinfo is None else one.astimezone(UTC) for one in (start, end)
        )
        return Window(*zoned)
    except ValueError as error:
        wrong = f"'{text}' is not written like 2026-01-01..2026-02-01"
        raise typer.BadParameter(wrong, param_hint="--window") from error
    except SettingsError as error:
        raise typer.BadParameter(str(error), param_hint="--window") from error


def _outcomes(contract: Contract, settings: Settings, run: Run) -> list[Outcome]:
    """Of each store that the run came to."""
    from common.io import reports  # noqa: PLC0415 (heavy)
    from common.verbs.pipeline import live_version  # noqa: PLC0415

    found = []
    for store in settings.stores:
        record = reports.read(settings, contract.name, run.id, store)
        if record is not None:
            failed = record.state == "failed"
            found.append(Outcome(store, record, None if failed else live_version(contract, settings, store)))
    return found


def _failed(subject: Subject, settings: Settings, run: Run) -> dict[str, str]:
    """Why sources could not be read, by name; of several, one that fails does not stop the others."""
    from common.io import reports  # noqa: PLC0415 (heavy)

    parts = {} if subject.alone else {one.source: one.part for one in subject.configured()}
    found = {name: reports.read(settings, subject.collection, run.id, part) for name, part in parts.items()}
    return {name: record.error for name, record in found.items() if record and record.state == "failed"}


def _plain(
    name: str, run: Run, outcomes: list[Outcome], seconds: float, failed: dict[str, str]
) -> dict[str, Any]:
    main = next((one.record for one in outcomes if one.store == MAIN), None)
    return {
        "collection": name,
        "run": run.id,
        "window": asdict(run.window),
        "full_refresh": run.full_refresh,
        "dry_run": run.dry_run,
        "source": main and main.source_name,
        "sources_that_failed": failed,
        "ledger": main and main.ledger and main.ledger.to_dict(),
        "report": main and main.report,
        "stores": [
            {
                "store": one.store,
                "outcome": one.record.state,
                "version": one.live and one.live.number,
                "rows": one.live and one.live.rows,
                "data_as_of": one.live and one.live.watermark,
                "changes": {name: _changed(one, name) for name in ("inserted", "updated", "removed")},
                "seconds": _seconds(one.record),
                "error": one.record.error,
            }
            for one in outcomes
        ],
        "seconds": round(seconds, 3),
    }


def _words(outcomes: list[Outcome]) -> str:
    rows = [
        (
            one.store,
            WORDS.get(one.record.state, one.record.state),
            one.live and one.live.number,
            one.live and f"{one.live.rows:,}",
            *(_changed(one, name) for name in ("inserted", "updated", "removed")),
            _seconds(one.record),
        )
        for one in outcomes
    ]
    lines = [table(COLUMNS, rows)]
    for record in (one.record for one in outcomes if one.store == MAIN):
        lines += [f"ledger  {record.ledger}"] if record.ledger else []
        lines += [f"report  {record.report}"] if record.report else []
        if record.ledger and any(record.ledger.rejected.values()):
            lines.append(f"The rejected records, and why: vitrine dead-letters {record.collection}")
    return "\n".join(lines)


def _changed(one: Outcome, name: str) -> int | None:
    return getattr(one.record.staged, name, None)


def _seconds(record: RunRecord) -> float | None:
    """From the beginning of what was done for a store to its end; of the main one from the extraction on."""
    return round((record.ended - record.started).total_seconds(), 1) if record.ended else None
