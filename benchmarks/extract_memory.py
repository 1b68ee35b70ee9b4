"""The memory that each source's adapter takes, for some records and for four times as many.

Each read is a process of its own that drains the adapter; its peak is the kernel's (``VmHWM``), and counts
the libraries with their mapped files. The exit code is 1 where a peak is above the adapter's ceiling.
``make bench NAME=extract_memory``; ``. env/activate && python benchmarks/extract_memory.py csv`` for one.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared import report
from shared.versioned import at_hand, database

from common.utils.settings import REPOSITORY

PREFIX = "VITRINE_BENCH_SOURCE_"
TIMES = 4
COLUMNS = "id, 'customer number ' || id AS name, (id % 100000) / 100.0 AS amount, 'delivered' AS state"
DUCK = f"SELECT {COLUMNS}, TIMESTAMP '2026-01-01' + INTERVAL (id) SECOND AS updated_at FROM range(?) AS r(id)"
POSTGRESQL = """CREATE TABLE orders AS SELECT id, 'customer number ' || id AS name,
    (id % 100000) / 100.0 AS amount, 'delivered' AS state,
    timestamptz '2026-01-01Z' + id * interval '1 second' AS updated_at
    FROM generate_series(1, {rows}) AS r(id)"""
MYSQL = """CREATE TABLE orders AS SELECT seq AS id, concat('customer number ', seq) AS name,
    (seq % 100000) / 100.0 AS amount, 'delivered' AS state,
    timestamp('2026-01-01') + INTERVAL seq SECOND AS updated_at FROM seq_1_to_{rows}"""
SQLITE = """CREATE TABLE orders AS
    WITH RECURSIVE r(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM r LIMIT {rows})
    SELECT id, 'customer number ' || id AS name, (id % 100000) / 100.0 AS amount, 'delivered' AS state,
    datetime('2026-01-01', id || ' seconds') AS updated_at FROM r"""
PAGE = 1000  # records of one answer

Settings = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """One adapter.

    Attributes:
        adapter: Its module.
        server: The kind of database that it needs; empty for none.
        rows: Read at first.
        ceiling: MB that it may take, whatever the number of records.
        fill: Makes so many records in a folder; its settings.
    """

    adapter: str
    server: str
    rows: int
    ceiling: int
    fill: Callable[[Path, int], Settings]


def file(extension: str, folder: Path, rows: int) -> Settings:
    """Records in one file."""
    import duckdb

    path = folder / f"orders_{rows}.{extension}"
    how = {"csv": "csv, header", "ndjson": "json", "parquet": "parquet"}[extension]
    with duckdb.connect() as duck:
        text = f"SELECT * REPLACE (amount::DECIMAL(18, 2) AS amount) FROM ({DUCK.replace('?', str(rows))})"
        duck.execute(f"COPY ({text}) TO '{path}' (FORMAT {how})")
    return {"PATH": str(path)}


def postgresql(folder: Path, rows: int) -> Settings:
    """A table of PostgreSQL."""
    import psycopg

    url = database("postgresql", folder)
    with psycopg.connect(url) as connection:
        connection.execute(POSTGRESQL.format(rows=rows))
    return {"CONNECTION": url, "TABLE": "orders"}


def mysql(folder: Path, rows: int) -> Settings:
    """A table of MariaDB."""
    import pymysql

    url = database("mysql", folder)
    parts = urlsplit(url)
    login: dict[str, Any] = {"user": parts.username, "password": parts.password or "", "port": parts.port}
    with pymysql.connect(host=parts.hostname, database=parts.path[1:], **login) as connection:
        connection.cursor().execute(MYSQL.format(rows=rows))
    return {"CONNECTION": url, "TABLE": "orders"}


def sqlite(folder: Path, rows: int) -> Settings:
    """A table of SQLite."""
    path = folder / f"orders_{rows}.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(SQLITE.format(rows=rows))
    return {"CONNECTION": f"sqlite:///{path}", "TABLE": "orders"}


def mongo(folder: Path, rows: int) -> Settings:
    """A collection of MongoDB."""
    import pymongo
    from bson import Decimal128

    url = database("mongodb", folder)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        orders = client.get_default_database().orders
        for first in range(0, rows, PAGE):
            orders.insert_many(
                [
                    {
                        "name": f"customer number {number}",
                        "amount": Decimal128(f"{number % 1000}.25"),
                        "address": {"city": "Zürich", "zip": number},
                        "state": "delivered",
                        "updated_at": at,
                    }
                    for number in range(first, first + PAGE)
                ]
            )
    return {"CONNECTION": url, "COLLECTION": "orders"}


def rest(folder: Path, rows: int) -> Settings:
    """Pages of an API in this process."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    http = import_module("servers.http")

    def answer(asked: Any) -> Any:
        page = int(asked.query.get("page", "1"))
        first = (page - 1) * PAGE
        records = [
            {"id": one, "name": f"customer number {one}", "amount": one / 100, "state": "delivered"}
            for one in range(first, min(first + PAGE, rows))
        ]
        return http.as_json(records)

    server = http.HttpServer()
    server.answer("/orders", answer)
    return {"URL": f"{server.url}/orders", "PAGING": "page"}


