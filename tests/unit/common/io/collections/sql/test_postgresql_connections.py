"""Connections to PostgreSQL when the server, or who holds a lock, is stopped, killed or gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import psycopg
import pyarrow as pa
import pytest
from sqlalchemy import event, make_url, update

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import Collection, StoreError
from common.io.collections.sql import postgresql
from common.io.collections.sql import postgresql_connections as module
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.postgresql_connections import NETWORK, connections
from common.io.collections.sql.tables import COLLECTIONS
from contract.kit import SALES, content, put, sale, stage
from servers import server

Opener = Callable[..., Collection]


@pytest.fixture
def url() -> str:
    """An empty database."""
    return server("postgresql").empty_database()


@pytest.fixture
def opened(url: str) -> Iterator[Opener]:
    """Opens the collection of sales, with settings of the session; each call has connections of its own."""
    stores = []

    def opener(read_only: bool = False, at: str = url, **settings: str) -> Collection:
        options = quote(" ".join(f"-c {name}={value}" for name, value in settings.items()))
        stores.append(open_store(f"{at}?options={options}", batch_size=1000, read_only=read_only))
        return stores[-1].collection(SALES)

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def sales(opened: Opener) -> Collection:
    """A collection of one sale."""
    collection = opened()
    collection.ensure()
    put(collection, "r", [1], [sale(1, "A")])
    return collection


def backend_of(collection: Collection) -> SqlBackend:
    """What it stands on."""
    assert isinstance(collection, VersionedCollection)
    assert isinstance(collection.backend, SqlBackend)
    return collection.backend


def setting(collection: Collection, name: str) -> str:
    """What a session of the store has it set to."""
    with backend_of(collection).database.reading() as connection:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar())


# settings


def test_sessions_do_not_depend_on_the_settings_of_the_server(url: str, opened: Opener) -> None:
    others = {"synchronous_commit": "off", "default_transaction_isolation": "serializable", "jit": "on"}
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in others.items():
            statement = f'ALTER DATABASE "{connection.info.dbname}" SET {name} = {value}'
            connection.execute(statement.encode())
    wanted = {"synchronous_commit": "on", "default_transaction_isolation": "read committed", "jit": "off"}
    assert {name: setting(opened(), name) for name in wanted} == wanted


def test_the_url_has_the_last_word(opened: Opener) -> None:
    assert setting(opened(), "lock_timeout") == "1min"
    assert setting(opened(lock_timeout="3s"), "lock_timeout") == "3s"
    assert setting(opened(), "idle_in_transaction_session_timeout") == "30s", "a waiting writer waits longer"
    assert setting(opened(), "statement_timeout") == "10min"
    assert setting(opened(read_only=True), "statement_timeout") == "30s"
    assert setting(opened(read_only=True, statement_timeout="1min"), "statement_timeout") == "1min"
    url = make_url("postgresql://h/d?connect_timeout=77&options=-c%20jit%3Don&options=-c%20geqo%3Doff")
    query = connections(url, read_only=False).url.query
    assert query == {
        **NETWORK,
        "connect_timeout": "77",
        "client_encoding": "utf8",
        "options": query["options"],
    }
    assert str(query["options"]).endswith(" -c jit=on -c geqo=off")


def test_a_reader_cannot_write_whatever_the_url_says(sales: Collection, opened: Opener) -> None:
    reader = opened(read_only=True, default_transaction_read_only="off")
    assert content(reader) == [sale(1, "A")]
    with backend_of(reader).database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            driver.execute("DELETE FROM vitrine_collections")


# a server that is away


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"port": 1}, "Connection refused"),
        ({"host": "nowhere.invalid"}, "resolve host"),
        ({"password": "wr0ng"}, "password authentication failed"),
        ({"database": "nothing"}, 'database "nothing" does not exist'),
        ({"query": {"sslmod": "require"}}, 'invalid connection option "sslmod"'),
    ],
)
def test_a_server_that_refuses_is_a_clear_error(url: str, wrong: dict[str, Any], message: str) -> None:
    given = make_url(url)
    store = open_store(given.set(**wrong).render_as_string(hide_password=False), batch_size=1)
    with pytest.raises(StoreError, match=message) as refused:
        store.collection(SALES).ensure()
    assert str(wrong.get("password", given.password)) not in str(refused.value)


def test_a_restarted_server_fails_no_reader_and_no_writer(sales: Collection, opened: Opener) -> None:
    reader = opened(read_only=True)
    assert content(reader) == [sale(1, "A")]
    server("postgresql").restart()
    assert content(reader) == [sale(1, "A")]
    assert put(sales, "r2", [1], [sale(1, "B")]).version == 2


def test_a_silent_server_is_given_up(
    sales: Collection, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.5)
    monkeypatch.setitem(NETWORK, "connect_timeout", "2")
    reader, writer = opened(read_only=True, statement_timeout="250ms"), opened(statement_timeout="500ms")
    assert content(reader) == content(writer) == [sale(1, "A")]
    server("postgresql").pause()
    try:
        with pytest.raises(StoreError, match=r"silent for 0\.75 seconds"):
            reader.live()
        with pytest.raises(StoreError, match="silent for 1 seconds"):
            put(writer, "r2", [1], [sale(1, "B")])
        with pytest.raises(StoreError, match="connection timeout expired"):
            reader.live()
    finally:
        server("postgresql").resume()
    assert content(reader) == [sale(1, "A")]


def test_a_statement_may_take_its_time_where_the_url_says_so(opened: Opener) -> None:
    with backend_of(opened(statement_timeout="0")).database.reading() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.patience is None


def test_a_connection_lost_in_the_middle_of_a_copy_is_a_clear_error(
    url: str, sales: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = postgresql.csv.write_csv

    def cut(*given: Any) -> None:
        made(*given)
        with psycopg.connect(url, autocommit=True) as other:
            end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'COPY%'"
            assert other.execute(end).fetchall() == [(True,)]

    monkeypatch.setattr(postgresql.csv, "write_csv", cut)
    with pytest.raises(StoreError, match=r"server closed the connection|terminating connection"):
        stage(sales, "r2", [1], [sale(1, "B")])
    monkeypatch.undo()
    put(sales, "r3", [1], [sale(1, "C")])
    assert content(sales) == [sale(1, "C")]


def test_rows_that_the_server_refuses_are_a_clear_error(url: str, sales: Collection) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER TABLE sales_product_revenue_v1__rows ADD CHECK (product_id <> 'B')")
    with pytest.raises(StoreError, match="violates check constraint"):
        stage(sales, "r2", [1], [sale(1, "B")])
    assert content(sales) == [sale(1, "A")]


# others that hold a lock


def test_a_lock_is_waited_for_but_not_without_end(url: str, sales: Collection, opened: Opener) -> None:
    writer = opened(lock_timeout="100ms")
    with psycopg.connect(url) as other:
        other.execute("UPDATE vitrine_collections SET live = live")
        with pytest.raises(StoreError, match="lock timeout"):
            put(writer, "r2", [1], [sale(1, "B")])
        assert content(writer) == [sale(1, "A")], "readers do not wait"
    put(writer, "r3", [1], [sale(1, "C")])


def test_a_writer_that_is_stopped_in_a_transaction_stops_no_other(sales: Collection, opened: Opener) -> None:
    stopped, began = backend_of(opened(idle_in_transaction_session_timeout="300ms")), threading.Event()
    failed: list[StoreError] = []

    def stop() -> None:
        try:
            with stopped.database.writing() as connection:
                connection.execute(update(COLLECTIONS).values(live=COLLECTIONS.c.live))
                began.set()
                time.sleep(1)
        except StoreError as error:
            failed.append(error)

    thread = threading.Thread(target=stop)
    thread.start()
    began.wait()
    put(sales, "r2", [1], [sale(1, "B")])
    thread.join()
    assert "idle-in-transaction timeout" in str(failed[0])
    assert content(sales) == [sale(1, "B")]


# transactions


def test_what_fails_in_a_transaction_is_undone(sales: Collection) -> None:
    backend = backend_of(sales)
    row = next(backend.rows(backend.chunks(), backend.table.columns.keys()))
    twice = pa.concat_tables([row, row]).set_column(
        row.schema.get_field_index("_chunk"), "_chunk", pa.array([77, 77])
    )
    with pytest.raises(StoreError, match="duplicate key"):
        backend.write([twice])
    assert 77 not in backend.chunks()
    put(sales, "r2", [1], [sale(1, "B")])


def test_connections_are_kept_open(sales: Collection, opened: Opener) -> None:
    reader, made = opened(read_only=True), []
    event.listen(backend_of(reader).database.engine, "connect", lambda *given: made.append(given))
    for _ in range(3):
        content(reader)
    assert len(made) == 1
