"""Run records and validation reports: what became of each run, as JSON for programs and as a page for people.

Each run has a folder ``<reports>/<domain>/<subject>/<run>``; every file in it is replaced whole or not.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from common.io.collections.protocol import Staged
from common.utils.contract import Contract
from common.utils.expectations import RuleResult
from common.utils.ledger import Ledger
from common.utils.settings import MAIN, Settings
from common.utils.window import Window
from common.verbs.references import Statistics, Transformed, adapter

State = Literal["running", "extracted", "published", "unchanged", "dry_run", "failed"]

TEMPLATE = Path(__file__).with_name("report.html")
WORST_FIRST = ("failed", "warned", "noted", "passed")
STEPS = {
    "statistics": "extract",
    "ledger": "transform",
    "report": "validate",
    "staged": "load",
    "version": "publish",
}
"""Which step has ended when a field of the record is told; where several are told at once, the last one."""
LONGEST_FOLDER = 120  # characters, well within what file systems take


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is known of one run, while it goes on and after; of a target: what became of the run there.

    Attributes:
        collection: ``domain/subject``.
        state: ``unchanged`` is a run that found nothing new to publish.
        window: What the run answers for, lookback included.
        source_name: Where the records came from.
        statistics: What reading them took.
        drift: Columns of the source that are not as they were, in words.
        report: Path of the validation report's page.
        staged: How the run's rows compare with the version before.
        version: Live after the run.
        error: Why it failed, as the user reads it.
        steps: When each step ended, by its name.
    """

    collection: str
    run_id: str
    started: datetime
    state: State = "running"
    ended: datetime | None = None
    window: Window | None = None
    source_name: str = ""
    statistics: Statistics | None = None
    drift: tuple[str, ...] = ()
    ledger: Ledger | None = None
    report: str = ""
    staged: Staged | None = None
    version: int | None = None
    error: str = ""
    steps: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validation:
    """A run's gold as it was judged.

    Attributes:
        rows: Of gold that were judged.
        results: Of all rules, built-in ones first.
        dead_letters: Where the rejected records are kept.
    """

    contract: Contract
    transformed: Transformed
    rows: int
    results: tuple[RuleResult, ...]
    dead_letters: str
    judged_at: datetime

    @property
    def verdict(self) -> Literal["failed", "warned", "passed"]:
        """The worst of the results that count."""
        found = {result.status for result in self.results}
        return "failed" if "failed" in found else "warned" if "warned" in found else "passed"

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        transformed = adapter(Transformed).dump_python(self.transformed, mode="json")
        results = adapter(list[RuleResult]).dump_python(list(self.results), mode="json")
        return {
            "collection": self.contract.name,
            "contract_version": self.contract.version,
            "verdict": self.verdict,
            "judged_at": self.judged_at.isoformat(),
            "run": transformed["run"],
            "window": transformed["window"],
            "source": transformed["source_name"],
            "data_as_of": self.transformed.watermark,
            "rows": self.rows,
            "ledger": self.transformed.ledger.to_dict(),
            "dead_letters": self.dead_letters,
            "rules": [
                {**plain, "status": result.status}
                for plain, result in zip(results, self.results, strict=True)
            ],
        }


def record(settings: Settings, collection: str, run_id: str, store: str = MAIN, **changes: Any) -> RunRecord:
    """Notes what is new about a run, in the record that it has or in a new one.

    Each target has a record of its own beside the run's: tasks that go on at once never write the same one.

    Args:
        settings: Where the reports stand.
        collection: ``domain/subject``.
        run_id: Of the run.
        store: The main one for all that is no target's.
        changes: Fields of :class:`RunRecord`; ``started`` and ``ended`` follow from ``state``.

    Raises:
        TypeError: There is no such field.
    """
    now = datetime.now(UTC)
    before = read(settings, collection, run_id, store) or RunRecord(collection, run_id, started=now)
    after = replace(before, **changes)
    ended = {step: now for step in [step for name, step in STEPS.items() if name in changes][-1:]}
    after = replace(after, ended=None if after.state == "running" else now, steps={**after.steps, **ended})
    path = folder(settings, collection, run_id) / _file(store)
    _write(path, adapter(RunRecord).dump_json(after, indent=2))
    return after


def read(settings: Settings, collection: str, run_id: str, store: str = MAIN) -> RunRecord | None:
    """The record of a run, or what became of it in a target; ``None`` where there is none."""
    path = folder(settings, collection, run_id) / _file(store)
    return _read(path) if path.exists() else None


def newest(settings: Settings, collection: str = "*/*", limit: int = 20) -> list[RunRecord]:
    """The records of the latest runs of one collection, or of all, the latest first."""
    records = [_read(path) for path in settings.reports.glob(f"{collection}/*/run.json")]
    return sorted(records, key=lambda one: one.started, reverse=True)[:limit]


def folder(settings: Settings, collection: str, run_id: str) -> Path:
    """Where the files of a run stand; a run id that is no folder's name gets a safe one that no other has."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", run_id)[:LONGEST_FOLDER]
    if name != run_id or name.startswith("."):
        name = f"{name.lstrip('.')}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"
    return settings.reports / collection / name


def write_validation(settings: Settings, validation: Validation) -> Path:
    """Writes ``validation.json`` and the page ``index.html`` beside the run's record; the page's path."""
    place = folder(settings, validation.contract.name, validation.transformed.run.id)
    _write(place / "validation.json", adapter(dict).dump_json(validation.to_dict(), indent=2))
    _write(place / "index.html", _page(validation).encode())
    return place / "index.html"


def _page(validation: Validation) -> str:
    """The report as one HTML page that needs nothing else; every value is escaped."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 (heavy; only where a report is written)

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(moment=_moment, amount=_amount)
    results = sorted(validation.results, key=lambda result: WORST_FIRST.index(result.status))
    transformed, ledger = validation.transformed, validation.transformed.ledger
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        validation=validation,
        contract=validation.contract,
        transformed=transformed,
        watermark=datetime.fromisoformat(transformed.watermark) if transformed.watermark else None,
        results=results,
        count={status: sum(result.status == status for result in results) for status in WORST_FIRST},
        ledger=ledger,
        parts=_parts(ledger),
        totals=[
            (name, ledger.silver.get(name), ledger.gold.get(name))
            for name in sorted(ledger.silver.keys() | ledger.gold.keys())
        ],
        rejected=sorted(
            ((why, count) for why, count in ledger.rejected.items() if count), key=lambda one: -one[1]
        ),
    )


def _parts(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Where the records went: kind, words, count."""
    return [
        ("written", "written", ledger.written),
        ("unchanged", "unchanged", ledger.unchanged),
        *(("filtered", f"filtered: {rule}", count) for rule, count in ledger.filtered.items()),
        ("deduplicated", "de-duplicated", ledger.deduplicated),
        ("rejected", "rejected", sum(ledger.rejected.values())),
    ]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(" ", "seconds").removesuffix("+00:00") + " UTC"


def _amount(total: Decimal | None) -> str:
    return "missing" if total is None else f"{total:,}"


def _file(store: str) -> str:
    return "run.json" if store == MAIN else f"run.{store}.json"


def _read(path: Path) -> RunRecord:
    found: RunRecord = adapter(RunRecord).validate_json(path.read_bytes())
    return found


def _write(path: Path, content: bytes) -> None:
    """Replaces a file whole: a reader, or a run after a kill, finds the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        temporary.chmod(0o644)  # a temporary file is its owner's alone
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # still there where the disk is full
