"""PostgreSQL 12 or later: a store on a server, that many processes write and read at once.

Tested on PostgreSQL 15.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Double,
    Engine,
    Index,
    Insert,
    Select,
    Table,
    Text,
    delete,
    exists,
    func,
    inspect,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.types import TypeEngine

from common.io.collections.encoding import CHUNK, STORED
from common.io.collections.protocol import StageError, StoreError
from common.io.collections.sql.errors import Told, without_values
from common.io.collections.sql.postgresql_connections import connections, patient
from common.io.collections.sql.tables import COLLECTIONS
from common.utils.contract import Field

SCHEMA_SECONDS = 3600  # an index is built, or another process's is waited for
BUSY_SECONDS = 10  # that a change of a table waits for its readers, while new readers wait behind it
MANY = 50_000  # rows for which an index is rather built anew
WRONG_VALUE = "22"  # what the codes of errors begin with that are about a value, and show it
CSV = csv.WriteOptions(include_header=False, quoting_style="needed")  # quotes each text, and no null


class PostgreSQL:
    """The dialect of PostgreSQL, with psycopg 3."""

    table_options: Mapping[str, Any] = {}
    skips_duplicates = False

    def __init__(self, url: URL, *, batch_size: int, read_only: bool) -> None:
        if not url.database:
            raise StoreError(
                "The collections need the name of a PostgreSQL database.",
                where="the URL of the collections",
                next_step="Write it as postgresql://user:password@host:5432/database.",
            )
        self.url, self.batch_size, self.read_only = url, batch_size, read_only

    @property
    def place(self) -> str:
        """The server and the database."""
        host = self.url.host or self.url.query.get("host", "localhost")
        hosts = host if isinstance(host, str) else ",".join(host)
        port = f":{self.url.port}" if self.url.port else ""
        return f"postgresql://{hosts}{port}/{self.url.database}"

    def told(self, error: BaseException) -> Told:
        """The first line of what the server says: the others show rows and lines of a ``COPY``."""
        if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
            return Told(str(error))  # of the client, which has seen no row
        if (error.diag.sqlstate or "").startswith(WRONG_VALUE):
            return without_values(error.diag.message_primary)._replace(private=True)
        return Told(error.diag.message_primary, bool(error.diag.message_detail or error.diag.context))

    def exists(self) -> bool:
        """A database is created by its administrator: a missing one is an error."""
        return True

    def engine(self) -> Engine:
        """Connections with bounded waits."""
        return connections(self.url, read_only=self.read_only)

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
        """``COPY`` of CSV that is made column by column: as fast as the binary format.

        The first rows of many enter a table without indexes, which ``settle`` then builds in half the time.
        Nobody misses them before, for no version has these rows yet.
        """
        if rows.num_rows >= MANY:
            _put_indexes_off(connection, table)
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(map(quote, rows.column_names))
        statement = f"COPY {quote(table.name)} ({names}) FROM STDIN (FORMAT csv)"
        driver: Any = connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for batch in rows.to_batches(max_chunksize=self.batch_size):
                    text = io.BytesIO()
                    csv.write_csv(batch, text, CSV)
                    copy.write(text.getbuffer())
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
            raise StageError(
                f"PostgreSQL cannot hold a value: {self.told(error).text}.",
                where=table.name,
                next_step="Shorten it in the transform, or take its field out of the contract's key "
                "and indexes.",
            ) from None  # the driver's error shows the row
        except psycopg.Error as error:
            if driver.closed:
                connection.invalidate()
            raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from error

    def deletion(self, table: Table, chunk: int, most: int) -> Delete:
        """By the places of rows, which PostgreSQL goes to without another index."""
        place: ColumnElement[Any] = literal_column("ctid")
        chosen = select(place).select_from(table).where(table.c[CHUNK] == chunk).limit(most)
        return delete(table).where(place == func.any(func.array(chosen.scalar_subquery())))

    def within(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """``IS TRUE`` keeps the planner from joining, which would begin with the chunks and sort a version.

        The chunks are hashed once, and each row that another index finds is looked up among them.
        """
        return column.in_(chosen).is_(True)

    def beyond(
        self, columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool
    ) -> ColumnElement[bool]:
        """A row comparison, which PostgreSQL answers from the index."""
        row, position = tuple_(*columns), tuple_(*values)
        return row < position if descending else row > position

    def shown(self, field: Field, column: str) -> str:
        """The types of PostgreSQL: exact numeric, date, timestamptz, boolean, jsonb."""
        if field.type == "decimal":
            return f"{column} * {Decimal(1).scaleb(-field.scale):f}::numeric"
        if field.type == "date":
            return f"date '1970-01-01' + {column}::integer"
        if field.type == "timestamp":  # in two parts, for an interval is multiplied by a double
            days = f"{column} / 86400000000 * interval '1 day'"
            rest = f"mod({column}, 86400000000) * interval '1 microsecond'"
            return f"(timestamp '1970-01-01' + {days} + {rest}) AT TIME ZONE 'UTC'"
        if field.type == "boolean":
            return f"{column} = 1"
        return f"{column}::jsonb" if field.type in ("object", "array") else column

    @contextmanager
    def changing_schema(self, connection: Connection, name: str) -> Iterator[None]:
        """Advisory locks that end with the transaction; the first collection also locks the shared tables."""
        with patient(connection, SCHEMA_SECONDS):
            if not inspect(connection).has_table(COLLECTIONS.name):
                _lock(connection, "shared tables")
            _lock(connection, f"collection {name}")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
            yield

    def retype(self, connection: Connection, table: Table) -> Sequence[str]:
        """None: indexed columns have no other type."""
        return ()

    def replace_view(self, name: str, select: str) -> Sequence[str]:
        """In place: columns are appended, and rights on the view and what others built on it stay."""
        return (f"CREATE OR REPLACE VIEW {name} AS {select}",)

    def settle(self, engine: Engine, table: Table) -> None:
        """Builds the indexes that were put off, also by a process that was killed since.

        Pages are planned right without statistics, and autovacuum follows within minutes.
        """
        with engine.connect() as connection:
            if not _missing(connection, table):
                return
        collection = table.name.removesuffix("__rows")
        with engine.execution_options(writes=True).begin() as connection, patient(connection, SCHEMA_SECONDS):
            _lock(connection, f"collection {collection}")
            for index in _missing(connection, table):
                connection.execute(CreateIndex(index))


def _lock(connection: Connection, what: str) -> None:
    """Until the transaction ends."""
    statement = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
    connection.exec_driver_sql(statement, (f"vitrine: {what}",))


def _put_indexes_off(connection: Connection, table: Table) -> None:
    """Drops the indexes of a table that is empty and in nobody's use; those that are unique stay."""
    empty = select(~exists().select_from(table))
    if not connection.scalar(empty):
        return
    name = connection.dialect.identifier_preparer.format_table(table)
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE NOWAIT")
            if connection.scalar(empty):
                for index in table.indexes:
                    if not index.unique:
                        connection.execute(DropIndex(index, if_exists=True))
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable | psycopg.errors.InsufficientPrivilege):
            raise


def _missing(connection: Connection, table: Table) -> list[Index]:
    found = connection.exec_driver_sql(
        "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = %s::regclass",
        (connection.dialect.identifier_preparer.format_table(table),),
    )
    present = set(found.scalars())
    return [index for index in table.indexes if index.name not in present]
