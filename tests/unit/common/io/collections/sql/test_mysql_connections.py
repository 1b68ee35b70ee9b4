"""Connections to MySQL and MariaDB when the server, or who holds a lock, is stopped, killed or gone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from traceback import format_exception
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError

import servers
from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import StoreError
from common.io.collections.sql import mysql, mysql_connections
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.tables import COLLECTIONS
from common.utils.contract import Field
from contract.kit import SALES, batch, content, publication, put, sale

SCRIPT = {"client_flag": CLIENT.MULTI_STATEMENTS, "autocommit": True}


@pytest.fixture
def url() -> str:
    """An empty database."""
    return servers.server("mysql").empty_database()


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., VersionedCollection]]:
    """Opens the collection of sales; each call has connections of its own."""
    stores = []

    def opener(*, read_only: bool = False) -> VersionedCollection:
        stores.append(open_store(url, batch_size=100, read_only=read_only))
        collection = stores[-1].collection(SALES)
        assert isinstance(collection, VersionedCollection)
        if not read_only:
            collection.ensure()
        return collection

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits a second or two where the store waits many."""
    for name in ("LOCK_SECONDS", "CONNECT_SECONDS"):
        monkeypatch.setattr(mysql_connections, name, 1)
    for name in ("ANSWER_SECONDS", "READER_ANSWER_SECONDS"):
        monkeypatch.setattr(mysql_connections, name, 3)
    monkeypatch.setattr(mysql, "SCHEMA_SECONDS", 1)


def engine_of(collection: VersionedCollection) -> Engine:
    """Its connections."""
    backend = collection.backend
    assert isinstance(backend, SqlBackend)
    return backend.database.engine


@contextmanager
def held(collection: VersionedCollection) -> Iterator[None]:
    """While somebody else has written the record and not committed."""
    backend = collection.backend
    assert isinstance(backend, SqlBackend)
    with backend.database.writing() as connection:
        connection.execute(COLLECTIONS.update().values(revision=COLLECTIONS.c.revision + 0, live="held"))
        yield


# what the server is told


def test_sessions_do_not_depend_on_the_settings_of_the_server(url: str) -> None:
    with open_engine(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("SET GLOBAL sql_mode = 'ANSI_QUOTES'")
    try:
        with open_engine(url) as engine, engine.begin() as connection:
            shown = dict(connection.exec_driver_sql("SHOW SESSION VARIABLES").all())
            connection.exec_driver_sql("CREATE TABLE `a` (a TINYINT) ENGINE = InnoDB")
            with pytest.raises(DBAPIError, match="Out of range"):
                connection.exec_driver_sql("INSERT INTO a VALUES (300)")
    finally:
        with open_engine(url) as engine, engine.begin() as connection:
            connection.exec_driver_sql("SET GLOBAL sql_mode = DEFAULT")
    assert "STRICT_ALL_TABLES" in shown["sql_mode"]
    assert "ANSI_QUOTES" not in shown["sql_mode"]
    assert shown["character_set_connection"] == "utf8mb4"
    assert "READ-COMMITTED" in (shown.get("transaction_isolation"), shown.get("tx_isolation"))
    assert (
        int(shown["wait_timeout"]) < int(shown["innodb_lock_wait_timeout"]) < mysql_connections.ANSWER_SECONDS
    )


def test_a_read_leaves_no_transaction(url: str, opened: Callable[..., VersionedCollection]) -> None:
    put(opened(), "r1", [1], [sale(1, "A")])
    reader = opened(read_only=True)
    assert content(reader) == [sale(1, "A")]
    assert list(reader.backend.rows([1], ["product_id"])) != []
    with open_engine(url) as engine, engine.begin() as connection:
        server = "SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p "
        mine = "ON t.trx_mysql_thread_id = p.id WHERE p.db = database() AND p.id <> connection_id()"
        assert connection.exec_driver_sql(server + mine).scalar() == 0, "it would stop a change of the schema"


@contextmanager
def open_engine(url: str, *, read_only: bool = False) -> Iterator[Engine]:
    """Connections that are given back."""
    engine = mysql_connections.connections(make_url(url), read_only=read_only)
    yield engine
    engine.dispose()


def test_a_read_only_session_is_refused_by_the_server(opened: Callable[..., VersionedCollection]) -> None:
    opened()
    reader = engine_of(opened(read_only=True))
    with pytest.raises(DBAPIError, match="READ ONLY transaction"), reader.begin() as connection:
        connection.exec_driver_sql("DELETE FROM vitrine_collections")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@/shop",
        "mysql://user:secret@host",
        "mysql://user:secret@host/",
        "mysql://user:secret@host/shop?charset=latin1",
        "mariadb+mysqlconnector://user:secret@host/shop?autocommit=true",
    ],
)
def test_a_url_that_names_no_database_or_changes_the_session_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="mysql://user:password@host:3306/database") as refused:
        open_store(url, batch_size=1)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "scheme", ["mysql", "mariadb", "mysql+pymysql", "mysql+mysqlconnector", "mariadb+pymysql"]
)
def test_schemes_and_drivers_are_one(url: str, scheme: str) -> None:
    store = open_store(url.replace("mysql", scheme, 1), batch_size=1)
    collection = store.collection(SALES)
    collection.ensure()
    assert collection.live() is None
    store.close()


