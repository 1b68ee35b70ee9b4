"""What the SQL store asks of a database: the few things in which SQL databases differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Engine, Insert, Select, Table
from sqlalchemy.types import TypeEngine

from common.utils.contract import Field, FieldType


class Dialect(Protocol):
    """One kind of database. A new one is a module with this and an entry in ``open_store``."""

    read_only: bool
    table_options: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Where the database stands, for error messages; without secrets."""

    def engine(self) -> Engine:
        """Connections whose transactions are durable once committed.

        A transaction with the execution option ``writes`` waits for other writers when it begins, not later.
        """

    def exists(self) -> bool:
        """Whether there is a database at all; looking creates none."""

    def column_type(self, kind: FieldType) -> TypeEngine[Any]:
        """The column that holds a stored form of :mod:`common.io.collections.encoding`, compared by bytes."""

    def insert_if_absent(self, table: Table) -> Insert:
        """An insert that leaves a row with the same primary key as it is."""

    def within(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """``column IN (chosen)``, tested on the rows that another index finds."""

    def beyond(
        self, columns: Sequence[Column[Any]], values: Sequence[Any], descending: bool
    ) -> ColumnElement[bool]:
        """Rows after a keyset position, found by the index on ``columns``."""

    def shown(self, field: Field, column: str) -> str:
        """SQL that turns the stored form of a quoted column into what a BI tool shows."""
