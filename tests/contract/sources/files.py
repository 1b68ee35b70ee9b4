"""CSV files in a folder."""

from __future__ import annotations

import csv
import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from common.io.sources import Source
from common.io.sources.files import FileSettings, FileSource, contents, json_parts, parquet_parts, streams
from contract.sources import Row

PREFIX = "VITRINE_A_B_"
SMALL = [
    (streams, "BLOCK", 100),
    (contents, "HEAD", 100),
    (json_parts, "ROWS", 4),
    (parquet_parts, "ROWS", 4),
]
FIELDS = ("id", "name", "amount", "updated_at")


def as_csv(rows: list[Row]) -> bytes:
    """Rows as a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class Case:
    """One file of a folder, read in blocks of a few lines."""

    resumes = False
    refuses = False
    remote = False
    part_rows = 4
    cursor = None
    fields: ClassVar[dict[str, str]] = {}
    file = "orders.csv"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "orders"
        self._folder.mkdir()
        self._patch = pytest.MonkeyPatch()
        for module, name, small in SMALL:
            self._patch.setattr(module, name, small)

    def content(self, rows: list[Row]) -> bytes:
        """What the file holds."""
        return as_csv(rows)

    def put(self, rows: list[Row]) -> None:
        (self._folder / self.file).write_bytes(self.content(rows))

    def source(self, **settings: Any) -> Source:
        return FileSource(FileSettings(path=str(self._folder), **settings), PREFIX)

    def refused(self) -> Source:
        raise NotImplementedError("a folder has no credentials")

    def going_away(self, after_parts: int) -> AbstractContextManager[Source]:
        raise NotImplementedError("a folder has no server")

    def close(self) -> None:
        self._patch.undo()