def test_errors_tell_no_secret(url: str) -> None:
    secret = make_url(url).password
    assert secret
    for wrong in (url + "x", url.replace(secret, "hidden"), url.replace("127.0.0.1", "127.0.0.1:1/", 1)):
        store = open_store(wrong, batch_size=1)
        with pytest.raises(StoreError, match="The database refused") as refused:
            store.collection(SALES).live()
        text = str(refused.value) + str(refused.value.__cause__)
        assert secret not in text
        assert "hidden" not in text
        store.close()


def test_an_error_does_not_show_all_rows(opened: Callable[..., VersionedCollection]) -> None:
    with engine_of(opened()).begin() as connection, pytest.raises(DBAPIError) as refused:
        connection.exec_driver_sql(f"INSERT INTO nowhere VALUES {'(1),' * 10_000}(2)")
    assert len(str(refused.value)) < 1000


def test_a_read_is_one_round_trip_and_a_write_is_one_transaction(
    opened: Callable[..., VersionedCollection],
) -> None:
    sales = opened()
    backend = sales.backend
    assert isinstance(backend, SqlBackend)

    def counted() -> dict[str, int]:
        with backend.database.reading() as connection:
            rows = connection.exec_driver_sql("SHOW SESSION STATUS WHERE variable_name LIKE 'Com%%'").all()
        return {
            name: int(count) for name, count in rows if name in ("Com_begin", "Com_commit", "Com_rollback")
        }

    before = counted()
    with backend.database.reading() as connection:
        connection.execute(COLLECTIONS.select()).all()
    assert counted() == before
    with backend.database.writing() as connection:
        connection.execute(COLLECTIONS.update().values(live="a"))
    committed = {**before, "Com_begin": before["Com_begin"] + 1, "Com_commit": before["Com_commit"] + 1}
    assert counted() == committed
    with pytest.raises(StoreError, match="Unknown column"), backend.database.writing() as connection:
        connection.exec_driver_sql("UPDATE vitrine_collections SET live = 'b', nothing = 1")
    assert counted()["Com_rollback"] == before["Com_rollback"] + 1
    with backend.database.reading() as connection:
        assert connection.scalar(COLLECTIONS.select().with_only_columns(COLLECTIONS.c.live)) == "a"


def test_an_insert_that_finds_its_row_leaves_it_and_says_so(
    opened: Callable[..., VersionedCollection],
) -> None:
    backend = opened().backend
    assert isinstance(backend, SqlBackend)
    insert = backend.database.dialect.insert_if_absent(COLLECTIONS)
    for document, inserted in (("first", 1), ("second", 0), ("first", 0)):
        with backend.database.writing() as connection:
            row = {"name": "other", "revision": 1, "document": document}
            assert connection.execute(insert.values(row)).rowcount == inserted
    with backend.database.reading() as connection:
        found = connection.execute(COLLECTIONS.select().where(COLLECTIONS.c.name == "other")).one()
    assert found.document == "first"
    with pytest.raises(StoreError, match="Data too long"), backend.database.writing() as connection:
        connection.execute(insert.values(name="x" * 201, revision=1, document=""))


# locks


