"""PostgreSQL: columns straight from COPY by ADBC, side by side where a split is given, all of one snapshot.

psycopg asks what there is and exports the snapshot. COPY takes no parameters, so that values are handed over
as settings of the transaction, which are bound, and statements read them by ``current_setting``. What Arrow
or Delta cannot hold exactly, and what ADBC gives as raw bytes, the server writes as text: no type needs
another way. That is also faster: ADBC's own text of a numeric takes 2.6 times as long as the server's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import adbc_driver_manager
import adbc_driver_postgresql as adbc  # type: ignore[import-untyped]
import adbc_driver_postgresql.dbapi as adbc_dbapi  # type: ignore[import-untyped]
import psycopg
import pyarrow as pa
from psycopg.pq.abc import PGresult

from common.io.sources.sql.database import (
    CONNECT_SECONDS,
    LOCK_SECONDS,
    Chunk,
    Column,
    Statement,
    Value,
    qualified,
    schema_of,
)
from common.io.sources.sql.merged import merged
from common.io.sources.sql.times import checked
from common.io.sources.sql.told import Refused, refused
from common.utils.errors import did_you_mean
from common.utils.quoting import identifier, literal

BATCH_BYTES = 4 * 2**20  # of one batch
NATIVE: dict[int, pa.DataType] = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    700: pa.float32(),
    701: pa.float64(),
    1042: pa.string(),
    1043: pa.string(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
}
"""By the number of the server's type; all others come as text."""
BPCHAR, MONEY, NUMERIC = 1042, 790, 1700
NETWORK = {
    "connect_timeout": str(CONNECT_SECONDS),
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "application_name": "vitrine",
}
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
SAID_IN_FULL = ("42", "0A")  # classes of states whose message names what the query names, and no row
UNDEFINED_TABLE = "42P01"
CUT = 200  # characters of the names that an error lists


class PostgreSQL:
    """One database of a server.

    Args:
        url: As libpq takes it; its parameters take precedence.
        minutes: That one statement may take.
    """

    shares_snapshots = True

    def __init__(self, url: str, minutes: int) -> None:
        parts = urlsplit(url)
        query = urlencode({**NETWORK, **dict(parse_qsl(parts.query))})
        self._url = parts._replace(scheme="postgresql", query=query).geturl()
        self._settings = {
            "timezone": "UTC",
            "datestyle": "ISO",
            "intervalstyle": "iso_8601",
            "extra_float_digits": "1",
            "client_encoding": "UTF8",
            "lock_timeout": f"{LOCK_SECONDS}s",
            "statement_timeout": f"{minutes}min",
            "idle_in_transaction_session_timeout": "0",
        }
        self.place = f"PostgreSQL at {parts.hostname}:{parts.port or 5432}{parts.path}"

    def quote(self, name: str) -> str:
        """A name in double quotes."""
        return identifier(name)

    @contextmanager
    def session(self) -> Iterator[PostgreSQLSession]:
        """A transaction that reads one snapshot."""
        try:
            with closing(psycopg.connect(self._url, autocommit=True)) as connection:
                connection.execute(BEGIN)
                session = PostgreSQLSession(connection, self._url, self._settings)
                session.set(self._settings)
                yield session
        except (psycopg.Error, adbc_driver_manager.Error, OSError, pa.ArrowException) as error:
            raise _told(error).at(self.place) from None


