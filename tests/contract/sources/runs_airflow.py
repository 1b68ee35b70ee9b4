"""What the listener of this repository writes."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from common.io.sources import Source
from common.io.sources.runs import ADAPTER, RunSettings
from contract.sources import Row, files


class Case(files.Case):
    """A line a row, read on from the place that the bookmark names."""

    part_rows = 2
    cursor: ClassVar[dict[str, Any]] = {}  # type: ignore[assignment]
    fields: ClassVar[dict[str, str]] = {"id": "run_id", "name": "owner", "amount": "error"}
    file = "2026-01-01.ndjson"

    def content(self, rows: list[Row]) -> bytes:
        """What the file holds."""
        return "".join(f"{json.dumps(_line(row))}\n" for row in rows).encode()

    def source(self, **settings: Any) -> Source:
        return ADAPTER.open(RunSettings(format="airflow", path=str(self._folder), **settings), files.PREFIX)


def _line(row: Row) -> dict[str, Any]:
    # Padded, so that a block has two lines of the shorter kind at most.
    return {"id": str(row["id"]), "run_id": str(row["id"]), "owner": row["name"], "error": row["amount"]}
