"""Singer message streams (hub.meltano.com/singer/spec): one record a stream of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from common.io.sources.documents import json_text
from common.io.sources.runs.records import Fault, Found, Origin, Record, Rows, text, within
from common.utils.errors import SourceError

STREAMS = 10_000  # of one file, which are held in memory
MESSAGES = ("RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")


@dataclass(slots=True)
class _Stream:
    """What is counted of one stream. ``settled``: a state was written after its last record."""

    position: int
    rows: int = 0
    first: str | None = None
    last: str | None = None
    settled: bool = False


def read(rows: Rows, origin: Origin) -> Iterator[Found]:
    """The streams of an item, in the order of their first messages, and the messages that are none.

    Raises:
        SourceError: There are too many streams.
    """
    streams: dict[str, _Stream] = {}
    states, state = 0, None
    for position, row in rows:
        kind, stream = text(row.get("type")), text(row.get("stream"))
        if kind == "STATE":
            states, state = states + 1, row.get("value")
            for one in streams.values():
                one.settled = True
        elif fault := _fault(kind, stream):
            yield Found(position, None, fault, json_text(row))
        else:
            _count(streams.setdefault(str(stream), _Stream(position)), kind, row)
            _demand_few(streams, origin.name)
    value = _value(state)
    for stream, counted in streams.items():
        yield Found(counted.position, _record(origin, stream, counted, (states, value)))


def _fault(kind: str | None, stream: str | None) -> Fault | None:
    if kind not in MESSAGES:
        return "no_message", "type", f"type is none of {', '.join(MESSAGES)}"
    return None if stream else ("incomplete", "stream", f"a message of type {kind} must name its stream")


def _count(stream: _Stream, kind: str | None, row: dict[str, Any]) -> None:
    if kind != "RECORD":
        return
    stream.rows, stream.settled = stream.rows + 1, False
    at = text(row.get("time_extracted"))
    stream.first, stream.last = stream.first or at, at or stream.last


def _demand_few(streams: dict[str, _Stream], name: str) -> None:
    if len(streams) > STREAMS:
        raise SourceError(
            f"{name} has more than {STREAMS:,} streams, and they are held in memory.",
            where=name,
            next_step="Write the messages of fewer streams into one file.",
        )


def _record(origin: Origin, stream: str, counted: _Stream, states: tuple[int, Any]) -> Record:
    """A run is a file and its first record's time: a file that grows is one run, one written anew another.

    Where no message has a time, it is that of the file.
    """
    bookmark = within(states[1], "bookmarks", stream)
    detail = {"messages_of_state": states[0], "bookmark": bookmark}
    run = f"{origin.name}@{counted.first}" if counted.first else origin.name
    return {
        "id": f"{run}/{stream}",
        "system": "singer",
        "pipeline": stream,
        "run_id": run,
        "state": "complete" if counted.settled else "no_state",
        "started_at": counted.first or origin.written,
        "ended_at": counted.last or origin.written,
        "rows": str(counted.rows),
        "event_at": counted.last or origin.written,
        "detail": msgspec.json.encode(detail).decode(),
    }


def _value(state: Any) -> Any:
    try:
        return msgspec.json.decode(state) if isinstance(state, str) else state
    except msgspec.DecodeError:
        return None
