"""``make dead-letters``: what the latest run of each collection rejected, with reason and place."""

from __future__ import annotations

import sys

from common.io import dead_letters, lake, reports
from common.utils.contract import Contract
from common.utils.errors import VitrineError
from common.utils.odcs import load_contracts
from common.utils.settings import Settings
from common.verbs.subject import Subject

SHOWN = 50  # records of one collection


def main() -> int:
    """Prints them, the counts by reason first; always exit code 0, for they are no error."""
    settings = Settings.from_environment()
    for contract in load_contracts(settings.contracts).values():
        sys.stdout.write("\n".join(listing(settings, contract)) + "\n")
    return 0


def listing(settings: Settings, contract: Contract) -> list[str]:
    """The lines about one collection."""
    latest = reports.newest(settings, contract.name, limit=1)
    if not latest:
        return [f"{contract.name}: no run yet. Next: make run"]
    run, rows, waiting = latest[0], [], 0
    for intake in Subject.of(contract).intakes():
        uri = dead_letters.table_uri(settings, intake.domain, intake.name, dry_run=run.state == "dry_run")
        with lake.connect(settings) as engine:
            rows += dead_letters.read(engine, uri, run.run_id).to_pylist()
            waiting += dead_letters.waiting(engine, uri).num_rows
    place = dead_letters.table_uri(settings, contract.domain, contract.subject)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["rule"]] = counts.get(row["rule"], 0) + 1
    return [
        f"{contract.name}: {len(rows)} records rejected by run {run.run_id}",
        *(f"  {count:>8}  {rule}" for rule, count in sorted(counts.items(), key=lambda one: -one[1])),
        *(_told(row) for row in rows[:SHOWN]),
        *([f"  … and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []),
        f"Of all runs, {waiting} records wait for a fix and a replay: {place} in the lake",
    ]


def _told(row: dict[str, object]) -> str:
    return f"{row['_item']}:{row['_position']}: {row['reason']}: {row['record']}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except VitrineError as error:
        sys.exit(str(error))
