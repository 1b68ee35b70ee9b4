"""The runs of a collection, for operators: what became of each, its ledger, report, timings and lineage."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, get_args

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.io.reports import STEPS, State
from common.io.run_index import Entry
from common.utils.contract import Contract
from common.utils.secrets import masked
from dashboards.audit import Access, note
from dashboards.envelope import answer
from dashboards.gate import metered
from dashboards.models import RunDetail, RunSummary
from dashboards.parameters import Listing, chosen, given
from dashboards.responses import Domain, Subject, documented, paging
from dashboards.security import demand_operator, user_of
from dashboards.served import Library, Served

STATES = get_args(State)
LONGEST_ERROR = 4000  # characters
PARAMETERS = {
    "state": ({"type": "string", "enum": list(STATES)}, "Only runs in this state."),
    **paging("runs"),
}


def router(library: Library) -> APIRouter:
    """The routes; for operators and administrators."""
    routes = APIRouter(tags=["operations"])
    guarded = [Depends(metered), Depends(demand_operator)]

    @routes.get(
        "/collections/{domain}/{subject}/runs",
        dependencies=guarded,
        **documented(list[RunSummary], "Runs, the latest first.", PARAMETERS, tagged=False),
    )
    def runs(request: Request, domain: Domain, subject: Subject) -> Response:
        """The runs of a collection, the latest first."""
        return list_runs(request, library, f"{domain}/{subject}")

    @routes.get("/runs/{run:path}", dependencies=guarded, **documented(RunDetail, "One run.", tagged=False))
    def run(request: Request, run: str) -> Response:
        """Everything that is known of one run; its id is the one of the list of runs."""
        given(request)
        served, entry = _find(request, library, run)
        note(request, Access(f"a run of {served.contract.name}", None, 1))
        return answer(request, f"Run {run}.", data=detail(entry, served.contract))

    return routes


def list_runs(request: Request, library: Library, name: str) -> Response:
    """A page of a collection's runs."""
    parameters = given(request, *PARAMETERS)
    state = chosen("state", parameters.get("state"), STATES)
    listing = Listing(parameters, "runs", name, state, width=2)
    library.demand(user_of(request), name)
    found = [entry for entry in library.runs.newest(name) if not state or entry.state == state]
    after = [entry for entry in found if not listing.after or _place(entry) < listing.after]
    page = after[: listing.limit]
    following = _place(page[-1]) if len(after) > len(page) else None
    pagination = listing.pagination(len(page), len(found), following)
    message = f"{len(page)} of {len(found)} runs of {name}."
    note(request, Access(f"runs of {name}", None, len(page)))
    return answer(request, message, data=[outline(one) for one in page], about={"pagination": pagination})


def _place(entry: Entry) -> tuple[str, ...]:
    """Where a run stands in the order, as a cursor holds it: the time in UTC, of one width, and the id."""
    return entry.started.isoformat(timespec="microseconds"), entry.run_id


def _find(request: Request, library: Library, run: str) -> tuple[Served, Entry]:
    domain, _, rest = run.partition(".")
    subject, _, run_id = rest.partition(".")
    served = library.demand(user_of(request), f"{domain}/{subject}")
    entry = library.runs.find(f"{domain}/{subject}", run_id)
    if entry is None:
        raise HTTPException(404, f"{domain}/{subject} has no run {run_id[:128]!r}.")
    return served, entry


def outline(entry: Entry) -> dict[str, Any]:
    """As :class:`dashboards.models.RunSummary` says."""
    record, report = entry.record(), entry.validation()
    started, ended = (_moment(record[name]) for name in ("started", "ended"))
    return {
        "id": f"{record['collection'].replace('/', '.')}.{record['run_id']}",
        "run_id": record["run_id"],
        "collection": record["collection"],
        "state": record["state"],
        "started": started,
        "ended": ended,
        "seconds": (ended - started).total_seconds() if started and ended else None,
        "window": record["window"],
        "version": record["version"],
        "error": masked(record["error"], LONGEST_ERROR),
        "verdict": report and report["verdict"],
        "ledger": record["ledger"],
        "staged": _staged(record["staged"]),
    }


def detail(entry: Entry, contract: Contract) -> dict[str, Any]:
    """As :class:`dashboards.models.RunDetail` says."""
    record, report = entry.record(), entry.validation()
    stores = [
        {
            "store": name,
            **{key: one[key] for key in ("state", "version")},
            "error": masked(one["error"], LONGEST_ERROR),
            "staged": _staged(one["staged"]),
        }
        for name, one in entry.stores().items()
    ]
    sources = [
        {
            "name": name,
            **{key: one[key] for key in ("state", "source_name", "statistics")},
            "error": masked(one["error"], LONGEST_ERROR),
        }
        for name, one in entry.sources().items()
    ]
    return {
        **outline(entry),
        "source": record["source_name"],
        "statistics": record["statistics"],
        "drift": record["drift"],
        "validation": report and _validation(report, contract),
        "stores": stores,
        "sources": sources,
        "timings": timings(record),
        "lineage": lineage(record, report),
    }


def _validation(report: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """The report, with the columns that each rule of the contract is about."""
    columns = {rule.name: ", ".join(rule.columns) for rule in contract.rules}
    results = [{**one, "column": columns.get(one["name"]) or None} for one in report["rules"]]
    return {"verdict": report["verdict"], "rows": report["rows"], "results": results}


def timings(record: dict[str, Any]) -> list[dict[str, Any]]:
    """How long each step took, from the end of the one before; what a task waited is in it."""
    ended = {name: _moment(at) for name, at in (record.get("steps") or {}).items()}
    known = [("start", _moment(record["started"])), *((step, ended.get(step)) for step in STEPS.values())]
    there = [(step, at) for step, at in known if at is not None]
    return [
        {"step": step, "seconds": round((at - before).total_seconds(), 3)}
        for (_, before), (step, at) in pairwise(there)
    ]


def lineage(record: dict[str, Any], report: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the run read and made, from the source to the collection, as far as it came."""
    name, ledger, read = record["collection"], record["ledger"], record["statistics"]
    steps: list[tuple[str, str, Any, Any, bool]] = [
        ("source", record["source_name"], ledger and ledger["read"], None, bool(record["source_name"])),
        ("bronze", f"bronze/{name}", read and read["records"], None, read is not None),
        ("silver", f"silver/{name}", ledger and ledger["written"], None, ledger is not None),
        ("gold", f"gold/{name}", report and report["rows"], None, report is not None),
        (
            "collection",
            name,
            record["staged"] and record["staged"]["rows"],
            record["version"],
            record["staged"] is not None,
        ),
    ]
    return [
        {"kind": kind, "name": name, "rows": rows, "version": version}
        for kind, name, rows, version, there in steps
        if there
    ]


def _staged(staged: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a run changed; of the partitions only how many."""
    if staged is None:
        return None
    counts = {
        name: staged[name] for name in ("inserted", "updated", "unchanged", "removed", "rows", "base_rows")
    }
    return {**counts, "base": staged["base"], "partitions_changed": len(staged["changed"])}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
