"""What the SQL backend asks of a database: the few things in which SQL databases differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa
from sqlalchemy import Column, ColumnElement, Connection, Delete, Engine, Insert, Select, Table
from sqlalchemy.types import TypeEngine

from common.io.collections.sql.errors import Told
from common.utils.contract import Field


class Dialect(Protocol):
    """One kind of database. A new one is a module with this and an entry in ``open_store``."""

    read_only: bool
    batch_size: int
    table_options: Mapping[str, Any]
    skips_duplicates: bool
    """Whether ``SELECT DISTINCT`` jumps along an index from value to value, and a recursion does not."""

    @property
    def place(self) -> str:
        """Where the database stands, for error messages; without secrets."""

    def engine(self) -> Engine:
        """Connections whose transactions are durable once committed, and that wait for nothing without end.

        A transaction with the execution option ``writes`` waits for other writers when it begins, not later.
        """

    def told(self, error: BaseException) -> Told:
        """What an error of the driver says."""

    def exists(self) -> bool:
        """Whether there is a database; looking creates none. One that is away raises with first use."""

    def column_type(self, field: Field, *, indexed: bool) -> TypeEngine[Any]:
        """The column that holds a field's stored form (:mod:`common.io.collections.encoding`).

        Text is compared by the bytes of its UTF-8, without padding, upper and lower case apart.

        Args:
            field: Of the contract, or the store's own.
            indexed: Whether it belongs to the key or to an index.
        """

    def insert_if_absent(self, table: Table) -> Insert:
        """An insert that leaves a row with the same primary key as it is."""

    def write(self, connection: Connection, table: Table, rows: pa.Table) -> None:
        """Inserts rows in the transaction of a connection, by the database's fastest way.

        Args:
            connection: In a transaction with the execution option ``writes``.
            table: Whose columns ``rows`` has, in any order.
            rows: In stored form.

        Raises:
            StageError: A value is one that the database cannot hold, such as a text too long for a key.
        """

    def deletion(self, table: Table, chunk: int, most: int) -> Delete:
        """Deletes rows of a chunk, as many as there are but no more than so many."""

    def within(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """``column IN (chosen)``, tested on the rows that another index finds, in the order of that index."""

    def beyond(
        self, columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool
    ) -> ColumnElement[bool]:
        """Rows after a keyset position, found by the index on ``columns``."""

    def shown(self, field: Field, column: str) -> str:
        """SQL that turns the stored form of a quoted column into what a BI tool shows."""

    def changing_schema(self, connection: Connection, name: str) -> AbstractContextManager[None]:
        """Keeps two processes from changing the tables of one collection at once; waits for the other one.

        Args:
            connection: In a transaction with the execution option ``writes``.
            name: The collection's, at most 200 characters.
        """

    def retype(self, connection: Connection, table: Table) -> Sequence[str]:
        """Statements that give columns the types that the contract's indexes now ask for."""

    def replace_view(self, name: str, select: str) -> Sequence[str]:
        """Statements that put a view in place, whatever stood there; ``name`` is quoted."""

    def settle(self, engine: Engine, table: Table) -> None:
        """After rows were written: builds indexes that ``write`` put off, refreshes what the planner knows.

        Nothing where neither is needed; called again after a crash, it does the rest.
        """
