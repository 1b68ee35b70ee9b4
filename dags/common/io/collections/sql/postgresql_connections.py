"""Connections to PostgreSQL: with bounded waits and settings of their own, and none that is closed."""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

STATEMENT_SECONDS, READER_STATEMENT_SECONDS = 600, 30
LOCK_SECONDS = 60  # that a writer waits for another one; longer than
IDLE_SECONDS = 30  # after which the server undoes the transaction of a process that is stopped or gone
GRACE_SECONDS = 10  # by which the server ends a statement sooner than we take it for paused
NETWORK = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "vitrine",
}
SETTINGS = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "synchronous_commit": "on",
    "default_transaction_isolation": r"read\ committed",  # a compare-and-set that lost is told by its count
    "extra_float_digits": "1",  # doubles are shown by all of their digits
    "enable_bitmapscan": "off",  # a bitmap loses the order of the index, and a page would be sorted
    "jit": "off",  # it compiles for longer than a page is read
}


def connections(url: URL, *, read_only: bool) -> Engine:
    """An engine whose connections depend neither on the server's settings nor on its good will.

    Parameters of the URL take precedence; its ``options`` are the session's settings, written as
    ``-c statement_timeout=5min``. Reads are statements of their own, which spares two round trips each.
    """
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query=_parameters(url.query, read_only)),
        connect_args={"autocommit": True},
        pool_size=8,
        max_overflow=-1,
        hide_parameters=True,  # they are rows, and errors are logged
        use_native_hstore=False,  # asking for it would be a query more
    )
    event.listen(engine, "do_connect", lambda *given: Watched.connect(*given[2], **given[3]))
    event.listen(engine, "connect", _ask_patience)
    event.listen(engine, "checkout", _demand_open)
    event.listen(engine, "begin", _begin_to_write)
    event.listen(engine, "set_connection_execution_options", _begin_to_stream)
    return engine


def _parameters(given: Mapping[str, Any], read_only: bool) -> dict[str, Any]:
    limit = READER_STATEMENT_SECONDS if read_only else STATEMENT_SECONDS
    settings = {**SETTINGS, "statement_timeout": f"{limit}s"}
    ours = [f"-c {name}={value}" for name, value in settings.items()]
    theirs = given.get("options", ())
    last = ["-c default_transaction_read_only=on"] if read_only else []
    options = [*ours, *([theirs] if isinstance(theirs, str) else theirs), *last]
    return {**NETWORK, **given, "client_encoding": "utf8", "options": " ".join(options)}


class Watched(psycopg.Connection[Any]):
    """A connection that gives a silent server up: one that is paused keeps its connections open.

    Attributes:
        patience: Seconds that an answer may take; ``None`` for as long as it likes.
    """

    patience: float | None = GRACE_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Waits for the server's answer, but not without end."""
        limit = self.patience if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.close()
            raise psycopg.OperationalError(f"the server has been silent for {limit:g} seconds") from error


@contextmanager
def patient(connection: Connection, seconds: int) -> Iterator[None]:
    """Lets the statements and the locks of a transaction take as long as that."""
    driver: Any = connection.connection.driver_connection
    before = driver.patience
    driver.patience = seconds + GRACE_SECONDS
    try:
        for limit in ("statement_timeout", "lock_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {limit} = '{seconds}s'")
        yield
    finally:
        driver.patience = before


def _ask_patience(connection: Watched, _: object) -> None:
    limit = "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::float"
    (seconds,) = connection.execute(limit).fetchall()[0]
    connection.patience = seconds + GRACE_SECONDS if seconds else None


def _demand_open(connection: Watched, *_: object) -> None:
    # What a server has sent unasked is its farewell. To look costs a hundredth of the round trip of a ping.
    farewell = select.poll()
    if not connection.closed:
        farewell.register(connection.fileno(), select.POLLIN)
    if connection.closed or farewell.poll(0):
        raise DisconnectionError("The server has closed the connection.")


def _begin_to_write(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN")


def _begin_to_stream(connection: Connection, options: Mapping[str, Any]) -> None:
    if options.get("stream_results") and not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN")  # the cursor lives as long as its transaction
