"""What databases say reaches a log without the values of rows, and with what to do next."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from traceback import format_exception
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DisconnectionError, InvalidRequestError

from common.io.collections import open_store
from common.io.collections.encoding import stored_schema
from common.io.collections.protocol import StageError, StoreError
from common.io.collections.sql import backend as backend_module
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.errors import next_step, without_values
from common.utils.contract import Contract, Field
from common.utils.errors import ContractError
from contract.kit import SALES, STORES

UNIQUE = replace(SALES, unique=(("date", "product_name"),))
SECRET = "alice@example.org"
Opener = Callable[..., SqlBackend]


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens collections in one database; each call has connections of its own."""
    url, stores = STORES[request.param](tmp_path), []

    def opener(contract: Contract = SALES, *, ensure: bool = True) -> SqlBackend:
        stores.append(open_store(url, batch_size=1000))
        backend = stores[-1].collection(contract).backend
        if ensure:
            backend.ensure()
        assert isinstance(backend, SqlBackend)
        return backend

    yield opener
    for store in stores:
        store.close()


def rows(chunk: int, products: list[str], name: str = SECRET) -> pa.Table:
    """Stored rows of one day."""
    schema = stored_schema(SALES)
    row: dict[str, Any] = {one.name: "x" if pa.types.is_string(one.type) else 1 for one in schema}
    row |= {"_chunk": chunk, "product_name": name}
    return pa.Table.from_pylist([row | {"product_id": product} for product in products], schema)


def shown(error: BaseException) -> str:
    """All that a log would show, without the lines of the source."""
    return "".join(format_exception(error))


def count(backend: SqlBackend) -> int:
    with backend.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(backend.table)) or 0


def test_rows_alike_in_what_is_unique_are_named_without_their_values(opened: Opener) -> None:
    backend = opened(UNIQUE)
    backend.write([rows(1, ["A"]), rows(2, ["B"])])
    with pytest.raises(StageError, match=r"Several rows have one date and product_name\.") as refused:
        backend.write([rows(3, ["A", "B"])])
    assert "unique by date, product_name" in refused.value.next_step
    assert SECRET not in shown(refused.value)
    assert count(backend) == 2


def test_an_index_that_stored_rows_break_is_the_contracts_fault(opened: Opener) -> None:
    opened().write([rows(1, ["A", "B"])])
    with pytest.raises(ContractError, match="Several rows have one date and product_name") as refused:
        opened(UNIQUE)
    assert "major version" in refused.value.next_step
    assert SECRET not in shown(refused.value)
    opened()  # the old contract is served as before


def test_a_row_that_is_there_already_is_not_shown(opened: Opener) -> None:
    backend = opened()
    with pytest.raises(StoreError, match="The database refused") as refused:
        backend.write([rows(1, [SECRET, SECRET])])
    assert not isinstance(refused.value, StageError), "a chunk is written once: no fault of the rows"
    assert SECRET not in shown(refused.value)
    assert "disk" not in refused.value.next_step


def test_an_error_in_a_statement_shows_no_parameter(opened: Opener) -> None:
    backend = opened()
    backend.write([rows(1, ["A", "B"])])
    with pytest.raises(StoreError) as refused, backend.database.writing() as connection:
        connection.execute(backend.table.insert(), rows(1, ["C", "A"]).to_pylist())
    assert SECRET not in shown(refused.value)


def test_a_server_that_goes_away_twice_is_away(opened: Opener) -> None:
    database = opened().database

    def closed(*_: object) -> None:
        raise DisconnectionError("The server has closed the connection.")

    event.listen(database.engine, "checkout", closed)
    with pytest.raises(StoreError, match="server has closed the connection") as refused, database.reading():
        pytest.fail("it has a connection")
    assert "Is the server running" in refused.value.next_step
    event.remove(database.engine, "checkout", closed)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_programming_error_stays_one(opened: Opener) -> None:
    with pytest.raises(InvalidRequestError, match="already"), opened().database.writing() as connection:
        connection.begin()


