"""SQLite: the embedded store. One file, any number of readers beside one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Double,
    Engine,
    Insert,
    Select,
    Table,
    Text,
    UnaryExpression,
    create_engine,
    delete,
    event,
    select,
    tuple_,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import TypeEngine

from common.io.collections.encoding import CHUNK, STORED, python_columns
from common.io.collections.protocol import StoreError
from common.io.collections.sql.errors import Told
from common.utils.contract import Field

BUSY_SECONDS = 60  # that a writer waits for the one before it: rows take it a second or two, an index more


class SQLite:
    """The dialect of SQLite 3.35 or later, in a file in WAL mode."""

    # Without row ids a row stands once, in the order of its key; every index ends in (key, chunk) anyway.
    table_options: Mapping[str, Any] = {"sqlite_with_rowid": False}
    skips_duplicates = False

    def __init__(self, url: URL, *, batch_size: int, read_only: bool) -> None:
        if not url.database or url.database.startswith((":", "file:")) or url.query:
            raise StoreError(
                "The collections need a SQLite file of their own.",
                where="the URL of the collections",
                next_step="Write it as sqlite:////folder/collections.db, without parameters.",
            )
        self.path = Path(url.database)
        self.batch_size, self.read_only = batch_size, read_only

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def told(self, error: BaseException) -> Told:
        """All of it: SQLite names tables and columns, and shows no values."""
        return Told(str(error))

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def engine(self) -> Engine:
        """Connections in WAL mode that sync each commit to disk; ``mode=ro`` where nothing may be written.

        A read-only process needs the right to write beside the file as long as no writer has it open: SQLite
        keeps its shared index of the WAL there.
        """
        url = URL.create("sqlite", database=str(self.path))
        if self.read_only:
            where = f"file:{quote(str(self.path.absolute()))}"
            url = URL.create("sqlite", database=where, query={"mode": "ro", "uri": "true"})
        else:
            self._make_folder()
        engine = create_engine(
            url,
            pool_size=8,
            max_overflow=-1,
            hide_parameters=True,  # they are rows, and errors are logged
        )
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "begin", _on_begin)
        return engine

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder of the collections cannot be made: {error.strerror}.",
                where=self.place,
                next_step="Name a folder that can be, in the URL of the collections.",
            ) from error

    def _on_connect(self, connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own: _on_begin does
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        if not self.read_only:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA cache_size = -65536")
            cursor.execute("PRAGMA wal_autocheckpoint = 16384")  # pages: each is copied less often
        cursor.close()

    def column_type(self, field: Field, *, indexed: bool) -> TypeEngine[Any]:
        """Text, which compares by bytes unless told otherwise, doubles, and integers for all the rest."""
        kind = STORED[field.type]
        if pa.types.is_string(kind):
            return Text()
        return Double() if pa.types.is_floating(kind) else BigInteger()

    def insert_if_absent(self, table: Table) -> Insert:
        """``INSERT … ON CONFLICT DO NOTHING``."""
        return insert(table).on_conflict_do_nothing()

    def write(self, connection: Connection, table: Table, rows: pa.Table) -> None:
        """``executemany``: the driver's own fastest way, ``batch_size`` rows a call."""
        statement = str(table.insert().compile(dialect=connection.dialect))
        ordered = rows.select(table.columns.keys())
        for batch in ordered.to_batches(max_chunksize=self.batch_size):
            columns = python_columns(pa.Table.from_batches([batch]))
            connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))

    def deletion(self, table: Table, chunk: int, most: int) -> Delete:
        """The index on chunks holds the keys, and so finds as many rows as may go."""
        key = table.primary_key.columns.values()
        chosen = select(*key).where(table.c[CHUNK] == chunk).limit(most)
        return delete(table).where(tuple_(*key).in_(chosen))

    def within(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """The unary plus keeps the planner off the index on chunks, which would sort the whole version."""
        return UnaryExpression(column, operator=custom_op("+"), type_=column.type).in_(chosen)

    def beyond(
        self, columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool
    ) -> ColumnElement[bool]:
        """A row comparison, which SQLite answers from the index."""
        row, position = tuple_(*columns), tuple_(*values)
        return row < position if descending else row > position

    def shown(self, field: Field, column: str) -> str:
        """Decimals as REAL (15 digits; the API gives exact values), times as ISO 8601 text in UTC."""
        if field.type == "decimal":
            return f"{column} / 1e{field.scale}"
        if field.type == "date":
            return f"date({column} * 86400, 'unixepoch')"
        if field.type == "timestamp":
            micros = f"(({column} % 1000000 + 1000000) % 1000000)"
            seconds = f"({column} - {micros}) / 1000000"
            return f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch') || printf('.%06dZ', {micros})"
        return column

    @contextmanager
    def changing_schema(self, connection: Connection, name: str) -> Iterator[None]:
        """A writing transaction has the database for itself."""
        yield

    def retype(self, connection: Connection, table: Table) -> Sequence[str]:
        """None: indexed columns have no other type."""
        return ()

    def replace_view(self, name: str, select: str) -> Sequence[str]:
        """Within one transaction no reader sees the view missing."""
        return (f"DROP VIEW IF EXISTS {name}", f"CREATE VIEW {name} AS {select}")

    def settle(self, engine: Engine, table: Table) -> None:
        """``PRAGMA optimize`` keeps the planner's statistics; no index of ours depends on them."""


def _on_begin(connection: Connection) -> None:
    # A deferred transaction that writes after it has read fails at once when another writer came between.
    # A read is one statement, which sees one state of the database without a transaction.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
