"""A table of MariaDB or MySQL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pymysql

from common.io.sources.sql import mysql
from contract.sources import Row
from contract.sources.sql_tables import ServerCase

DDL = "CREATE TABLE orders (id bigint, name longtext, amount decimal(30, 4), updated_at datetime(6))"


class Case(ServerCase):
    """Batches of four rows."""

    kind = "mysql"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._rows, mysql.BATCH_ROWS = mysql.BATCH_ROWS, self.part_rows

    def fill(self, url: str, rows: list[Row]) -> None:
        with connected(url) as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS orders")
            cursor.execute(DDL)
            given = [(*list(row.values())[:3], row["updated_at"].rstrip("Z")) for row in rows]
            cursor.executemany("INSERT INTO orders VALUES (%s, %s, %s, %s)", given)
            connection.commit()

    def close(self) -> None:
        mysql.BATCH_ROWS = self._rows


def connected(url: str) -> pymysql.Connection:  # type: ignore[type-arg]
    """A connection of the driver."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        database=parts.path[1:],
        charset="utf8mb4",
    )
