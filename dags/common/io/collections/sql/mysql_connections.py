"""Connections to MySQL and MariaDB: with bounded waits and settings of their own, and none that is closed."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.exc import DBAPIError, DisconnectionError

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60  # a server that is silent for longer is taken for gone
LOCK_SECONDS = 40  # that a writer waits for another one; longer than
IDLE_SECONDS = 20  # after which the server undoes the transaction of a writer that is stopped or gone
READER_ANSWER_SECONDS, READER_IDLE_SECONDS = 20, 600
# Not by SQLAlchemy's isolation_level, which turns autocommit off: each read would leave a transaction open.
READ_COMMITTED = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
IN_TRANSACTION = 1  # of the status that the server sends with each answer
SHOWN = 300  # characters of a statement in an error


class Quiet(MySQLDialect_pymysql):
    """Ends no transaction where none has begun: a read is one round trip."""

    supports_statement_cache = True

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commits, if there is a transaction."""
        if dbapi_connection.server_status & IN_TRANSACTION:
            dbapi_connection.commit()

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Rolls back, if there is a transaction."""
        if dbapi_connection.server_status & IN_TRANSACTION:
            dbapi_connection.rollback()


registry.register("mysql.quiet", __name__, Quiet.__name__)


def connections(url: URL, *, read_only: bool) -> Engine:
    """An engine whose connections do not depend on the server's settings.

    A statement sees what is committed when it begins (READ COMMITTED): a vacuum then locks the rows that it
    deletes, and no gaps between them in which others insert.
    """
    answer = READER_ANSWER_SECONDS if read_only else ANSWER_SECONDS
    settings = {
        "sql_mode": "'TRADITIONAL'",  # strict
        "optimizer_switch": "'semijoin=off'",
        "wait_timeout": READER_IDLE_SECONDS if read_only else IDLE_SECONDS,
        "lock_wait_timeout": LOCK_SECONDS,
        "innodb_lock_wait_timeout": LOCK_SECONDS,
    }
    engine = create_engine(
        url.set(drivername="mysql+quiet"),
        connect_args={
            "autocommit": True,
            "charset": "utf8mb4",
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": answer,
            "write_timeout": answer,
            "client_flag": 0,  # not FOUND_ROWS, which counts a row that an insert finds and leaves alone
            "init_command": "SET SESSION " + ", ".join(f"{name} = {to}" for name, to in settings.items()),
        },
        pool_size=8,
        max_overflow=-1,
        pool_reset_on_return=None,  # whoever takes a connection ends its transaction
        hide_parameters=True,  # they are rows, and errors are logged
    )
    event.listen(engine, "connect", _set_read_only if read_only else _ask_packet)
    event.listen(engine, "checkout", _demand_open)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _shorten)
    return engine


def largest_statement(connection: Connection) -> int:
    """Bytes of a statement that the server takes."""
    return int(connection.connection.info["max_allowed_packet"])


@contextmanager
def patient(connection: Connection, seconds: int) -> Iterator[None]:
    """Waits for the server's answers as long as that."""
    driver: Any = connection.connection.driver_connection
    before = driver._read_timeout  # the driver has no other way
    driver._read_timeout = seconds
    try:
        yield
    finally:
        driver._read_timeout = before


def _set_read_only(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{READ_COMMITTED}, READ ONLY")


def _ask_packet(connection: Any, record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(READ_COMMITTED)
        cursor.execute("SELECT @@max_allowed_packet")
        record.info["max_allowed_packet"] = cursor.fetchone()[0]


def _demand_open(connection: Any, *_: object) -> None:
    # What a server has sent unasked is its farewell. To look costs a hundredth of the round trip of a ping.
    farewell = select.poll()
    if connection.open:
        farewell.register(connection._sock, select.POLLIN)
    if not connection.open or farewell.poll(0):
        raise DisconnectionError("The server has closed the connection.")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("START TRANSACTION")


def _shorten(context: Any) -> None:
    # Errors are logged, and the text of an insert holds rows.
    if isinstance(context.sqlalchemy_exception, DBAPIError) and context.statement:
        context.sqlalchemy_exception.statement = context.statement.partition(" VALUES ")[0][:SHOWN]
