"""OpenLineage events, one a line, in a folder."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from common.io.sources import Source
from common.io.sources.runs import ADAPTER, RunSettings
from contract.sources import Row, files


class Case(files.Case):
    """An event a row: its id is the run's, its name the owner's, its amount the text of the run's error."""

    fields: ClassVar[dict[str, str]] = {"id": "run_id", "name": "owner", "amount": "error"}
    file = "events.ndjson"

    def content(self, rows: list[Row]) -> bytes:
        """What the file holds."""
        return "".join(f"{json.dumps(_event(row))}\n" for row in rows).encode()

    def source(self, **settings: Any) -> Source:
        told = RunSettings(format="openlineage", path=str(self._folder), **settings)
        return ADAPTER.open(told, files.PREFIX)


def _event(row: Row) -> dict[str, Any]:
    facets = {} if row["amount"] is None else {"errorMessage": {"message": row["amount"]}}
    owners = {} if row["name"] is None else {"ownership": {"owners": [{"name": row["name"]}]}}
    return {
        "eventType": "COMPLETE",
        "eventTime": row["updated_at"],
        "producer": "https://example.org/tests",
        "run": {"runId": str(row["id"]), "facets": facets},
        "job": {"namespace": "shop", "name": "orders", "facets": owners},
    }
