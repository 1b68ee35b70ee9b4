"""What the tests of run records share: reading all of a file, and writing JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.io.sources import Scope
from common.io.sources.runs import ADAPTER, RunSettings
from common.utils.window import Window

EVERYTHING = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
Rows = list[dict[str, Any]]


def read(kind: str, path: Path) -> tuple[Rows, Rows]:
    """All records and all dead letters."""
    source = ADAPTER.open(RunSettings(format=kind, path=str(path)), "VITRINE_A_B_")
    parts = [part for item in source.items() for part in source.read(item, EVERYTHING)]
    good = [row for part in parts for row in part.records.to_pylist()]
    return good, [row for part in parts for row in part.unreadable.to_pylist()]


def ndjson(path: Path, *documents: Any) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in documents), "utf-8")
    return path
