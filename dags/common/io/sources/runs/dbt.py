"""``run_results.json`` of dbt (schemas.getdbt.com, versions 1 to 6): one record a result of a node."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import msgspec

from common.io.sources.documents import json_text
from common.io.sources.runs.records import Found, Origin, Record, Rows, text, within

log = logging.getLogger(__name__)

RESULTS = "/run-results/"


class Timing(msgspec.Struct):
    """When one phase of a node began and ended; null where it never did."""

    started_at: str | None = None
    completed_at: str | None = None


class Result(msgspec.Struct):
    """What is used of a node's result; the rest, such as compiled code, is passed over."""

    unique_id: str = ""
    status: str | None = None
    timing: list[Timing] = []
    execution_time: float | None = None
    adapter_response: Any = None
    message: str | None = None


RAW = msgspec.json.Decoder(list[msgspec.Raw])
RESULT = msgspec.json.Decoder(Result)


def read(rows: Rows, origin: Origin) -> Iterator[Found]:
    """The results of an item, counted from 1 over all its documents; other artifacts of dbt hold none."""
    position = 0
    for _, row in rows:
        metadata = _object(row.get("metadata"))
        kind = text(metadata.get("dbt_schema_version")) or ""
        if kind and RESULTS not in kind:
            log.info("%s holds no run results but %s", origin.name, kind)
            continue
        results = _list(row.get("results")) if kind else None
        if results is None:
            why = "it is no artifact of dbt: metadata.dbt_schema_version and results are needed"
            position += 1
            yield Found(position, None, ("no_run_results", "results", why), json_text(row))
            continue
        for raw in results:
            position += 1
            yield _found(position, raw, metadata)


def _found(position: int, raw: msgspec.Raw, metadata: dict[str, Any]) -> Found:
    try:
        result = RESULT.decode(raw)
    except msgspec.DecodeError as error:
        why = f"the result cannot be read: {error}"
        return Found(position, None, ("result", None, why), bytes(raw).decode())
    invocation = text(metadata.get("invocation_id"))
    if not result.unique_id or not invocation:
        missing = "invocation_id" if result.unique_id else "unique_id"
        return Found(position, None, ("incomplete", missing, f"{missing} is missing"), bytes(raw).decode())
    return Found(position, _record(result, invocation, metadata))


def _record(result: Result, invocation: str, metadata: dict[str, Any]) -> Record:
    times = [timing for timing in result.timing if timing.started_at]
    ends = [timing.completed_at for timing in times if timing.completed_at]
    written, begun = text(metadata.get("generated_at")), text(metadata.get("invocation_started_at"))
    affected = within(result.adapter_response, "rows_affected")
    return {
        "id": f"{invocation}/{result.unique_id}",
        "system": "dbt",
        "pipeline": result.unique_id,
        "run_id": invocation,
        "state": result.status,
        "started_at": min((timing.started_at or "" for timing in times), default=begun),
        "ended_at": max(ends, default=written),
        "seconds": None if result.execution_time is None else f"{result.execution_time:.6f}",
        "rows": str(affected) if isinstance(affected, int) and affected >= 0 else None,
        "error": text(result.message) if result.status not in ("success", "pass") else None,
        "event_at": written,
    }


def _object(value: Any) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[msgspec.Raw] | None:
    try:
        return RAW.decode(value) if isinstance(value, str) else None
    except msgspec.DecodeError:
        return None
