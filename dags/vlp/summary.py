"""What ``make run`` says at the end: a table of the collections, and where to look next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.io.collections.protocol import Version
from common.io.reports import RunRecord
from common.utils.contract import Contract
from common.utils.settings import MAIN

COLUMNS = ("collection", "outcome", "version", "rows", "data as of", "freshness", "seconds", "ledger")
WORDS = {"published": "published", "unchanged": "nothing new", "dry_run": "dry run"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one DAG's run in one store.

    Attributes:
        record: ``None`` where the run failed before its first task could note anything.
        live: What readers see after it.
        seconds: The run's duration, Airflow's own time included.
        store: The main one, or a target.
    """

    contract: Contract
    record: RunRecord | None
    live: Version | None
    seconds: float
    store: str = MAIN

    @property
    def name(self) -> str:
        """``domain/subject``, and the target where it is one."""
        return self.contract.name if self.store == MAIN else f"{self.contract.name} to {self.store}"

    @property
    def succeeded(self) -> bool:
        """Whether the collection was published, or found to be as it was."""
        return self.record is not None and self.record.state in ("published", "unchanged")

    @property
    def error(self) -> str:
        """Why it was not published, as the user reads it: what, where and next on a line each."""
        error = (self.record and self.record.error) or "the run ended before its last task"
        return error.replace(" Where: ", "\n  Where: ").replace(" Next: ", "\n  Next: ")

    @property
    def rejected(self) -> int:
        """Records that are in the dead letters."""
        return sum(self.record.ledger.rejected.values()) if self.record and self.record.ledger else 0


def table(outcomes: Sequence[Outcome], now: datetime) -> str:
    """One line a collection, in aligned columns."""
    lines = [COLUMNS, *(_cells(one, now) for one in outcomes)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]])
        for line in lines
    )


def _cells(one: Outcome, now: datetime) -> tuple[str, ...]:
    live, record = one.live, one.record
    data_as_of = live.watermark if live else None
    return (
        one.name,
        WORDS[record.state] if record and one.succeeded else "FAILED",
        str(live.number) if live else "-",
        f"{live.rows:,}" if live else "-",
        data_as_of.isoformat(" ", "seconds").removesuffix("+00:00") if data_as_of else "-",
        one.contract.freshness_at(now, data_as_of),
        f"{one.seconds:.1f}",
        str(record.ledger) if record and record.ledger else "-",
    )


def next_steps(outcomes: Sequence[Outcome], arguments: Sequence[str]) -> str:
    """The commands to look further, and where the reports and the rejected records are.

    Args:
        outcomes: Of all collections.
        arguments: The source's, as the user gave them; Airflow is to be started with the same.
    """
    name = next((one.contract.name for one in outcomes if one.live), "")
    lines = ["Next:"]
    if name:
        lines += [
            "  make api PORT=8099    serves the page, http://127.0.0.1:8099/dashboards/v1/page/,",
            "                        and the read API; then, in another terminal:",
            '      curl -H "Authorization: Bearer $(make -s token | tail -n 1)" \\',
            f"          'http://127.0.0.1:8099/dashboards/v1/collections/{name}?limit=3'",
        ]
    lines.append(
        "  make up               Airflow itself, with its schedule and its pages, and the read API in it"
    )
    if arguments:
        lines.append(f"      on the same source: {shlex.join(['make', 'up', *arguments])}")
    reports = [one.record.report for one in outcomes if one.record and one.record.report]
    if reports:
        place = os.path.commonpath(reports) if len(reports) > 1 else reports[0]
        lines.append(f"  reports               {place}")
    if rejected := [one for one in outcomes if one.rejected]:
        told = ", ".join(f"{one.rejected:,} of {one.contract.name}" for one in rejected)
        lines.append(f"  make dead-letters     the rejected records, and why: {told}")
    return "\n".join(lines)
