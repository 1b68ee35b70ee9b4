"""What every kind of run record becomes: one record a run, in columns of one schema, all of them text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

COLUMNS = (
    "id",
    "system",
    "pipeline",
    "task",
    "run_id",
    "owner",
    "state",
    "started_at",
    "ended_at",
    "seconds",
    "rows",
    "expected_every",
    "error",
    "event_at",
    "detail",
)
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
"""``id`` identifies the run in its system, and ``event_at`` tells the later of two records of one run.

``task`` is null of a run of the whole pipeline. Times, ``seconds``, ``rows`` and ``state`` stand as the
system wrote them. ``detail`` is JSON: what one kind of record has and others lack.
"""

Record = Mapping[str, str | None]
Fault = tuple[str, str | None, str]
"""The rule that is broken, the field and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """A run record, or why there is none and what was there instead; at one place of an item."""

    position: int
    record: Record | None
    fault: Fault | None = None
    shown: str = ""


Rows = Iterator[tuple[int, dict[str, Any]]]
"""Documents of an item with their positions, in order; what lies within them is JSON text."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the documents come from.

    Attributes:
        name: Of the item.
        written: When its file was last written, ISO in UTC; ``None`` where that is not known.
    """

    name: str
    written: str | None = None


Reader = Callable[[Rows, Origin], Iterator[Found]]
"""Reads the documents of an item."""


def text(value: Any) -> str | None:
    """A plain value of a document as text; ``None`` of a blank one and of what is no plain value."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    found = str(value).strip()
    return found or None


def within(document: Any, *names: str) -> Any:
    """What a document has at a path of names; ``None`` where it has nothing there."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document
