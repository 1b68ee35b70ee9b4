"""MySQL and MariaDB: rows as they come (no buffer of the driver), their text made columns by Arrow.

PyMySQL without its own conversions gives 235,000 rows/s of five columns on the machine where it was chosen,
with them 121,000; MySQL Connector/Python 161,000 and 102,000. Connections cannot share a snapshot here.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import pymysql  # type: ignore[import-untyped]
from pymysql.constants import FIELD_TYPE as TYPE  # type: ignore[import-untyped]
from pymysql.constants import FLAG
from pymysql.converters import encoders  # type: ignore[import-untyped]
from pymysql.cursors import SSCursor  # type: ignore[import-untyped]

from common.io.sources.sql.database import (
    BATCH_ROWS,
    CONNECT_SECONDS,
    LOCK_SECONDS,
    Chunk,
    Column,
    Statement,
    Value,
    qualified,
)
from common.io.sources.sql.rows import chunk_of
from common.io.sources.sql.told import Refused, refused
from common.utils.errors import did_you_mean

TLS = ("ssl_ca", "ssl_cert", "ssl_key")
BINARY = 63  # the character set of what is no text
INTEGERS = frozenset([TYPE.TINY, TYPE.SHORT, TYPE.INT24, TYPE.LONG, TYPE.LONGLONG, TYPE.YEAR])
TIMES: dict[int, pa.DataType] = {
    TYPE.DATE: pa.date32(),
    TYPE.NEWDATE: pa.date32(),
    TYPE.DATETIME: pa.timestamp("us"),
    TYPE.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}
BYTES = frozenset(
    [TYPE.VARCHAR, TYPE.VAR_STRING, TYPE.STRING, TYPE.BLOB, TYPE.TINY_BLOB, TYPE.MEDIUM_BLOB, TYPE.LONG_BLOB]
)
UNKNOWN_TABLE, SAID_IN_FULL = 1146, (1046, 1049, 1054, 1060, 1064, 1066, 1142, 1143, 1146, 1248, 1305)
FIRST_TIME = datetime(1000, 1, 1, tzinfo=UTC)  # that MySQL knows
GRACE_SECONDS = 30  # by which the server ends a statement sooner than we take it for gone
CUT = 200  # characters of the names that an error lists


class MySQL:
    """One database of a server.

    Args:
        url: ``mysql://user:password@host:3306/database``; of its parameters
            ``ssl_ca``, ``ssl_cert`` and ``ssl_key`` are used.
        minutes: That one statement may take.
    """

    shares_snapshots = False

    def __init__(self, url: str, minutes: int) -> None:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        self._seconds = minutes * 60
        self._given: dict[str, Any] = {name: query[name] for name in TLS if name in query}
        self._given |= {
            "host": parts.hostname or "localhost",
            "port": parts.port or 3306,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": unquote(parts.path.lstrip("/")),
        }
        self.place = f"MySQL at {parts.hostname}:{parts.port or 3306}{parts.path}"

    def quote(self, name: str) -> str:
        """A name in backticks."""
        return "`" + name.replace("`", "``") + "`"

    @contextmanager
    def session(self) -> Iterator[MySQLSession]:
        """A transaction that reads one snapshot."""
        try:
            connection = pymysql.connect(
                **self._given,
                charset="utf8mb4",
                connect_timeout=CONNECT_SECONDS,
                read_timeout=self._seconds + GRACE_SECONDS,
                conv=encoders,  # values go in as usual, and come out as text
                cursorclass=SSCursor,
            )
            try:
                yield self._begun(connection)
            finally:
                connection.close()
        except (pymysql.Error, OSError, ssl.SSLError) as error:
            raise _told(error).at(self.place) from None

    def _begun(self, connection: Any) -> MySQLSession:
        session = MySQLSession(connection, self.quote)
        mariadb = "MariaDB" in connection.get_server_info()
        limit = (
            f"max_statement_time = {self._seconds}" if mariadb else f"max_execution_time = {self._seconds}000"
        )
        session.run(
            Statement(
                "SET SESSION time_zone = '+00:00', sql_mode = 'TRADITIONAL', "
                f"lock_wait_timeout = {LOCK_SECONDS}, net_write_timeout = {self._seconds}, {limit}"
            )
        )
        session.run(Statement("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))
        return session


class MySQLSession:
    """A transaction of one connection, which reads one statement after the other."""

    def __init__(self, connection: Any, quote: Any) -> None:
        self._connection, self._quote = connection, quote

    def run(self, statement: Statement) -> list[tuple[str | None, ...]]:
        """All rows of a short answer."""
        with self._connection.cursor() as cursor:
            self._execute(cursor, statement)
            return list(cursor.fetchall())

    def columns(self, table: str, relation: Statement) -> list[Column]:
        """Their types as the server says them, of no rows."""
        try:
            with self._connection.cursor() as cursor:
                empty = f"SELECT * FROM {relation.text} LIMIT 0"  # noqa: S608 (names are quoted)
                self._execute(cursor, Statement(empty, relation.values))
                fields = list(cursor._result.fields)  # nowhere else does it say what is binary or unsigned
        except pymysql.Error as error:
            if not (table and error.args[0] == UNKNOWN_TABLE):
                raise
            raise Refused(
                f'There is no table "{table}": {did_you_mean(table, self._tables())[:CUT]}',
                "Correct its variable TABLE.",
            ).at("the database") from None
        return [_column(field, self._quote(field.name)) for field in fields]

    def estimate(self, table: str) -> int:
        """As the storage engine guesses them."""
        names = qualified(table, lambda name: name + "\0").rstrip("\0").split("\0.")
        schema = "%(schema)s" if names[1:] else "database()"
        found = self.run(
            Statement(
                "SELECT table_rows FROM information_schema.tables "  # noqa: S608 (a mark)
                f"WHERE table_schema = {schema.replace('%(schema)s', '{schema}')} AND table_name = {{name}}",
                {"name": names[-1], "schema": names[0]},
            )
        )
        return int(found[0][0] or 0) if found else 0

    def first(self, statement: Statement) -> list[str | None]:
        """One row, as the server writes it."""
        return list(self.run(statement)[0])

    def as_text(self, expression: str) -> str:
        """All is text already."""
        return expression

    def chunks(self, columns: Sequence[Column], statements: Sequence[Statement]) -> Iterator[Chunk]:
        """One statement's after the other's."""
        for statement in statements:
            cursor = self._connection.cursor()
            try:
                self._execute(cursor, statement)
                while rows := cursor.fetchmany(BATCH_ROWS):
                    yield chunk_of(rows, columns)
            finally:
                if cursor._result:  # what is left would be read to its end by close()
                    cursor._result.unbuffered_active = False

    def _execute(self, cursor: Any, statement: Statement) -> None:
        text = statement.rendered(lambda name: f"\0({name})s").replace("%", "%%").replace("\0", "%")
        cursor.execute(text, {name: _value(value) for name, value in statement.values.items()})

    def _tables(self) -> list[str]:
        rows = self.run(
            Statement("SELECT table_name FROM information_schema.tables WHERE table_schema = database()")
        )
        return [str(row[0]) for row in rows]


def _column(field: Any, quoted: str) -> Column:
    code, unsigned = field.type_code, bool(field.flags & FLAG.UNSIGNED)
    if code in INTEGERS:
        large = code == TYPE.LONGLONG and unsigned
        return Column(field.name, pa.string() if large else pa.int64(), quoted, number=True)
    if code == TYPE.BIT:
        return Column(field.name, pa.string(), f"CAST({quoted} AS UNSIGNED)", number=True)
    if code in (TYPE.FLOAT, TYPE.DOUBLE):  # as text a FLOAT has six digits, a DOUBLE all
        return Column(
            field.name, pa.float64(), f"({quoted} + 0e0)" if code == TYPE.FLOAT else quoted, number=True
        )
    if code in TIMES:
        return Column(field.name, TIMES[code], quoted)
    if (code in BYTES and field.charsetnr == BINARY) or code == TYPE.GEOMETRY:
        return Column(field.name, pa.binary(), quoted)
    return Column(field.name, pa.string(), quoted, number=code in (TYPE.DECIMAL, TYPE.NEWDECIMAL))


def _value(value: Value) -> Value:
    """A value as the driver writes it: times in UTC without saying so."""
    if value is None:
        value = FIRST_TIME
    return (
        value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
    )


def _told(error: BaseException) -> Refused:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in SAID_IN_FULL:
        return Refused(
            f"The database refuses the query: {error.args[-1]}.", "Correct TABLE, QUERY or CURSOR."
        )
    return refused(str(error), f"error {code}" if code else type(error).__name__)
