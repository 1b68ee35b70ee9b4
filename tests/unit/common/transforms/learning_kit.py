"""Records of a learning platform for tests: as they are received, and as silver has them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from common.transforms import operations
from common.transforms.learning_records import SOURCES

Make = Callable[..., Any]
Silver = Mapping[str, Any]

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "courses": {"course": "C", "presentation": "2026A", "ends_on": date(2026, 5, 1)},
    "enrolments": {"course": "C", "presentation": "2026A", "student_id": "s"},
    "registrations": {"course": "C", "presentation": "2026A", "student_id": "s"},
    "assessments": {"course": "C", "presentation": "2026A"},
    "submissions": {"student_id": "s", "banked": False},
    "contents": {"course": "C", "presentation": "2026A"},
    "activity": {"course": "C", "presentation": "2026A", "student_id": "s", "clicks": 1},
}


def received(frame: Make, source: str, *rows: Mapping[str, str | None]) -> Any:
    """Texts of one source as ``clean`` gets them."""
    columns = SOURCES[source].columns
    there = [
        {**dict.fromkeys(columns), **row, "_item": "a", "_digest": "h", "_position": at}
        for at, row in enumerate(rows)
    ]
    origin = [
        pa.field("_item", pa.string()),
        pa.field("_digest", pa.string()),
        pa.field("_position", pa.int64()),
    ]
    schema = pa.schema([*(pa.field(name, pa.string()) for name in columns), *origin])
    return operations.received(frame(there, schema), {name: name for name in columns}, (), "")


def silver(frame: Make, **rows: list[Mapping[str, Any]]) -> Silver:
    """Silver of all sources; what a row does not say is as in ``DEFAULTS``, else null."""
    made = {}
    for name, records in SOURCES.items():
        nothing = {"date": date(1970, 1, 1), **DEFAULTS[name]}
        fields = records.fields
        full = [{**dict.fromkeys(fields.names), **nothing, **row} for row in rows.get(name, [])]
        assert all(set(row) == set(fields.names) for row in full), f"{name}: {fields.names}"
        made[name] = frame(full, fields)
    return made
