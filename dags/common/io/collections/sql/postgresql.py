"""PostgreSQL 12 or later: a store on a server, that many processes write and read at once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Insert,
    Select,
    Table,
    Text,
    any_,
    create_engine,
    event,
    func,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import TypeEngine

from common.io.collections.encoding import STORED
from common.io.collections.protocol import StoreError
from common.utils.contract import Field

# What libpq is told unless the URL says otherwise: a server that is away or silent is noticed within seconds.
WAITS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "vitrine",
}
# Milliseconds; a writer that is stopped in the middle of a transaction frees its locks for the next one.
SETTINGS = {"lock_timeout": 60_000, "idle_in_transaction_session_timeout": 60_000}


class PostgreSQL:
    """The dialect of PostgreSQL, with psycopg 3."""

    table_options: Mapping[str, Any] = {}

    def __init__(self, url: URL, *, batch_size: int, read_only: bool) -> None:
        if not url.database:
            raise StoreError(
                "The collections need the name of a PostgreSQL database.",
                where="the URL of the collections",
                next_step="Write it as postgresql://user:password@host:5432/database.",
            )
        self.url = url.set(drivername="postgresql+psycopg").difference_update_query(())
        self.batch_size, self.read_only = batch_size, read_only

    @property
    def place(self) -> str:
        """The server and the database."""
        return f"postgresql://{self.url.host or 'localhost'}:{self.url.port or 5432}/{self.url.database}"

    def exists(self) -> bool:
        """A database is created by its administrator; where it is missing, its first use says so."""
        return True

    def engine(self) -> Engine:
        """Connections in UTC with bounded waits; read only where nothing may be written."""
        given = {name: value for name, value in WAITS.items() if name not in self.url.query}
        engine = create_engine(
            self.url,
            connect_args=given,
            pool_size=8,
            max_overflow=-1,
            pool_pre_ping=True,  # a server that was restarted fails no reader
            hide_parameters=True,  # they are rows, and errors are logged
        )
        event.listen(engine, "connect", self._on_connect)
        return engine

    def _on_connect(self, connection: Any, _: object) -> None:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for name, value in SETTINGS.items():
                cursor.execute(f"SET {name} = {value}")
            if self.read_only:
                cursor.execute("SET default_transaction_read_only = on")
        connection.autocommit = False

    def column_type(self, field: Field, *, indexed: bool) -> TypeEngine[Any]:
        """Text in the collation ``C``, which compares bytes, doubles, and integers for all the rest."""
        kind = STORED[field.type]
        if pa.types.is_string(kind):
            return Text(collation="C")
        return Double() if pa.types.is_floating(kind) else BigInteger()

    def insert_if_absent(self, table: Table) -> Insert:
        """``INSERT … ON CONFLICT DO NOTHING``."""
        return insert(table).on_conflict_do_nothing()

    def write(self, connection: Connection, table: Table, rows: pa.Table) -> None:
        """``COPY`` from CSV that is made by columns: null is nothing, an empty text a pair of quotes."""
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(map(quote, rows.column_names))
        options = pacsv.WriteOptions(include_header=False, quoting_style="all_valid")
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN (FORMAT csv)") as copy:
            for batch in rows.to_batches(max_chunksize=max(self.batch_size, 1)):
                text = io.BytesIO()
                pacsv.write_csv(batch, text, options)
                copy.write(text.getvalue())

    def within(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """An array made once; the sum keeps the planner from making the chunks a range of an index."""
        return column + 0 == any_(func.array(chosen.scalar_subquery()))

    def beyond(
        self, columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool
    ) -> ColumnElement[bool]:
        """A row comparison, which PostgreSQL answers from the index."""
        row, position = tuple_(*columns), tuple_(*values)
        return row < position if descending else row > position

    def shown(self, field: Field, column: str) -> str:
        """The types of PostgreSQL: exact numeric, date, timestamptz, boolean, jsonb."""
        if field.type == "decimal":
            return f"round({column}::numeric / {10**field.scale}, {field.scale})"
        if field.type == "date":
            return f"(date '1970-01-01' + {column}::integer)"
        if field.type == "timestamp":
            return f"(timestamptz '1970-01-01 00:00:00+00' + {column} * interval '1 microsecond')"
        if field.type == "boolean":
            return f"({column} = 1)"
        return f"{column}::jsonb" if field.type in ("object", "array") else column

    @contextmanager
    def changing_schema(self, connection: Connection, name: str) -> Iterator[None]:
        """An advisory lock, held until the transaction ends."""
        key = int.from_bytes(hashlib.sha256(f"vitrine {name}".encode()).digest()[:8], signed=True)
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1h'")  # another process may build an index
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key,))
        yield

    def replace_view(self, name: str, select: str) -> Sequence[str]:
        """In place: columns may be appended, and what others have built on the view stays."""
        return (f"CREATE OR REPLACE VIEW {name} AS {select}",)

    def settle(self, engine: Engine, table: Table) -> None:
        """New statistics, at once instead of when autovacuum comes by; pages are planned by them."""
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.quote(table.name)}")
