"""What a pipeline writes without versions: one indexed table, and each database's best bulk upsert into it.

Each has the same rows under the same declared indexes, in the types that a user would choose.
"""

import io
import sqlite3
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv

from common.utils.contract import Contract

MONEY = ("revenue", "gross_revenue")


class Plain(Protocol):
    """A plain table in one database."""

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Upserts rows in one transaction where there is one."""

    def analyze(self) -> None:
        """Tells the planner of what was loaded, and opens the transaction in which pages are read."""

    def page(self, where: str, value: Any, order: str) -> int:
        """Reads 100 rows of a filter (a column or nothing) in an order (``-column``: falling); how many."""


def ordered(order: str, key: tuple[str, ...]) -> tuple[list[str], str]:
    """The columns of an order, and its direction in SQL."""
    name = order.removeprefix("-")
    return list(dict.fromkeys((name, *key))), "DESC" if order.startswith("-") else "ASC"


def select(contract: Contract, where: str, mark: str, order: str) -> str:
    """The page's statement."""
    columns, direction = ordered(order, contract.key)
    columns = [column for column in columns if column != where]
    condition = f"WHERE {where} = {mark} " if where else ""
    return (
        f"SELECT {', '.join(contract.schema.names)} FROM plain {condition}"
        f"ORDER BY {', '.join(f'{column} {direction}' for column in columns)} LIMIT 100"
    )


def values(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """Rows for drivers that take tuples: dates as ISO text, money as its decimal text."""
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        as_text = name == "date" or name in MONEY
        plain = column.cast(pa.string()) if as_text else column
        columns.append(plain.to_pylist() if pa.types.is_string(plain.type) else plain.to_numpy().tolist())
    return list(zip(*columns, strict=True))


class PlainSQLite:
    """``INSERT … ON CONFLICT DO UPDATE`` by executemany; money as integers of its last decimal."""

    def __init__(self, contract: Contract, url: str) -> None:
        self.contract, names, key = contract, contract.schema.names, ", ".join(contract.key)
        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA cache_size = -65536")
        self.connection.execute(f"CREATE TABLE plain ({', '.join(names)}, PRIMARY KEY ({key})) WITHOUT ROWID")
        for position, index in enumerate(contract.indexes):
            self.connection.execute(f"CREATE INDEX i{position} ON plain ({', '.join(index)})")
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in contract.key)
        marks = ", ".join("?" * len(names))
        self.upsert = f"INSERT INTO plain VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {updates}"

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Upserts rows."""
        with self.connection:
            for batch in batches:
                self.connection.executemany(self.upsert, values(_minor_units(batch)))

    def analyze(self) -> None:
        """``PRAGMA optimize``."""
        self.connection.execute("PRAGMA optimize")

    def page(self, where: str, value: Any, order: str) -> int:
        """Reads a page."""
        statement = select(self.contract, where, "?", order)
        return len(self.connection.execute(statement, [value] if where else []).fetchall())


def _minor_units(batch: pa.RecordBatch) -> pa.RecordBatch:
    for name in MONEY:
        column = batch.column(name).view(pa.decimal128(38, 0)).cast(pa.int64())
        batch = batch.set_column(batch.schema.get_field_index(name), name, column)
    return batch


class PlainPostgreSQL:
    """COPY into a temporary table, then ``INSERT … SELECT … ON CONFLICT DO UPDATE``."""

    types: ClassVar = {"date": "date", "product_id": 'text COLLATE "C"', "product_name": "text"}

    def __init__(self, contract: Contract, url: str) -> None:
        import psycopg

        self.contract, names = contract, contract.schema.names
        self.connection = psycopg.connect(url)
        columns = [
            f"{name} {'numeric(18,4)' if name in MONEY else self.types.get(name, 'bigint')}" for name in names
        ]
        key = ", ".join(contract.key)
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in contract.key)
        self.upsert = f"INSERT INTO plain SELECT * FROM arriving ON CONFLICT ({key}) DO UPDATE SET {updates}"
        with self.connection.transaction():
            self.connection.execute(f"CREATE TABLE plain ({', '.join(columns)}, PRIMARY KEY ({key}))")
            for index in contract.indexes:
                self.connection.execute(f"CREATE INDEX ON plain ({', '.join(index)})")

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Upserts rows."""
        self.connection.commit()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE arriving (LIKE plain) ON COMMIT DROP")
            with cursor.copy("COPY arriving FROM STDIN (FORMAT csv)") as copy:
                for batch in batches:
                    text = io.BytesIO()
                    options = pacsv.WriteOptions(include_header=False, quoting_style="all_valid")
                    pacsv.write_csv(batch, text, options)
                    copy.write(text.getvalue())
            cursor.execute(self.upsert)
        self.connection.commit()

    def analyze(self) -> None:
        """``ANALYZE``."""
        self.connection.execute("ANALYZE plain")
        self.connection.commit()

    def page(self, where: str, value: Any, order: str) -> int:
        """Reads a page."""
        statement = select(self.contract, where, "%s", order)
        return len(self.connection.execute(statement, [value] if where else []).fetchall())


