"""OpenLineage run events (openlineage.io/spec, version 1): one record an event.

An event must have what the specification requires of a run event, as far as it says which run is meant:
``eventTime``, ``producer``, ``run.runId``, ``job.namespace`` and ``job.name``. ``schemaURL``, which is
required too, is not demanded: it says nothing of the run, and many producers leave it out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec

from common.io.sources.documents import json_text
from common.io.sources.runs.records import Fault, Found, Origin, Record, Rows, text, within

REQUIRED = (("eventTime",), ("producer",), ("run", "runId"), ("job", "namespace"), ("job", "name"))
OPENS = "{{"  # of a template that nothing was put into
STARTED = 100_000  # runs of one item whose start is remembered
PARTS = ("run", "job", "outputs")


def read(rows: Rows, _origin: Origin) -> Iterator[Found]:
    """The run events of an item; the start of a run is laid to its later events in the same item."""
    started: OrderedDict[str, str] = OrderedDict()
    for position, row in rows:
        event = {name: _decoded(value) if name in PARTS else value for name, value in row.items()}
        fault = _fault(event)
        if fault:
            yield Found(position, None, fault, json_text(event))
        else:
            yield Found(position, _record(event, started))


def _decoded(value: Any) -> Any:
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:  # text where an object should be
        return value


def _fault(event: dict[str, Any]) -> Fault | None:
    if event.get("run") is None:
        return "no_run", "run", "it is no event of a run"
    for path in REQUIRED:
        found, name = text(within(event, *path)), ".".join(path)
        if found is None:
            return "incomplete", name, f"{name} is missing, which the specification requires of a run event"
        if OPENS in found:
            return "template", name, f"{name} is a template that nothing was put into"
    return None


def _record(event: dict[str, Any], started: OrderedDict[str, str]) -> Record:
    job, at, state = event["job"], event["eventTime"], text(event.get("eventType"))
    pipeline = f"{job['namespace']}/{job['name']}"
    run = f"{pipeline}/{event['run']['runId']}"
    begins = state in ("START", None)
    if begins:
        started.setdefault(run, at)
        if len(started) > STARTED:
            started.popitem(last=False)
    return {
        "id": run,
        "system": "openlineage",
        "pipeline": pipeline,
        "run_id": text(event["run"]["runId"]),
        "owner": _owner(job),
        "state": state,
        "started_at": started.get(run),
        "ended_at": at if state in ("COMPLETE", "FAIL", "ABORT") else None,
        "rows": _rows(event),
        "error": text(within(event, "run", "facets", "errorMessage", "message")),
        "event_at": at,
    }


def _owner(job: dict[str, Any]) -> str | None:
    owners = within(job, "facets", "ownership", "owners")
    names = [text(within(owner, "name")) for owner in owners] if isinstance(owners, list) else []
    return next((name for name in names if name), None)


def _rows(event: dict[str, Any]) -> str | None:
    """Rows written, over all outputs that say how many."""
    outputs = event.get("outputs")
    found = [
        within(output, "outputFacets", "outputStatistics", "rowCount")
        for output in (outputs if isinstance(outputs, list) else [])
    ]
    counts = [count for count in found if isinstance(count, int)]
    return str(sum(counts)) if counts else None
