"""SQLite: a file, opened for reading only. Values need not keep what a column's declared type promises.

The module of the standard library reads it: ADBC's driver takes a column's type from its first rows, so that
what comes later in another type fails the whole read; here it is a dead letter.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa

from common.io.sources.sql.database import BATCH_ROWS, Chunk, Column, Statement, Value
from common.io.sources.sql.rows import as_text, chunk_of
from common.io.sources.sql.told import Refused, refused
from common.utils.errors import did_you_mean
from common.utils.quoting import identifier
from common.utils.settings import REPOSITORY

WAIT_SECONDS = 60  # for a writer that holds the file
STEPS = 100_000  # of SQLite's machine, between two looks at the clock
CUT = 200  # characters of the names that an error lists


class SQLite:
    """One file.

    Args:
        url: ``sqlite:////whole/path.db``, or ``sqlite:///path.db`` from the repository on.
        minutes: That one statement may take.
    """

    shares_snapshots = False

    def __init__(self, url: str, minutes: int) -> None:
        self._path = REPOSITORY / unquote(urlsplit(url).path.removeprefix("/"))
        self._seconds = minutes * 60
        self.place = f"SQLite at {self._path}"

    def quote(self, name: str) -> str:
        """A name in double quotes."""
        return identifier(name)

    @contextmanager
    def session(self) -> Iterator[SQLiteSession]:
        """A transaction that reads one snapshot."""
        try:
            # Delta's writer asks for batches from a thread of its own, one at a time.
            address = f"file:{quote(str(Path(self._path)))}?mode=ro"
            opened = sqlite3.connect(
                address, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            with closing(opened) as connection:
                connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
                connection.execute("BEGIN")
                yield SQLiteSession(connection, self._seconds)
        except sqlite3.Error as error:
            raise _told(error).at(self.place) from None


class SQLiteSession:
    """A transaction of one connection."""

    def __init__(self, connection: sqlite3.Connection, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds

    def columns(self, table: str, relation: Statement) -> list[Column]:
        """By their declared types; a view of our own, which is gone with the connection, has them all."""
        every = Statement(f"SELECT * FROM {relation.text}", relation.values)  # noqa: S608 (names are quoted)
        described = every.rendered(lambda _: "NULL")
        try:
            self._connection.execute(f"CREATE TEMP VIEW vitrine_described AS {described}")
            found = self._connection.execute("PRAGMA temp.table_info(vitrine_described)").fetchall()
        except sqlite3.Error as error:
            if not (table and str(error).startswith("no such table")):
                raise
            raise Refused(
                f'There is no table "{table}": {did_you_mean(table, self._tables())[:CUT]}',
                "Correct its variable TABLE.",
            ).at("the database") from None
        return [_column(name, declared.upper()) for _, name, declared, *_ in found]

    def estimate(self, table: str) -> int:
        """SQLite counts its rows only by reading them."""
        return 0

    def first(self, statement: Statement) -> list[str | None]:
        """One row as text."""
        row = self._execute(statement).fetchone()
        return [None if value is None else str(as_text(value)) for value in row]

    def as_text(self, expression: str) -> str:
        """The value itself: SQLite's own text of a number has fifteen digits."""
        return expression

    def chunks(self, columns: Sequence[Column], statements: Sequence[Statement]) -> Iterator[Chunk]:
        """One statement's after the other's."""
        for statement in statements:
            cursor = self._execute(statement)
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield chunk_of(rows, columns)

    def _execute(self, statement: Statement) -> sqlite3.Cursor:
        deadline = time.monotonic() + self._seconds
        self._connection.set_progress_handler(lambda: int(time.monotonic() > deadline), STEPS)
        values = {name: _value(value) for name, value in statement.values.items()}
        return self._connection.execute(statement.rendered(lambda name: f":{name}"), values)

    def _tables(self) -> list[str]:
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        return [name for (name,) in rows]


def _column(name: str, declared: str) -> Column:
    """A column by SQLite's rules of affinity; what has none, and decimals, are text of whatever is there."""
    quoted = identifier(name)
    if "INT" in declared:
        return Column(name, pa.int64(), quoted, number=True)
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return Column(name, pa.string(), quoted)
    if "BLOB" in declared:
        return Column(name, pa.binary(), quoted)
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return Column(name, pa.float64(), quoted, number=True)
    return Column(name, pa.string(), quoted, number=True)


def _value(value: Value) -> int | float | str:
    """A value as SQLite stores it; a time in UTC, in the form of SQLite's own functions."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return "" if value is None else value.isoformat() if isinstance(value, date) else value


def _told(error: sqlite3.Error) -> Refused:
    said = str(error)
    if said.startswith(("no such", "near ", "ambiguous", "wrong number", "incomplete", "unrecognized")):
        return Refused(f"The database refuses the query: {said}.", "Correct TABLE, QUERY or CURSOR.")
    return refused(said, type(error).__name__)
