"""MySQL and MariaDB: a store on a server, that many processes write and read at once.

Tested on MariaDB 10.11. The SQL is such that MySQL 8.0.17 and later take it too; that is not tested. A commit
is durable where the server keeps ``innodb_flush_log_at_trx_commit = 1``, its default.

The driver is PyMySQL: SQLAlchemy warns of the regressions of MySQL Connector/Python, whose C extension does
not load in a process that has an older OpenSSL, and which writes at two thirds of its rate without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
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
    and_,
    delete,
    inspect,
    or_,
)
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeEngine, UserDefinedType

from common.io.collections.encoding import CHUNK, STORED
from common.io.collections.protocol import StageError, StoreError
from common.io.collections.sql.errors import Told, without_values
from common.io.collections.sql.mysql_connections import connections, largest_statement, patient
from common.io.collections.sql.mysql_text import insert_texts, quoted
from common.utils.contract import Field
from common.utils.errors import ContractError

INDEXED = 190  # characters of a text in a key or an index, which has 3072 bytes: for four, and four numbers
SCHEMA_SECONDS = 3600  # for an index to be built, here or by the process that is waited for
TLS = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname")
TOO_MUCH = (1059, 1069, 1071, 1117, 1118, 1406)  # errors: a name, indexes, an index, columns, a row, a text
ONLY_NAMES = (1044, 1045, 1049, 1054, 1114, 1142, 1146)  # errors: no right, nothing there, a full table
OF_THE_CLIENT = range(2000, 3000)  # errors: of the connection


class Utf8(UserDefinedType[str]):
    """Text that compares by the bytes of its UTF-8, also its blanks at the end.

    Attributes:
        length: Characters, at most; ``None`` for any number, which no index takes.
    """

    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        self.length = length


@compiles(Utf8, "mysql")
def _utf8(kind: Utf8, compiler: Any, **_: Any) -> str:
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    name = f"VARCHAR({kind.length})" if kind.length else "LONGTEXT"
    return f"{name} CHARACTER SET utf8mb4 COLLATE {collation}"


class MySQL:
    """The dialect of MySQL 8.0.17 or later and MariaDB 10.6 or later, with InnoDB tables."""

    table_options: Mapping[str, Any] = {"mysql_engine": "InnoDB"}
    skips_duplicates = True

    def __init__(self, url: URL, *, batch_size: int, read_only: bool) -> None:
        if not url.host or not url.database or not set(url.query) <= set(TLS):
            raise StoreError(
                "The collections need the address of a MySQL or MariaDB database.",
                where="the URL of the collections",
                next_step="Write it as mysql://user:password@host:3306/database; "
                f"its parameters, where it needs any: {', '.join(TLS)}.",
            )
        self.url = url
        self.batch_size, self.read_only = batch_size, read_only

    @property
    def place(self) -> str:
        """The server and the database."""
        return f"mysql://{self.url.host}:{self.url.port or 3306}/{self.url.database}"

    def told(self, error: BaseException) -> Told:
        """What the server says; of what stands in quotes only what is certainly no value of a row."""
        code, text = error.args if len(error.args) == 2 else (0, str(error))
        if code in ONLY_NAMES or code in OF_THE_CLIENT:
            return Told(f"{text} (error {code})")
        return without_values(f"{text} (error {code})")

    def exists(self) -> bool:
        """A database is created by its administrator; where it is missing, its first use says so."""
        return True

    def engine(self) -> Engine:
        """Connections with bounded waits and settings of their own."""
        return connections(self.url, read_only=self.read_only)

    def column_type(self, field: Field, *, indexed: bool) -> TypeEngine[Any]:
        """Text that compares by bytes, doubles, and integers for all the rest."""
        kind = STORED[field.type]
        if pa.types.is_string(kind):
            return Utf8(INDEXED if indexed else None)
        return Double() if pa.types.is_floating(kind) else BigInteger()

    def insert_if_absent(self, table: Table) -> Insert:
        """``INSERT … ON DUPLICATE KEY UPDATE`` of nothing; ``IGNORE`` would also cut what is too long."""
        first = next(iter(table.primary_key.columns))
        return insert(table).on_duplicate_key_update({first.name: first})

    def write(self, connection: Connection, table: Table, rows: pa.Table) -> None:
        """Many rows a statement, its text made by columns: 1.6 times as fast as ``executemany``."""
        for column in table.columns:
            if isinstance(column.type, Utf8) and column.type.length:
                _demand_short(rows, column.name, column.type.length, table.name)
        for statement in insert_texts(table, rows, self.batch_size, largest_statement(connection)):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def deletion(self, table: Table, chunk: int, most: int) -> Delete:
        """``DELETE … LIMIT``."""
        return delete(table).where(table.c[CHUNK] == chunk).with_dialect_options(mysql_limit=most)

    def within(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """A sub-select, which sessions with ``semijoin=off`` test on each row and do not begin with."""
        return column.in_(chosen)

    def beyond(
        self, columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool
    ) -> ColumnElement[bool]:
        """``a >= ? AND (a > ? OR a = ? AND b > ?)``: a range of the index, which a row comparison is not."""
        first, value = columns[0], values[0]
        return and_(first <= value if descending else first >= value, _after(columns, values, descending))

    def shown(self, field: Field, column: str) -> str:
        """DECIMAL, DATE and DATETIME(6) in UTC, all exact; objects and arrays as JSON, booleans as 0 or 1."""
        if field.type == "decimal":
            unit = f"{10**-field.scale:.{field.scale}f}"
            return f"CAST({column} * {unit} AS DECIMAL(19, {field.scale}))"
        if field.type == "date":
            return f"DATE'1970-01-01' + INTERVAL {column} DAY"
        if field.type == "timestamp":
            return f"TIMESTAMP'1970-01-01 00:00:00.000000' + INTERVAL {column} MICROSECOND"
        return f"JSON_EXTRACT({column}, '$')" if field.type in ("object", "array") else column

    @contextmanager
    def changing_schema(self, connection: Connection, name: str) -> Iterator[None]:
        """A lock of the server, freed at the latest with the connection; each change commits by itself."""
        lock = hashlib.sha256(f"{self.url.database}/{name}".encode()).hexdigest()[:60]
        with patient(connection, 2 * SCHEMA_SECONDS):
            taken = connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (lock, SCHEMA_SECONDS)).scalar()
            if taken != 1:
                raise StoreError(
                    f"Another process has been changing the tables of {name} for {SCHEMA_SECONDS} s.",
                    where=self.place,
                    next_step="Look for it in SHOW PROCESSLIST; try again when it is done.",
                )
            try:
                yield
            except DBAPIError as error:
                if error.orig and error.orig.args[0] in TOO_MUCH:
                    raise _too_much(error, self.place) from error
                raise
            finally:
                if not connection.invalidated:
                    connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (lock,))

    def retype(self, connection: Connection, table: Table) -> Sequence[str]:
        """Text that is now indexed gets its limit, and text that no longer is loses it."""
        quote = connection.dialect.identifier_preparer.quote
        stored = {one["name"]: one["type"] for one in inspect(connection).get_columns(table.name)}
        return [
            f"ALTER TABLE {quote(table.name)} MODIFY COLUMN "
            f"{CreateColumn(column).compile(dialect=connection.dialect)}"
            for column in table.columns
            if isinstance(column.type, Utf8)
            and column.type.length != getattr(stored[column.name], "length", None)
        ]

    def replace_view(self, name: str, select: str) -> Sequence[str]:
        """One statement: no reader sees the view missing."""
        return (f"CREATE OR REPLACE VIEW {name} AS {select}",)

    def settle(self, engine: Engine, table: Table) -> None:
        """New statistics, in some 50 ms; the server makes its own within seconds, if it is set to."""
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {quoted(table.name)}")


def _demand_short(rows: pa.Table, column: str, limit: int, where: str) -> None:
    longest = pc.max(pc.utf8_length(rows.column(column))).as_py() or 0
    if longest > limit:
        raise StageError(
            f"{column} has a text of {longest} characters; MySQL's keys and indexes take {limit}.",
            where=where,
            next_step="Shorten it, or take the field out of the contract's key and indexes.",
        )


def _after(columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    first, value = columns[0], values[0]
    further: ColumnElement[bool] = first < value if descending else first > value
    if len(columns) == 1:
        return further
    return or_(further, and_(first == value, _after(columns[1:], values[1:], descending)))


def _too_much(error: DBAPIError, where: str) -> ContractError:
    return ContractError(
        f"The contract is too much for MySQL: {error.orig and error.orig.args[1]}: {error.statement}",
        where=where,
        next_step=f"Declare less. An index takes four texts of {INDEXED} characters and four numbers; it "
        "ends in the fields of the key and the chunk.",
    )
