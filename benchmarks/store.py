"""The versioned store beside a plain SQLite table with upserts: what versions cost, and what they save.

Both hold the same rows under the same indexes each in its file, in WAL mode, every commit synced to disk.
``make bench NAME=store``
"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from shared import report

from common.io.collections import open_store
from common.io.collections.protocol import Collection, Filter, Publication, Query
from common.utils.contract import Contract
from common.utils.ledger import Ledger
from common.utils.odcs import load_contract
from common.utils.settings import REPOSITORY

DAYS, PRODUCTS, BATCH = 100, 1000, 1000
FIRST = date(2026, 1, 1)
CONTRACT = REPOSITORY / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml"


def rows(contract: Contract, days: range, changed: int = 0) -> Iterator[pa.RecordBatch]:
    """One batch a day; ``changed`` moves every amount."""
    for day in days:
        count = range(PRODUCTS)
        amounts = [Decimal(day * 7 + product % 97 + changed).scaleb(-2) for product in count]
        columns: dict[str, list[Any]] = {
            "date": [FIRST + timedelta(days=day)] * PRODUCTS,
            "product_id": [f"P{product:05}" for product in count],
            "product_name": [f"Product {product}" for product in count],
            "quantity": [product % 13 + changed for product in count],
            "returned_quantity": [0 for _ in count],
            "revenue": amounts,
            "gross_revenue": amounts,
            "order_lines": [product % 5 + 1 for product in count],
        }
        yield pa.RecordBatch.from_pydict(columns, schema=contract.schema)


class Versioned:
    """The collection, staged, published and vacuumed as the load and publish tasks do it."""

    def __init__(self, contract: Contract, folder: Path) -> None:
        self.contract = contract
        self.store = open_store(f"sqlite:///{folder / 'versioned.db'}", batch_size=BATCH)
        self.collection: Collection = self.store.collection(contract)
        self.collection.ensure()

    def load(self, days: range, changed: int = 0) -> None:
        """Makes these days live."""
        partitions = [self.contract.partition(FIRST + timedelta(days=day)) for day in days]
        staged = self.collection.stage(rows(self.contract, days, changed), partitions, run_id="bench")
        publication = Publication(
            "bench", datetime.now(UTC), "bench", Ledger().to_dict(), self.contract.version
        )
        self.collection.publish(staged.attempt, publication)
        self.collection.vacuum()

    def page(self, query: Query) -> int:
        """Reads a page of the live version; its number of rows."""
        live = self.collection.live()
        return self.collection.read(live.number, query).rows.num_rows if live else 0


class Plain:
    """What a pipeline writes without versions: INSERT … ON CONFLICT DO UPDATE."""

    def __init__(self, contract: Contract, folder: Path) -> None:
        self.contract, names = contract, contract.schema.names
        self.connection = sqlite3.connect(folder / "plain.db")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        key = ", ".join(contract.key)
        self.connection.execute(f"CREATE TABLE t ({', '.join(names)}, PRIMARY KEY ({key})) WITHOUT ROWID")
        for position, index in enumerate(contract.indexes):
            self.connection.execute(f"CREATE INDEX i{position} ON t ({', '.join(index)})")
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in contract.key)
        marks = ", ".join("?" * len(names))
        self.upsert = f"INSERT INTO t VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {updates}"

    def load(self, days: range, changed: int = 0) -> None:
        """Writes these days in one transaction."""
        with self.connection:
            for batch in rows(self.contract, days, changed):
                self.connection.executemany(self.upsert, (stored(row) for row in batch.to_pylist()))

    def page(self, sql: str, *values: Any) -> int:
        """Reads a page; its number of rows."""
        return len(self.connection.execute(sql, values).fetchall())


def stored(row: dict[str, Any]) -> list[Any]:
    """A row as SQLite takes it: days as text, exact amounts as integers of their last decimal."""
    exact = {"revenue", "gross_revenue"}
    return [int(value.scaleb(4)) if name in exact else str(value) if name == "date" else value
            for name, value in row.items()]  # fmt: skip


def main() -> int:
    """Runs every case on both and prints the table."""
    contract = load_contract(CONTRACT)
    with tempfile.TemporaryDirectory() as scratch:
        ours, plain = Versioned(contract, Path(scratch)), Plain(contract, Path(scratch))
        every, one = range(DAYS), range(DAYS - 1, DAYS)
        product = Query(filters=[Filter("product_id", "eq", "P00500")], limit=100)
        top = Query(sort="revenue", descending=True, limit=100)
        cases: list[tuple[str, Callable[[], Any], Callable[[], Any], Callable[..., float]]] = [
            ("first load", lambda: ours.load(every), lambda: plain.load(every), report.seconds),
            ("the same again", lambda: ours.load(every), lambda: plain.load(every), report.seconds),
            ("one day changed", lambda: ours.load(one, 1), lambda: plain.load(one, 1), report.seconds),
            ("every row changed", lambda: ours.load(every, 2), lambda: plain.load(every, 2), report.seconds),
            ("100 days of one product", lambda: ours.page(product), lambda: plain.page(
                "SELECT * FROM t WHERE product_id = ? ORDER BY date LIMIT 100", "P00500"), report.best),
            ("top 100 by revenue", lambda: ours.page(top), lambda: plain.page(
                "SELECT * FROM t ORDER BY revenue DESC, date DESC, product_id DESC LIMIT 100"), report.best),
        ]  # fmt: skip
        figures = [(name, timed(a), timed(b)) for name, a, b, timed in cases]
        ours.store.close()
    print(f"{DAYS} days of {PRODUCTS} products = {DAYS * PRODUCTS:,} rows; {report.machine()}\n")
    shown = [[name, report.duration(a), report.duration(b), f"{b / a:.2f}"] for name, a, b in figures]
    print(report.table(["", "versioned store", "plain upsert", "plain / versioned"], shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
