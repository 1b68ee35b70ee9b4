"""``vitrine explain``: what a pipeline would do, and some rows of what would come of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.utils.errors import VitrineError
from vitrine import collections
from vitrine.options import AsJson, File
from vitrine.output import answer, table
from vitrine.pipelines import checked_of

if TYPE_CHECKING:
    from common.pipelines.checked import Checked
    from common.pipelines.expressions.types import Columns
    from common.pipelines.plan import PlannedTable

LONGEST = 200  # characters of a target's place
WIDEST = 40  # characters of a value in the table of rows

Rows = Annotated[int, typer.Option(min=0, max=1000, help="Rows to show; 0 reads no source.")]
Json = dict[str, Any]


def explain(file: File, rows: Rows = 10, as_json: AsJson = False) -> None:
    """Shows a pipeline's plan: sources, the columns after each step, the SQL, the contract, the targets.

    Then rows of its result, from the first records of each source alone, so that a sum is one of those.
    Nothing is written anywhere. A column with ? may be null.

    Examples:
      vitrine explain include/pipelines/sales/orders_v1.yaml
      vitrine explain include/pipelines/sales/orders_v1.yaml --rows 0 --json
    """
    found = checked_of(file)
    plain, failure = plan_of(found), None
    try:
        plain["sample"] = _sample(found, rows) if rows else None
    except VitrineError as error:
        plain["sample"], failure = None, error
    answer(plain, as_json, lambda: _words(plain))
    if failure:
        raise failure


def plan_of(found: Checked) -> Json:
    """The plan, without a word of what a source holds."""
    from common.utils.secrets import masked  # noqa: PLC0415

    pipeline, contract = found.pipeline, found.contract
    spec = pipeline.spec
    return {
        "collection": pipeline.name,
        "file": str(pipeline.path),
        "description": spec.description,
        "owner": spec.owner,
        "schedule": spec.schedule and spec.schedule.model_dump(),
        "sources": [
            {"name": name, "kind": source.kind, "columns": _columns(found.plan.sources[name])}
            for name, source in spec.sources.items()
        ],
        "tables": [_table(found, one) for one in found.plan.tables],
        "sql": found.plan.sql(),
        "contract": {
            "version": contract.version,
            "key": list(contract.key),
            "partition_by": contract.partition_by,
            "freshness": contract.freshness,
            "rules": [rule.name for rule in contract.rules],
        },
        "computed": "by day" if found.plan.by_day else "as a whole",
        "targets": {
            name: "enc:…" if place.startswith("enc:") else masked(place, LONGEST)
            for name, place in {**collections.settings().targets, **spec.targets}.items()
        },
    }


def _table(found: Checked, one: PlannedTable) -> Json:
    steps = [
        {
            "step": step.name,
            "line": found.pipeline.file.line(step.place),
            "columns": _columns(step.planned.columns),
        }
        for step in one.steps
    ]
    return {"name": one.name, "from": one.source, "steps": steps, "columns": _columns(one.columns)}


def _columns(columns: Columns) -> dict[str, str]:
    return {name: f"{one.type}{'' if one.required else '?'}" for name, one in columns.items()}


def _sample(found: Checked, rows: int) -> Json:
    from common.pipelines.compiled import Compiled  # noqa: PLC0415 (heavy)
    from common.pipelines.sample import sample  # noqa: PLC0415
    from common.verbs.subject import Subject  # noqa: PLC0415

    done = sample(
        Subject.of(found.contract), Compiled(found), collections.settings(), datetime.now(UTC), rows
    )
    return {
        "rows": done.rows.to_pylist(),
        "read": {name: asdict(one) for name, one in done.read.items()},
    }


def _words(plain: Json) -> str:
    contract = plain["contract"]
    fresh = f"fresh within {contract['freshness'] / timedelta(hours=1):g} h"
    lines = [f"{plain['collection']}: {plain['description']}"]
    lines += [f"  owner {plain['owner']}; schedule {_schedule(plain['schedule'])}", "", "sources"]
    lines += [f"  {one['name']} ({one['kind']}): {_listed(one['columns'])}" for one in plain["sources"]]
    for one in plain["tables"]:
        lines += ["", f"{one['name']}, from {one['from']}"]
        lines += [
            f"  line {step['line']}  {step['step']}: {_listed(step['columns'])}" for step in one["steps"]
        ]
    lines += ["", "SQL", *(f"  {line}" for line in plain["sql"].splitlines()), ""]
    lines.append(
        f"contract {contract['version']}: key {', '.join(contract['key'])}; partitioned by "
        f"{contract['partition_by']}; computed {plain['computed']}; {fresh}"
    )
    lines += [f"  rule {name}" for name in contract["rules"]]
    lines += ["", "stores", "  main", *(f"  {name}: {place}" for name, place in plain["targets"].items())]
    return "\n".join([*lines, *_rows(plain)])


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _schedule(schedule: Json | None) -> str:
    if schedule is None:
        return "by hand alone"
    return " and ".join(
        filter(None, (schedule["cron"], ", ".join(f"after {one}" for one in schedule["after"])))
    )


def _rows(plain: Json) -> list[str]:
    sample = plain["sample"]
    if sample is None:
        return []
    lines = [""]
    for name, read in sample["read"].items():
        rejected = "".join(f"; {count} {rule}" for rule, count in read["rejected"].items())
        lines.append(f"sample of {name}: the first {read['records']} records{rejected}")
    columns = list(plain["tables"][-1]["columns"])
    cells = [[_cell(row[name]) for name in columns] for row in sample["rows"]]
    return [*lines, table(columns, cells)]


def _cell(value: object) -> str | None:
    text = "" if value is None else str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