class PlainMySQL:
    """Multi-row ``INSERT … ON DUPLICATE KEY UPDATE``, as the driver's executemany makes it."""

    types: ClassVar = {"date": "DATE", "product_id": "VARBINARY(255)", "product_name": "TEXT"}

    def __init__(self, contract: Contract, url: str) -> None:
        import pymysql
        from sqlalchemy import make_url

        parts, self.contract, names = make_url(url), contract, contract.schema.names
        self.connection = pymysql.connect(
            host=str(parts.host),
            port=parts.port or 3306,
            user=str(parts.username),
            password=str(parts.password),
            database=str(parts.database),
        )
        columns = [
            f"{name} {'DECIMAL(18,4)' if name in MONEY else self.types.get(name, 'BIGINT')}" for name in names
        ]
        indexes = [f"INDEX ({', '.join(index)})" for index in contract.indexes]
        key = f"PRIMARY KEY ({', '.join(contract.key)})"
        updates = ", ".join(f"{name} = VALUES({name})" for name in names if name not in contract.key)
        marks = ", ".join(["%s"] * len(names))
        self.upsert = f"INSERT INTO plain VALUES ({marks}) ON DUPLICATE KEY UPDATE {updates}"
        with self.connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE plain ({', '.join([*columns, key, *indexes])})")

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Upserts rows."""
        self.connection.commit()
        with self.connection.cursor() as cursor:
            for batch in batches:
                cursor.executemany(self.upsert, values(batch))
        self.connection.commit()

    def analyze(self) -> None:
        """``ANALYZE TABLE``."""
        with self.connection.cursor() as cursor:
            cursor.execute("ANALYZE TABLE plain")

    def page(self, where: str, value: Any, order: str) -> int:
        """Reads a page."""
        with self.connection.cursor() as cursor:
            cursor.execute(select(self.contract, where, "%s", order), [value] if where else [])
            return len(cursor.fetchall())


class PlainMongoDB:
    """Unordered bulk writes of ``ReplaceOne(upsert=True)`` by ``_id``; money as integers, days as text.

    They are as durable as the store's: by a majority, and in its journal.
    """

    def __init__(self, contract: Contract, url: str) -> None:
        import pymongo

        self.contract = contract
        concern = pymongo.WriteConcern(w="majority", j=True)
        database = pymongo.MongoClient(url).get_default_database(write_concern=concern)
        self.rows = database["plain"]
        self.rows.create_index([(name, 1) for name in contract.key])
        for index in contract.indexes:
            self.rows.create_index([(name, 1) for name in index])

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Upserts rows."""
        from pymongo import ReplaceOne

        names = self.contract.schema.names
        for batch in batches:
            documents = [dict(zip(names, row, strict=True)) for row in values(_minor_units(batch))]
            self.rows.bulk_write(
                [ReplaceOne({"_id": f"{d['date']}|{d['product_id']}"}, d, upsert=True) for d in documents],
                ordered=False,
            )

    def analyze(self) -> None:
        """Nothing: MongoDB has no statistics."""

    def page(self, where: str, value: Any, order: str) -> int:
        """Reads a page."""
        columns, direction = ordered(order, self.contract.key)
        sort = [(name, -1 if direction == "DESC" else 1) for name in columns if name != where]
        return len(list(self.rows.find({where: value} if where else {}).sort(sort).limit(100)))
