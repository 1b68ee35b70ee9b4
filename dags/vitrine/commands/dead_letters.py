"""``vitrine dead-letters``: what the latest run of a collection rejected, with reason and place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrine import collections
from vitrine.options import AsJson
from vitrine.output import answer

if TYPE_CHECKING:
    from common.utils.contract import Contract
    from common.utils.settings import Settings

Which = Annotated[str, typer.Argument(metavar="[COLLECTION]", help="One instead of all.", show_default=False)]
Limit = Annotated[int, typer.Option(min=0, help="Records shown of each collection.")]
SHOWN = 50


def dead_letters(collection: Which = "", limit: Limit = SHOWN, as_json: AsJson = False) -> None:
    """Lists the records that the latest run rejected: how many by rule, then each with file, line and reason.

    Examples:
      vitrine dead-letters
      vitrine dead-letters sales/product_revenue --limit 500 --json
    """
    settings = collections.settings()
    contracts = collections.chosen(settings, collection)
    found = [rejected(settings, contract, limit) for contract in contracts]
    answer(found, as_json, lambda: "\n".join(line for one in found for line in lines(one)))


def rejected(settings: Settings, contract: Contract, limit: int = SHOWN) -> dict[str, Any]:
    """What the latest run of one collection rejected, and how many records of all runs wait."""
    from common.io import dead_letters, lake, reports  # noqa: PLC0415 (heavy)
    from common.verbs.subject import Subject  # noqa: PLC0415

    latest = reports.newest(settings, contract.name, limit=1)
    if not latest:
        return {"collection": contract.name, "run": None}
    run, waiting = latest[0], 0
    rows: list[dict[str, Any]] = []
    for intake in Subject.of(contract).intakes():
        uri = dead_letters.table_uri(settings, intake.domain, intake.name, dry_run=run.state == "dry_run")
        with lake.connect(settings) as engine:
            rows += dead_letters.read(engine, uri, run.run_id).to_pylist()
            waiting += dead_letters.waiting(engine, uri).num_rows
    return {
        "collection": contract.name,
        "run": run.run_id,
        "rejected": len(rows),
        "rules": dict(Counter(row["rule"] for row in rows).most_common()),
        "records": [
            {
                "item": row["_item"],
                "position": row["_position"],
                **{name: row[name] for name in ("rule", "reason", "record")},
            }
            for row in rows[:limit]
        ],
        "waiting": waiting,
        "table": dead_letters.table_uri(settings, contract.domain, contract.subject),
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    if found["run"] is None:
        return [f"{found['collection']}: no run yet. Next: vitrine run {found['collection']}"]
    more = found["rejected"] - len(found["records"])
    return [
        f"{found['collection']}: {found['rejected']} records rejected by run {found['run']}",
        *(f"  {count:>8}  {rule}" for rule, count in found["rules"].items()),
        *(f"{one['item']}:{one['position']}: {one['reason']}: {one['record']}" for one in found["records"]),
        *([f"  … and {more} more"] if more else []),
        f"Of all runs, {found['waiting']} records wait for a fix and a replay: {found['table']} in the lake",
    ]
