"""MySQL's types, its day 0, and what its errors say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pymysql
import pytest

from common.io.sources import ORIGIN, Part, Scope
from common.io.sources.sql import SqlSettings, SqlSource
from common.io.sources.sql.database import Statement
from common.utils.errors import SourceError
from common.utils.window import Window
from contract.sources.mysql import connected
from servers import server

ALL = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
TYPES = {
    "boo boolean": ("1", 1),
    "i bigint": (str(-(2**63)), -(2**63)),
    "u bigint unsigned": (str(2**64 - 1), None),
    "b bit(9)": (257, "257"),
    "f float": ("1.1234567", 1.1234567165374756),
    "x double": ("0.1", 0.1),
    "n decimal(65, 30)": ("12345678901234567890123456789012345.123456789012345678901234567890", None),
    "d date": ("2026-01-31", date(2026, 1, 31)),
    "dt datetime(6)": ("2026-01-31 12:00:00.123456", datetime.fromisoformat("2026-01-31T12:00:00.123456")),
    "ts timestamp null": ("2026-01-31 12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    "ti time": ("-838:59:59", None),
    "y year": ("2026", 2026),
    "c char(9)": ("é 😀", None),
    "lt longtext": ("%s {x}", None),
    "e enum('a', 'b')": ("b", None),
    "s set('a', 'b')": ("a,b", None),
    "j json": ('{"a": 1.10}', None),
    "raw varbinary(9)": (b"\x00\xff", b"\x00\xff"),
    "bl blob": (b"\xfe", b"\xfe"),
}


@pytest.fixture
def url() -> str:
    return server("mysql").empty_database()


@pytest.fixture
def db(url: str) -> Iterator[Any]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET autocommit = 1, time_zone = '+00:00', sql_mode = ''")
        yield cursor


def source(url: str, **settings: object) -> SqlSource:
    return SqlSource(SqlSettings(connection=url, **settings), "VITRINE_A_B_")  # type: ignore[arg-type]


def parts(one: SqlSource, scope: Scope = ALL) -> list[Part]:
    return list(one.read(one.items()[0], scope))


def rows(found: list[Part]) -> list[dict]:
    return [row for part in found for row in part.records.drop_columns(ORIGIN.names).to_pylist()]


def test_every_type_comes_exactly(url: str, db: Any) -> None:
    db.execute(f"CREATE TABLE t ({', '.join(TYPES)})")
    db.execute(
        f"INSERT INTO t VALUES ({', '.join(['%s'] * len(TYPES))})", [text for text, _ in TYPES.values()]
    )
    db.execute("INSERT INTO t (boo) VALUES (NULL)")
    first, nulls = rows(parts(source(url, table="t")))
    assert list(first.values()) == [text if value is None else value for text, value in TYPES.values()]
    assert set(nulls.values()) == {None}


def test_the_day_0_is_a_dead_letter(url: str, db: Any) -> None:
    db.execute("CREATE TABLE t (id int, d date, dt datetime)")
    db.execute(
        "INSERT INTO t VALUES (1, '2026-01-01', NULL), (2, '0000-00-00', NULL), (3, NULL, '2026-00-00')"
    )
    found = parts(source(url, table="t"))
    assert [row["id"] for row in rows(found)] == [1]
    bad = [row for part in found for row in part.unreadable.to_pylist()]
    assert [(row["_position"], row["field"]) for row in bad] == [(2, "d"), (3, "dt")]
    assert '"d":"0000-00-00"' in bad[0]["record"]


def test_the_cursor_goes_on_inclusively_and_a_source_below_is_refused(url: str, db: Any) -> None:
    db.execute("CREATE TABLE t (id int, at datetime(6))")
    values = ", ".join(f"({hour}, '2026-01-01 0{hour}:00:00')" for hour in range(1, 10))
    db.execute(f"INSERT INTO t VALUES {values}, (98, '2026-01-01 09:00:00'), (99, NULL)")
    one = source(url, table="t", cursor="at", overlap="1h")
    bookmark = parts(one)[-1].bookmark
    assert bookmark == {"cursor": "2026-01-01T09:00:00"}
    later = parts(one, Scope(ALL.window, bookmark))
    assert sorted(row["id"] for row in rows(later)) == [8, 9, 98, 99]
    with pytest.raises(SourceError, match=r"is no value of at.*full_refresh"):
        parts(one, Scope(ALL.window, {"cursor": "7x"}))
    db.execute("DELETE FROM t WHERE at >= '2026-01-01 09:00:00'")
    with pytest.raises(SourceError, match="full_refresh"):
        parts(one, Scope(ALL.window, bookmark))


def test_a_window_is_bound_and_percent_signs_stay(url: str, db: Any) -> None:
    db.execute("CREATE TABLE t (id int, at datetime)")
    db.execute("INSERT INTO t VALUES (1, '2026-01-01'), (2, '2026-01-02'), (3, '2026-01-03')")
    one = source(
        url, query="SELECT id, '%s{x}' AS odd FROM t WHERE at >= {window_start} AND at < {window_end} -- x"
    )
    window = Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert rows(list(one.read(one.items()[0], Scope(window)))) == [{"id": 2, "odd": "%s{x}"}]
    assert len(rows(parts(one))) == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"table": "ordres"}, "did you mean 'orders'"),
        ({"query": "SELECT nothing FROM orders"}, "nothing"),
        ({"query": "SELECT sleep(5) AS nap, id FROM orders"}, "longer than it may"),
    ],
)
def test_what_cannot_be_read_is_named(url: str, db: Any, settings: dict, said: str) -> None:
    db.execute("CREATE TABLE orders AS SELECT 1 AS id")
    assert source(url, table="orders").items()[0].rows == 1
    one = source(url, **settings)
    one._database._seconds = 1  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match=said):
        parts(one)


def test_it_writes_nothing_and_keys_are_those_there_are_now(url: str, db: Any) -> None:
    db.execute("CREATE TABLE t AS SELECT 1 AS id, 'a' AS name UNION SELECT 2, 'b'")
    one = source(url, table="t", key="id")
    (item,) = one.items()
    db.execute("DELETE FROM t WHERE id = 1")
    assert [batch.to_pydict() for batch in one.keys(item)] == [{"id": [2]}]
    with one._database.session() as session, pytest.raises(pymysql.Error, match="READ ONLY"):
        session.run(Statement("DELETE FROM t"))  # type: ignore[attr-defined]
