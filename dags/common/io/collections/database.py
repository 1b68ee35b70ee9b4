"""One SQL database: transactions, bulk inserts and errors in the words of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from common.io.collections.dialect import Dialect
from common.io.collections.protocol import StoreError

TRANSACTION_ROWS = 20_000  # rows that one transaction writes: some 100 ms in which other writers wait


class Database:
    """Connections to one database, opened when first needed."""

    def __init__(self, dialect: Dialect, batch_size: int) -> None:
        self.dialect = dialect
        self.batch_size = batch_size
        self.engine = dialect.engine()
        self._writer = self.engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: durable when it ends well, undone when it does not."""
        if self.dialect.read_only:
            raise StoreError("The store was opened to be read only.", where=self.dialect.place)
        with self._translated(), self._writer.begin() as connection:
            yield connection

    def insert(self, table: Table, batches: Iterable[list[tuple[Any, ...]]]) -> None:
        """Inserts rows, given in the order of the table's columns, in transactions of bounded size."""
        statement = str(table.insert().compile(dialect=self.engine.dialect))
        remaining = iter(batches)
        together = max(1, TRANSACTION_ROWS // self.batch_size)
        for first in remaining:
            with self.writing() as connection:
                for batch in chain([first], islice(remaining, together - 1)):
                    connection.exec_driver_sql(statement, batch)

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(
                f"The database refused: {error.orig}.",
                where=self.dialect.place,
                next_step="Is it there, writable, and is there room on the disk? Then try again.",
            ) from error
