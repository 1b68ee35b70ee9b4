"""A Parquet file."""

from __future__ import annotations

import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from contract.sources import Row, files

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("amount", pa.decimal128(20, 4)),
        ("updated_at", pa.string()),
    ]
)


class Case(files.Case):
    """As CSV, with types."""

    file = "orders.parquet"

    def content(self, rows: list[Row]) -> bytes:
        """What the file holds."""
        typed = [row | {"amount": row["amount"] and Decimal(row["amount"])} for row in rows]
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(typed, SCHEMA), file, row_group_size=8)
        return file.getvalue()