KINDS = {
    "csv": Kind("files", "", 500_000, 300, partial(file, "csv")),
    "ndjson": Kind("files", "", 250_000, 300, partial(file, "ndjson")),
    "parquet": Kind("files", "", 500_000, 300, partial(file, "parquet")),
    "postgresql": Kind("sql", "postgresql", 500_000, 300, postgresql),
    "mysql": Kind("sql", "mysql", 250_000, 300, mysql),
    "sqlite": Kind("sql", "", 500_000, 300, sqlite),
    "mongo": Kind("mongo", "mongodb", 100_000, 300, mongo),
    "rest": Kind("rest", "", 50_000, 300, rest),
}


def drain(adapter: str) -> dict[str, float]:
    """Reads what the environment configures; records, and megabytes before and at most."""
    from common.io.sources import Scope
    from common.io.sources.configured import adapter as adapter_of
    from common.utils.window import Window

    found = adapter_of(adapter)
    source = found.open(found.settings.of(PREFIX), PREFIX)
    before, rows = peak(), 0
    scope = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
    for item in source.items():
        for part in source.read(item, scope):
            rows += part.records.num_rows
    return {"rows": rows, "before": before, "peak": peak()}


def peak() -> float:
    """The most memory that this process has had, in MB; what ``getrusage`` says holds the parent's too."""
    line = next(line for line in report.lines("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measured(kind: Kind, settings: Settings) -> dict[str, float]:
    """One read in a process of its own."""
    variables = {f"{PREFIX}{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, __file__, "--drain", kind.adapter],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def lines(names: list[str]) -> Iterator[tuple[list[str], bool]]:
    """A line of the table for each adapter, and whether it stays below its ceiling."""
    for name in names:
        kind = KINDS[name]
        if kind.server and not at_hand([kind.server]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            counts = (kind.rows, TIMES * kind.rows)
            few, many = (measured(kind, kind.fill(Path(folder), count)) for count in counts)
        assert (few["rows"], many["rows"]) == counts, f"{name} read {few['rows']} and {many['rows']} records"
        fine = max(few["peak"], many["peak"]) <= kind.ceiling
        yield (
            [
                name,
                f"{counts[1]:,}",
                *(f"{value:,.0f} MB" for value in (many["before"], few["peak"], many["peak"])),
                f"{kind.ceiling} MB {'holds' if fine else 'BROKEN'}",
            ],
            fine,
        )


def main() -> int:
    """Prints the table; 1 where a ceiling is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--drain", default="")
    asked = parser.parse_args()
    if asked.drain:
        print(json.dumps(drain(asked.drain)))
        return 0
    found = list(lines(asked.kinds))
    head = ["", "records", "imports", "peak of a quarter", "peak", "ceiling"]
    print(f"{report.machine()}\n\n{report.table(head, [line for line, _ in found])}")
    return 0 if all(fine for _, fine in found) else 1


if __name__ == "__main__":
    sys.exit(main())
