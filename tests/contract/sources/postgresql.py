"""A table of PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psycopg

from common.io.sources.sql import postgresql
from contract.sources import Row
from contract.sources.sql_tables import ServerCase

DDL = "CREATE TABLE orders (id bigint, name text, amount numeric(30, 4), updated_at timestamptz)"


class Case(ServerCase):
    """Batches of four rows or so: ADBC ends a batch by its bytes."""

    kind = "postgresql"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._bytes, postgresql.BATCH_BYTES = postgresql.BATCH_BYTES, 100

    def fill(self, url: str, rows: list[Row]) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("DROP TABLE IF EXISTS orders")
            connection.execute(DDL)
            with connection.cursor() as cursor:
                given = [tuple(row.values()) for row in rows]
                cursor.executemany("INSERT INTO orders VALUES (%s, %s, %s, %s)", given)

    def close(self) -> None:
        postgresql.BATCH_BYTES = self._bytes
