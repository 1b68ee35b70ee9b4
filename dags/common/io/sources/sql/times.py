"""Times that no timestamp of Arrow holds: infinity, the years before 1 and after 9999, and MySQL's day 0."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.io.sources.documents import json_text
from common.io.sources.sql.database import Chunk

RULE, REASON = "no_time", "not a time of the years 1 to 9999"
DAYS = (-719_162, 2_932_896)
MICROSECONDS = 86_400_000_000
# ADBC moves PostgreSQL's count from 2000 to 1970 without a look at what it leaves: infinity comes out so.
FOREVER = {
    -9_222_425_352_054_775_809: "infinity",
    -9_222_425_352_054_775_808: "-infinity",
    -2_147_472_692: "infinity",
    -2_147_472_691: "-infinity",
}


def checked(records: pa.RecordBatch) -> Chunk:
    """A batch without the rows that have such a time, and those rows."""
    wrong: dict[int, str] = {}
    for field, column in zip(records.schema, records.columns, strict=True):
        if pa.types.is_date32(field.type) or pa.types.is_timestamp(field.type):
            for place in _outside(column):
                wrong.setdefault(place, field.name)
    if not wrong:
        return Chunk(records, None, records.num_rows)
    kept = [place for place in range(records.num_rows) if place not in wrong]
    bad = [
        (place, RULE, field, REASON, json_text(_shown(records.slice(place, 1))))
        for place, field in sorted(wrong.items())
    ]
    return Chunk(records.take(pa.array(kept, pa.int64())), kept, records.num_rows, bad)


def _outside(column: pa.Array[Any]) -> list[int]:
    """Places of the values outside; seldom any."""
    number, low, high = _numbers(column)
    least, greatest = pc.min(number).as_py(), pc.max(number).as_py()
    if least is None or (least >= low and greatest <= high):
        return []
    return [at for at, value in enumerate(number.to_pylist()) if not (value is None or low <= value <= high)]


def _numbers(column: pa.Array[Any]) -> tuple[pa.Array[Any], int, int]:
    first, last = DAYS
    if pa.types.is_date32(column.type):
        return column.cast(pa.int32()), first, last
    return column.cast(pa.int64()), first * MICROSECONDS, (last + 1) * MICROSECONDS - 1


def _shown(row: pa.RecordBatch) -> dict[str, Any]:
    """One row's values, as a document."""
    shown: dict[str, Any] = {}
    for name, column in zip(row.schema.names, row.columns, strict=True):
        timed = pa.types.is_date32(column.type) or pa.types.is_timestamp(column.type)
        if timed and _outside(column):
            number = _numbers(column)[0][0].as_py()
            shown[name] = FOREVER.get(number, f"{number} {column.type} since 1970")
        else:
            shown[name] = column[0].as_py()
    return shown