def test_a_large_chunk_is_deleted_in_pieces(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, left = opened(), []
    for chunk, size in ((1, 2), (2, 11), (3, 4), (4, 1), (5, 3), (6, 2)):
        backend.write([rows(chunk, [f"P{number}" for number in range(size)])])
    reader = opened()
    monkeypatch.setattr(backend_module, "TRANSACTION_ROWS", 4)
    event.listen(backend.database.engine, "begin", lambda _: left.append(count(reader)))
    assert backend.delete_chunks([1, 2, 3, 4, 5]) == 21
    deleted = [before - after for before, after in pairwise([*left, count(reader)])]
    assert max(deleted) <= 4, deleted
    assert sum(deleted) == 21
    assert backend.chunks() == [6]


def test_a_view_without_its_new_column_is_put_right(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    more = replace(SALES, version="1.1.0", fields=(*SALES.fields, Field("note", "string")))
    opened()
    dying = opened(more, ensure=False)

    def dies(*_: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(dying.database.dialect, "replace_view", dies)
    with pytest.raises(KeyboardInterrupt):
        dying.ensure()
    gc.collect()  # gives its connection back
    opened(more)
    with opened(ensure=False).database.reading() as connection:
        view = connection.exec_driver_sql(f"SELECT * FROM {dying.name}")
        assert "note" in view.keys()  # noqa: SIM118 (a result, which is no mapping)
    opened()  # an older contract leaves it alone
    with opened(ensure=False).database.reading() as connection:
        assert "note" in connection.exec_driver_sql(f"SELECT * FROM {dying.name}").keys()  # noqa: SIM118


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("Lock wait timeout exceeded; try restarting transaction (error 1205)", "Another process holds"),
        ("canceling statement due to lock timeout", "Another process holds"),
        ("Deadlock found when trying to get lock; try restarting transaction", "Another process holds"),
        ("database is locked", "Another process holds"),
        ("Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection refused)", "server running"),
        ("Can't connect to MySQL server on 'is locked' (timed out)", "server running"),
        (
            'connection failed: connection to server at "::1", port 1 failed: Connection refused',
            "server running",
        ),
        ("the server has been silent for 70 seconds", "server running"),
        ("terminating connection due to administrator command", "server running"),
        ("MySQL server has gone away", "server running"),
        ("database or disk is full", "Make room"),
        ("The table 'sales__rows' is full (error 1114)", "Make room"),
        ('could not extend file "base/1/2": No space left on device', "Make room"),
        ("permission denied for table denied", "the user's rights"),
        ("must be owner of table sales__rows", "the user's rights"),
        ("Access denied for user 'v'@'localhost' (using password: YES) (error 1045)", "the user's rights"),
        ('connection failed: FATAL:  password authentication failed for user "v"', "the user's rights"),
        ("attempt to write a readonly database", "the user's rights"),
        ("unable to open database file", "the user's rights"),
        ('relation "disk is full" does not exist', "the database's own log"),
        ("Table 'shop.permission denied' doesn't exist (error 1146)", "the database's own log"),
        ("no such table: sales__rows", "the database's own log"),
    ],
)
def test_what_to_do_next_fits_what_happened(said: str, step: str) -> None:
    assert step in next_step(said)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Duplicate entry 'alice' for key 'PRIMARY' (error 1062)", "Duplicate entry … (error 1062)"),
        ("Duplicate entry 'a' for key 'b' for key 'PRIMARY'", "Duplicate entry …"),
        ('invalid input syntax for type bigint: "it\'s "alice""', "invalid input syntax for type bigint: …"),
        ("Table 'alice' doesn't exist", "Table … doesn't exist"),
    ],
)
def test_what_stands_in_quotes_is_left_out(said: str, left: str) -> None:
    assert without_values(said) == (left, True)
    assert without_values("Can't find it") == ("Can't find it", False)
