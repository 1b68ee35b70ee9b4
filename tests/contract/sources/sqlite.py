"""A table of an SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, ClassVar

from common.io.sources import Source
from common.io.sources.sql import SqlSettings, SqlSource, sqlite
from contract.sources import Row
from contract.sources.sql_tables import PREFIX


class Case:
    """Batches of four rows."""

    resumes = False
    refuses = False
    remote = False
    part_rows = 4
    cursor: ClassVar[dict[str, Any] | None] = {"cursor": "id"}
    fields: ClassVar[dict[str, str]] = {}

    def __init__(self, folder: Path) -> None:
        self._path = folder / "orders.db"
        self._rows, sqlite.BATCH_ROWS = sqlite.BATCH_ROWS, self.part_rows

    def put(self, rows: list[Row]) -> None:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute("DROP TABLE IF EXISTS orders")
            connection.execute("CREATE TABLE orders (id INTEGER, name TEXT, amount TEXT, updated_at TEXT)")
            connection.executemany("INSERT INTO orders VALUES (:id, :name, :amount, :updated_at)", rows)

    def source(self, **settings: Any) -> Source:
        return SqlSource(
            SqlSettings(connection=f"sqlite:///{self._path}", table="orders", **settings), PREFIX
        )

    def refused(self) -> Source:
        raise NotImplementedError("a file has no credentials")

    def going_away(self, after_parts: int) -> AbstractContextManager[Source]:
        raise NotImplementedError("a file has no server")

    def close(self) -> None:
        sqlite.BATCH_ROWS = self._rows
