"""Files of a format, written and read; the suffix says which."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from common.io.collections.files.formats import batches, format_of

MOMENT = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": -(2**63),
    "at": MOMENT,
    "text": 'a "quoted" word,\r\nand more',
    "money": Decimal("-99999999999999.9999"),
    "share": 0.1 + 0.2,
    "open": True,
    "day": date(1, 1, 1),
    "detail": '{"a": [1, null]}',
    "tags": "[]",
    "partition_date": date(2026, 1, 1),
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "_hash": 2**63 - 1,
}


def written(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> Path:
    with path.open("xb") as file:
        writer = format_of(path.suffix[1:]).writer(file, schema)
        writer.write_table(pa.Table.from_pylist(rows, schema=schema), 1000)
        writer.close()
    return path


def read(paths: list[Path], schema: pa.Schema) -> list[dict[str, Any]]:
    dataset = format_of(paths[0].suffix[1:]).dataset(paths, schema)
    return pa.Table.from_batches(batches(dataset, schema.names), schema).to_pylist()


def scanned(paths: list[Path], schema: pa.Schema, *, alike: bool = True) -> list[dict[str, Any]]:
    with duckdb.connect() as cursor:
        scan, given = format_of(paths[0].suffix[1:]).scan(cursor, paths, schema, alike=alike)
        names = ", ".join(f'"{name}"' for name in schema.names)
        found = cursor.sql(f"SELECT {names} FROM {scan}", params=given).to_arrow_table()
    return found.cast(schema).to_pylist()
