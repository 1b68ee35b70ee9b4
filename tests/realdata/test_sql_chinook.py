"""The Chinook music store: 2,240 invoice lines worth 2,328.60, of each kind of database."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from common.io.sources import Scope
from common.io.sources.sql import SqlSettings, SqlSource
from common.utils.window import Window
from contract.sources.mysql import connected
from servers import server

ALL = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
NAMES = {
    "sqlite": ("InvoiceLine", "UnitPrice", "Quantity"),
    "postgresql": ("invoice_line", "unit_price", "quantity"),
    "mysql": ("invoice_line", "unit_price", "quantity"),
}


def script(realdata: Path) -> str:
    packed = realdata / "sales/chinook/Chinook_PostgreSql.sql.gz"
    return gzip.decompress(packed.read_bytes()).decode("utf-8-sig")


def sqlite(realdata: Path, folder: Path) -> str:
    (folder / "chinook.db").write_bytes(
        gzip.decompress((realdata / "sales/chinook/Chinook_Sqlite.sqlite.gz").read_bytes())
    )
    return f"sqlite:///{folder}/chinook.db"


def postgresql(realdata: Path, folder: Path) -> str:
    url = server("postgresql").empty_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(re.sub(r"(?im)^(drop|create) database.*?;|^\\c.*$", "", script(realdata)).encode())
    return url


def mysql(realdata: Path, folder: Path) -> str:
    """Of PostgreSQL's script the tables and the rows, with MySQL's name of a timestamp."""
    url = server("mysql").empty_database()
    others = r"(?im)^(drop|create) database.*?;|^\\c.*$|^alter table[^;]*;|^create index[^;]*;"
    text = re.sub(others, "", script(realdata))
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'")
        for statement in re.split(r";\s*$", text.replace("TIMESTAMP", "DATETIME"), flags=re.MULTILINE):
            if re.sub(r"--.*|/\*(.|\n)*?\*/", "", statement).strip():
                cursor.execute(statement)
        connection.commit()
    return url


@pytest.mark.parametrize("kind", list(NAMES))
def test_every_invoice_line_comes_with_its_price(realdata: Path, tmp_path: Path, kind: str) -> None:
    url = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}[kind](realdata, tmp_path)
    table, price, quantity = NAMES[kind]
    source = SqlSource(SqlSettings(connection=url, table=table), "VITRINE_A_B_")
    lines = [
        row for item in source.items() for part in source.read(item, ALL) for row in part.records.to_pylist()
    ]
    assert len(lines) == 2240
    assert sum(Decimal(row[price]) * row[quantity] for row in lines) == Decimal("2328.60")
