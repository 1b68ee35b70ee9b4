"""JSON lines in a zstd file."""

from __future__ import annotations

import json

import pyarrow as pa

from contract.sources import Row, files


class Case(files.Case):
    """As CSV, but packed, and its amounts are numbers."""

    file = "orders.jsonl.zst"

    def content(self, rows: list[Row]) -> bytes:
        """What the file holds."""
        lines = [
            f'{{"id": {row["id"]}, "name": {json.dumps(row["name"])}, "amount": {row["amount"] or "null"}, '
            f'"updated_at": "{row["updated_at"]}"}}'
            for row in rows
        ]
        return bytes(pa.compress("\n".join(lines).encode(), "zstd", asbytes=True)) if rows else EMPTY


EMPTY = bytes.fromhex("28b52ffd2000010000")
