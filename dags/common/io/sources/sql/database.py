"""What the source needs of a database: one transaction that sees one state of it, and its columns exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

import pyarrow as pa

BATCH_ROWS = 20_000  # of the databases whose rows come one by one
CONNECT_SECONDS, LOCK_SECONDS = 10, 60

Value = int | str | datetime | date | Decimal | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of what is read.

    Attributes:
        name: As the source has it.
        type: That its values have in a batch.
        expression: SQL that gives them exactly.
        bound: How a value that it is compared with is written; ``{}`` stands for the mark.
        number: Whether it holds numbers, also where they are given as text.
    """

    name: str
    type: pa.DataType
    expression: str
    bound: str = "{}"
    number: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with ``{marks}``, and the values that they stand for.

    Attributes:
        text: Without its conditions.
        values: By their marks.
        conditions: Of which all must hold.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()

    def where(self, condition: str, **values: Value) -> Statement:
        """The same with one more condition, and the values of its marks."""
        return Statement(self.text, {**self.values, **values}, (*self.conditions, condition))

    def rendered(self, mark: Callable[[str], str]) -> str:
        """The text as a driver takes it, each mark as its placeholder; other braces stay."""
        text = self.text + (f" WHERE {' AND '.join(self.conditions)}" if self.conditions else "")
        if not self.values:
            return text
        names = "|".join(map(re.escape, self.values))
        return re.sub(rf"\{{({names})\}}", lambda found: mark(found[1]), text)


class Chunk(NamedTuple):
    """Some rows as they came.

    Attributes:
        records: Those that can be used.
        kept: Place of each of them among all that came, from 0; ``None`` for all.
        came: How many came.
        bad: Place, rule, field, reason and record of the others.
    """

    records: pa.RecordBatch
    kept: Sequence[int] | None
    came: int
    bad: Sequence[tuple[int, str, str, str, str]] = ()


class Session(Protocol):
    """One read-only transaction, in UTC."""

    def columns(self, table: str, relation: Statement) -> list[Column]:
        """Of a relation. ``table`` is its name as configured, for messages; empty for a query.

        Raises:
            SourceError: There is no such table, or the query is wrong.
        """

    def estimate(self, table: str) -> int:
        """Roughly how many rows a table has; 0 where the database does not say."""

    def first(self, statement: Statement) -> list[str | None]:
        """The one row that a statement gives, as text."""

    def as_text(self, expression: str) -> str:
        """SQL for a value as text that is not shortened."""

    def chunks(self, columns: Sequence[Column], statements: Sequence[Statement]) -> Iterator[Chunk]:
        """The rows of all statements; the session may not be asked anything else afterwards."""


class Database(Protocol):
    """A database by its address.

    Attributes:
        place: For people; without credentials.
        shares_snapshots: Whether several connections can see the same state of it.
    """

    place: str
    shares_snapshots: bool

    def quote(self, name: str) -> str:
        """A column's or a table's name in SQL."""

    def session(self) -> AbstractContextManager[Session]:
        """A transaction.

        Raises:
            SourceError: It cannot be reached, or refuses the login; also while it is used.
        """


def qualified(table: str, quote: Callable[[str], str]) -> str:
    """``sales.order_lines`` with each part quoted; ``"a.b".c`` has a dot in its first."""
    parts = re.findall(r'"((?:[^"]|"")+)"|([^".]+)', table)
    return ".".join(quote(quoted.replace('""', '"') or plain) for quoted, plain in parts)


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Of the batches that have these columns."""
    return pa.schema([(column.name, column.type) for column in columns])


def select(columns: Sequence[Column], relation: Statement, quote: Callable[[str], str]) -> Statement:
    """All rows of a relation."""
    listed = ", ".join(f"{column.expression} AS {quote(column.name)}" for column in columns)
    return Statement(f"SELECT {listed} FROM {relation.text}", relation.values)  # noqa: S608 (names are quoted)