class PostgreSQLSession:
    """A transaction that has exported its snapshot, and those that read it."""

    def __init__(self, connection: psycopg.Connection[Any], url: str, settings: Mapping[str, str]) -> None:
        self._connection, self._url, self._settings = connection, url, settings

    def set(self, values: Mapping[str, str]) -> None:
        """Settings of the transaction."""
        with self._connection.cursor() as cursor:
            cursor.execute(_set_config(values, "%s"), _flat(values))

    def columns(self, table: str, relation: Statement) -> list[Column]:
        """Their types as the server says them, of no rows."""
        try:
            empty = f"SELECT * FROM {relation.text} LIMIT 0"  # noqa: S608 (names are quoted)
            cursor = self._run(Statement(empty, relation.values))
        except psycopg.Error as error:
            if not (table and error.sqlstate == UNDEFINED_TABLE):
                raise
            self._connection.execute("ROLLBACK")
            raise Refused(
                f'There is no table "{table}": {did_you_mean(table, self._tables(table))[:CUT]}',
                "Correct its variable TABLE; upper and lower case matter.",
            ).at("the database") from None
        found = [(each.name, each.type_code) for each in cursor.description or ()]
        query = "SELECT oid::int8, format_type(oid, NULL) FROM pg_type WHERE oid = ANY(%s)"
        names = dict(self._connection.execute(query, [[code for _, code in found]]).fetchall())
        return [_column(name, code, names.get(code, "text")) for name, code in found]

    def estimate(self, table: str) -> int:
        """As the last ANALYZE counted them."""
        query = "SELECT greatest(reltuples, 0)::int8 FROM pg_class WHERE oid = to_regclass(%s)"
        found = self._connection.execute(query, [qualified(table, identifier)]).fetchone()
        return int(found[0]) if found else 0

    def first(self, statement: Statement) -> list[str | None]:
        """One row, as the server writes it."""
        result = cast("PGresult", self._run(statement).pgresult)  # a SELECT has one
        found = (result.get_value(0, at) for at in range(result.nfields))
        return [None if value is None else value.decode() for value in found]

    def as_text(self, expression: str) -> str:
        """The server's own text."""
        return f"CAST({expression} AS text)"

    def chunks(self, columns: Sequence[Column], statements: Sequence[Statement]) -> Iterator[Chunk]:
        """By one connection for each statement, which all see the snapshot of this session."""
        (snapshot,) = self._connection.execute("SELECT pg_export_snapshot()").fetchall()[0]
        with ExitStack() as stack:
            connections = [stack.enter_context(self._reader(snapshot, each)) for each in statements]
            self._connection.close()  # the snapshot lives on in them; a transaction that is idle may be ended
            work = zip(connections, statements, strict=True)
            streams = [_batches(connection, statement) for connection, statement in work]
            schema = schema_of(columns)
            for batch in merged(streams):
                yield checked(pa.record_batch(batch.columns, schema=schema))

    def _run(self, statement: Statement) -> psycopg.Cursor[Any]:
        if statement.values:
            self.set(_texts(statement.values))
        return self._connection.execute(statement.rendered(_mark).encode())

    def _tables(self, like: str) -> list[str]:
        name = "table_schema || '.' || table_name" if "." in like else "table_name"
        hidden = "('pg_catalog', 'information_schema')"
        query = f"SELECT {name} FROM information_schema.tables WHERE table_schema NOT IN {hidden}"  # noqa: S608 (constants)
        return [row[0] for row in self._connection.execute(query.encode())]

    @contextmanager
    def _reader(self, snapshot: str, statement: Statement) -> Iterator[adbc_dbapi.Connection]:
        with closing(adbc_dbapi.connect(self._url, autocommit=True)) as connection:
            settings = {**self._settings, **_texts(statement.values)}
            with closing(connection.cursor()) as cursor:
                cursor.execute(BEGIN)
                cursor.execute(f"SET TRANSACTION SNAPSHOT {literal(snapshot)}")
                cursor.execute(_set_config(settings, "${}"), _flat(settings))
                cursor.fetchall()
            yield connection


def _batches(connection: adbc_dbapi.Connection, statement: Statement) -> Iterator[pa.RecordBatch]:
    with closing(connection.cursor()) as cursor:
        size = adbc.StatementOptions.BATCH_SIZE_HINT_BYTES.value
        cursor.adbc_statement.set_options(**{size: str(BATCH_BYTES)})
        cursor.execute(statement.rendered(_mark))
        with cursor.fetch_record_batch() as reader:
            yield from iter(partial(next, reader, None), None)


def _column(name: str, code: int, called: str) -> Column:
    quoted = identifier(name)
    bound = f"CAST({{}} AS {'bpchar' if code == BPCHAR else called})"
    if code in NATIVE:
        kind = NATIVE[code]
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        return Column(name, kind, quoted, bound, number)
    text = f"CAST({quoted} AS text)"
    if called.endswith("[]"):
        text = f"CAST(array_to_json({quoted}) AS text)"
    if code == MONEY:  # its text depends on the server's language
        text = f"CAST(CAST({quoted} AS numeric) AS text)"
    return Column(name, pa.string(), text, bound, code == NUMERIC)


def _mark(name: str) -> str:
    value = f"current_setting('vitrine.{name}')"
    return f"CAST({value} AS timestamptz)" if name.startswith("window_") else value


def _set_config(values: Mapping[str, str], mark: str) -> str:
    pairs = (
        f"set_config({mark.format(2 * at + 1)}, {mark.format(2 * at + 2)}, true)" for at in range(len(values))
    )
    return f"SELECT {', '.join(pairs)}"


def _flat(values: Mapping[str, str]) -> list[str]:
    return [text for pair in values.items() for text in pair]


def _texts(values: Mapping[str, Value]) -> dict[str, str]:
    """By the names of settings; no bound at all is before all times."""
    return {f"vitrine.{name}": "-infinity" if value is None else str(value) for name, value in values.items()}


def _told(error: Exception) -> Refused:
    state = getattr(error, "sqlstate", None)
    if isinstance(error, psycopg.Error) and state and state.startswith(SAID_IN_FULL):
        said = " ".join(filter(None, (error.diag.message_primary, error.diag.message_hint)))
        return Refused(
            f"The database refuses the query: {said} ({state}).", "Correct TABLE, QUERY or CURSOR."
        )
    return refused(str(error), f"state {state}" if state else type(error).__name__)