@pytest.mark.usefixtures("impatient")
def test_a_writer_waits_for_another_one_and_says_so(opened: Callable[..., VersionedCollection]) -> None:
    first, second = opened(), opened()
    with held(first):
        began = time.monotonic()
        with pytest.raises(StoreError, match="Lock wait timeout"):
            put(second, "r", [1], [sale(1, "A")])
        assert time.monotonic() - began < 10
        assert second.live() is None, "readers do not wait"
    put(second, "r", [1], [sale(1, "A")])
    assert content(second) == [sale(1, "A")]


def test_the_transaction_of_a_stopped_writer_is_undone_and_others_go_on(
    opened: Callable[..., VersionedCollection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_connections, "IDLE_SECONDS", 3)
    first, second = opened(), opened()
    with pytest.raises(StoreError, match=r"(?i)gone away|lost connection"), held(first):
        put(second, "r", [1], [sale(1, "A")])  # waits until the server has ended the silent one
    assert content(first) == [sale(1, "A")]


HOLDER = """
import sys, time
from sqlalchemy import make_url
from common.io.collections.sql.mysql import MySQL
dialect = MySQL(make_url(sys.argv[1]), batch_size=1, read_only=False)
with dialect.engine().begin() as connection, dialect.changing_schema(connection, sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that is changing the tables."""
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", HOLDER, url, "sales_product_revenue_v1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.usefixtures("impatient")
def test_who_changes_tables_waits_for_another_process_until_that_is_killed(
    url: str, opened: Callable[..., VersionedCollection]
) -> None:
    with holder(url) as process:
        with pytest.raises(
            StoreError, match="Another process has been changing the tables of sales_product_rev"
        ):
            opened()
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.1)
        put(opened(), "r", [1], [sale(1, "A")])


def test_ensure_by_many_at_once(url: str) -> None:
    failures: list[Exception] = []

    def ensure() -> None:
        try:
            for _ in range(2):
                store = open_store(url, batch_size=1)
                store.collection(SALES).ensure()
                store.close()
        except Exception as error:  # noqa: BLE001 (shown by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=ensure) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# a server that is away


@pytest.mark.parametrize("kill", [True, False])
def test_the_first_read_after_a_restart_succeeds(
    opened: Callable[..., VersionedCollection], kill: bool
) -> None:
    writer, reader = opened(), opened(read_only=True)
    put(writer, "r", [1], [sale(1, "A")])
    assert content(reader) == [sale(1, "A")]
    servers.server("mysql").restart(kill=kill)
    assert content(reader) == [sale(1, "A")]
    put(writer, "r2", [1], [sale(1, "B")])
    assert content(reader) == [sale(1, "B")]


@pytest.mark.usefixtures("impatient")
def test_a_paused_server_is_noticed(opened: Callable[..., VersionedCollection]) -> None:
    sales = opened()
    put(sales, "r", [1], [sale(1, "A")])
    server = servers.server("mysql")
    server.pause()
    try:
        for collection in (sales, fresh(opened)):
            began = time.monotonic()
            with pytest.raises(StoreError, match="timed out"):
                content(collection)
            assert time.monotonic() - began < 10
    finally:
        server.resume()
    assert content(sales) == [sale(1, "A")]


def fresh(opened: Callable[..., VersionedCollection]) -> VersionedCollection:
    """A collection without a connection yet."""
    return opened(read_only=True)


def test_a_connection_that_is_killed_within_a_load_fails_that_load_only(
    opened: Callable[..., VersionedCollection], monkeypatch: pytest.MonkeyPatch
) -> None:
    sales, other = opened(), opened()
    put(sales, "r", [1], [sale(1, "A")])
    real, numbers = mysql.insert_texts, iter(range(10))

    def killed(*given: Any) -> Iterator[str]:
        for statement in real(*given):
            yield statement
            if next(numbers) == 1:
                with engine_of(other).begin() as connection:
                    found = connection.exec_driver_sql(
                        "SELECT id FROM information_schema.processlist WHERE db = database() "
                        "AND id <> connection_id()"
                    )
                    for (number,) in found.all():
                        connection.exec_driver_sql(f"KILL {number}")

    monkeypatch.setattr(mysql, "insert_texts", killed)
    rows = [sale(1, f"A{number}") for number in range(500)]
    with pytest.raises(StoreError, match=r"(?i)connection"):
        put(sales, "r2", [1], rows)
    assert content(sales) == [sale(1, "A")]
    monkeypatch.setattr(mysql, "insert_texts", real)
    put(sales, "r2", [1], rows)
    assert len(content(sales)) == 500


