"""One SQL database: transactions, bulk inserts and errors in the words of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidRequestError

from common.io.collections.backend import Backend
from common.io.collections.protocol import StoreError
from common.io.collections.sql.dialect import Dialect
from common.io.collections.sql.errors import closed, next_step
from common.utils.contract import Contract


class SqlDatabase:
    """Connections to one database, opened when first needed; see :class:`..backend.Database`."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.engine = dialect.engine()
        self._writer = self.engine.execution_options(writes=True)

    def backend(self, contract: Contract) -> Backend:
        """The collection that a contract describes."""
        from common.io.collections.sql.backend import SqlBackend  # noqa: PLC0415 (which imports this module)

        return SqlBackend(self, contract)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: durable when it ends well, undone when it does not."""
        if self.dialect.read_only:
            raise StoreError("The store was opened to be read only.", where=self.dialect.place)
        with self.translated(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What a driver raises becomes a StoreError."""
        try:
            yield
        except DBAPIError as error:
            told = self.dialect.told(error.orig or error)
            raise self._refusal(told.text) from (None if told.private else error)
        except (DisconnectionError, InvalidRequestError) as error:
            if not closed(error):
                raise
            raise self._refusal("the server has closed the connection") from error

    def _refusal(self, told: str) -> StoreError:
        return StoreError(
            f"The database refused: {told}.", where=self.dialect.place, next_step=next_step(told)
        )