# accounts


def test_the_writer_needs_the_rights_that_are_documented(
    url: str, opened: Callable[..., VersionedCollection], repository: Path
) -> None:
    script = (repository / "docs" / "roles" / "mysql.sql").read_text("utf-8")
    (grant,) = re.findall("--     (GRANT .*);", script)
    mine = make_url(url)
    root = {"host": mine.host, "port": mine.port, "user": mine.username, "password": mine.password}
    writer = f"writer_{mine.database}"
    with pymysql.connect(**root, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE USER '{writer}'@'%' IDENTIFIED BY 's3cret'")
        cursor.execute(grant.replace("shop", str(mine.database)).replace("vitrine", writer))
    account = mine.set(username=writer, password="s3cret").render_as_string(hide_password=False)
    wide = replace(
        SALES,
        version="1.1.0",
        fields=(*SALES.fields, Field("note", "string")),
        indexes=(("product_name",),),
        unique=(("date", "product_name"),),
    )
    store = open_store(account, batch_size=100)
    for contract in (SALES, wide):
        collection = store.collection(contract)
        collection.ensure()
        row = {"note": None} | sale(1, "A", name=contract.version)
        rows = batch([{name: row[name] for name in contract.schema.names}], contract)
        staged = collection.stage([rows], ["2026-01-01"], run_id=contract.version)
        collection.publish(staged.attempt, publication(contract.version))
    collection.vacuum(keep=1)
    assert content(opened(read_only=True)) == [sale(1, "A", name="1.1.0")]
    store.close()


def test_the_text_of_an_insert_is_in_no_error(opened: Callable[..., VersionedCollection]) -> None:
    backend = opened().backend
    assert isinstance(backend, SqlBackend)
    with pytest.raises(StoreError, match="nowhere") as refused, backend.database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere (a) VALUES ('alice'), ('bob')")
    trace = "".join(format_exception(refused.value, limit=0))
    assert "INSERT INTO nowhere (a)" in trace
    assert "alice" not in trace


def test_the_script_makes_an_account_that_only_reads(
    url: str, opened: Callable[..., VersionedCollection], repository: Path
) -> None:
    put(opened(), "r", [1], [sale(1, "A")])
    mine, other = make_url(url), make_url(servers.server("mysql").empty_database())
    script = (repository / "docs" / "roles" / "mysql.sql").read_text("utf-8")
    reader = f"reader_{mine.database}"
    root = pymysql.connect(
        host=mine.host, port=mine.port, user=mine.username, password=mine.password, **SCRIPT
    )
    with root, root.cursor() as cursor:
        for password in ("first", "it's"):
            cursor.execute(
                f"SET @database = '{mine.database}', @reader = '{reader}', @password = %s", password
            )
            cursor.execute(script)
            while cursor.nextset():
                pass
        cursor.execute("SELECT @password, @statement")
        assert cursor.fetchone() == (None, None)
    account = mine.set(username=reader, password="it's")
    store = open_store(account.render_as_string(hide_password=False), batch_size=1, read_only=True)
    assert content(store.collection(SALES)) == [sale(1, "A")]
    store.close()
    alike = mine.database.replace("_", "x")
    for statement, refusal in (
        ("DELETE FROM vitrine_collections", "denied"),
        ("CREATE TABLE mine (a INT)", "denied"),
        ("DROP VIEW sales_product_revenue_v1", "denied"),
        (f"SELECT * FROM {other.database}.any_table", "denied"),
        (f"SELECT * FROM {alike}.any_table", "denied"),
    ):
        with (
            open_engine(account.render_as_string(hide_password=False)) as engine,
            engine.begin() as connection,
        ):
            with pytest.raises(DBAPIError, match=refusal):
                connection.exec_driver_sql(statement)
            assert connection.exec_driver_sql("SELECT product_id FROM sales_product_revenue_v1").all() == [
                ("A",)
            ]
