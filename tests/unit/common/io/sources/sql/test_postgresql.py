"""PostgreSQL's types, one snapshot for all connections, and what its errors say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from common.io.sources import ORIGIN, Part, Scope
from common.io.sources.sql import SqlSettings, SqlSource, postgresql
from common.utils.errors import SourceError
from common.utils.window import Window
from servers import server

ALL = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
TYPES = {
    "boo bool": ("true", True),
    "i2 int2": ("-32768", -32768),
    "i8 int8": ("9223372036854775807", 2**63 - 1),
    "f4 float4": ("0.5", 0.5),
    "f8 float8": ("0.1", 0.1),
    "free numeric": ("123456789012345678901234567890.000000000000000000123000", None),
    "nan numeric": ("NaN", None),
    "n numeric(18,4)": ("1.5000", None),
    "t text": ("Zoë 日本", None),
    "vc varchar(9)": ("x", None),
    "c char(4)": ("ab", "ab  "),
    "by bytea": ("\\xdead", b"\xde\xad"),
    "d date": ("2026-01-31", date(2026, 1, 31)),
    "ts timestamp": ("2026-01-31 12:00:00.123456", datetime.fromisoformat("2026-01-31T12:00:00.123456")),
    "tz timestamptz": ("2026-01-31 12:00:00+05", datetime(2026, 1, 31, 7, tzinfo=UTC)),
    "ti time": ("12:00:00.5", None),
    "iv interval": ("1 month 2 days 3 hours", "P1M2DT3H"),
    "u uuid": ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None),
    "j json": ('{"a": 1.10}', None),
    "jb jsonb": ('{"a": 1.10}', None),
    "a int[]": ("{1,NULL}", "[1,null]"),
    "an numeric[]": ("{1.10}", "[1.10]"),
    "e mood": ("ok", None),
    "p positive": ("3", 3),
    "m money": ("1.50", "1.50"),
    "ip inet": ("10.0.0.1/32", "10.0.0.1/32"),
    "r int4range": ("[1,3)", None),
    '"Odd ""name" text': ("%s {x}", None),
}


@pytest.fixture
def url() -> str:
    return server("postgresql").empty_database()


@pytest.fixture
def db(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def source(url: str, **settings: object) -> SqlSource:
    return SqlSource(SqlSettings(connection=url, **settings), "VITRINE_A_B_")  # type: ignore[arg-type]


def parts(one: SqlSource, scope: Scope = ALL) -> list[Part]:
    return list(one.read(one.items()[0], scope))


def rows(found: list[Part]) -> list[dict]:
    return [row for part in found for row in part.records.drop_columns(ORIGIN.names).to_pylist()]


def test_every_type_comes_exactly(url: str, db: psycopg.Connection) -> None:
    db.execute("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int CHECK (value > 0)")
    db.execute(f"CREATE TABLE typed ({', '.join(TYPES)})")
    db.execute(
        f"INSERT INTO typed VALUES ({', '.join(['%s'] * len(TYPES))})", [text for text, _ in TYPES.values()]
    )
    db.execute("INSERT INTO typed (boo) VALUES (NULL)")
    first, nulls = rows(parts(source(url, table="typed")))
    wanted = [text if value is None else value for text, value in TYPES.values()]
    assert list(first.values()) == wanted
    assert set(nulls.values()) == {None}


def test_times_that_no_timestamp_holds_are_dead_letters(url: str, db: psycopg.Connection) -> None:
    db.execute("CREATE TABLE t (id int, at timestamptz, day date)")
    db.execute(
        "INSERT INTO t VALUES (1, 'infinity', NULL), (2, now(), '-infinity'), (3, '0044-03-15 BC', NULL),"
        "(4, '294276-12-31', NULL), (5, '9999-12-31 23:59:59.999999Z', '0001-01-01'), (6, now(), 'infinity')"
    )
    found = parts(source(url, table="t"))
    assert [row["id"] for row in rows(found)] == [5]
    bad = [row for part in found for row in part.unreadable.to_pylist()]
    assert [(row["_position"], row["rule"], row["field"]) for row in bad] == [
        (1, "no_time", "at"),
        (2, "no_time", "day"),
        (3, "no_time", "at"),
        (4, "no_time", "at"),
        (6, "no_time", "day"),
    ]
    assert '"at":"infinity"' in bad[0]["record"]
    assert '"day":"-infinity"' in bad[1]["record"]
    assert [place for part in found for place in part.records["_position"].to_pylist()] == [5]


def test_the_columns_of_a_query_are_known_and_its_window_is_bound(url: str, db: psycopg.Connection) -> None:
    db.execute(
        "CREATE TABLE t AS SELECT g id, '2026-01-01'::timestamptz + g * interval '1 day' AS at "
        "FROM generate_series(0, 9) g"
    )
    query = "SELECT id, '{x}%s' AS odd FROM t WHERE at >= {window_start} AND at < {window_end}; -- all"
    one = source(url, query=query.replace("; --", " --"))
    (item,) = one.items()
    assert (item.name, item.schema.names) == ("query", ["id", "odd"])
    window = Window(datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC))
    assert rows(list(one.read(item, Scope(window)))) == [{"id": 2, "odd": "{x}%s"}, {"id": 3, "odd": "{x}%s"}]
    assert len(rows(parts(one))) == 10


@pytest.mark.parametrize("parallel", [2, 3, 7])
def test_ranges_hold_each_row_once_and_see_one_snapshot(
    url: str, db: psycopg.Connection, parallel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BATCH_BYTES", 2000)
    db.execute("CREATE TABLE t AS SELECT g - 500 AS id FROM generate_series(1, 5000) g")
    db.execute("INSERT INTO t VALUES (NULL), (NULL)")
    one = source(url, table="t", split="id", parallel=parallel)
    reading = one.read(one.items()[0], ALL)
    found = [next(reading)]
    db.execute("INSERT INTO t SELECT g FROM generate_series(10000, 20000) g")
    found += reading
    ids = [row["id"] for row in rows(found)]
    assert sorted(ids, key=lambda at: (at is None, at or 0)) == [*range(-499, 4501), None, None]
    assert [place for part in found for place in part.records["_position"].to_pylist()] == [*range(1, 5003)]


def test_the_cursor_goes_on_inclusively_with_overlap_and_with_nulls(url: str, db: psycopg.Connection) -> None:
    db.execute("CREATE TABLE t (id int, at timestamptz)")
    db.execute(
        "INSERT INTO t SELECT g, '2026-01-01'::timestamptz + g * interval '1 hour' "
        "FROM generate_series(1, 9) g"
    )
    db.execute("INSERT INTO t VALUES (99, NULL), (98, '2026-01-01 09:00+00')")
    one = source(url, table="t", cursor="at", overlap="2h")
    found = parts(one)
    assert [dict(part.bookmark) for part in found] == [{}, {"cursor": "2026-01-01T09:00:00+00:00"}]
    later = parts(one, Scope(ALL.window, found[-1].bookmark))
    assert sorted(row["id"] for row in rows(later)) == [7, 8, 9, 98, 99]
    assert {part.bookmark["cursor"] for part in later} == {"2026-01-01T09:00:00+00:00"}
    exact = parts(source(url, table="t", cursor="at"), Scope(ALL.window, found[-1].bookmark))
    assert sorted(row["id"] for row in rows(exact)) == [9, 98, 99]


@pytest.mark.parametrize("change", ["DELETE FROM t WHERE id = 9", "DELETE FROM t"])
def test_a_source_below_its_bookmark_is_refused(url: str, db: psycopg.Connection, change: str) -> None:
    db.execute("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 9) g")
    one = source(url, table="t", cursor="id")
    bookmark = parts(one)[-1].bookmark
    db.execute(change)
    with pytest.raises(SourceError, match="full_refresh"):
        parts(one, Scope(ALL.window, bookmark))


@pytest.mark.parametrize("column", ["id", "at", "amount"])
def test_a_bookmark_of_another_type_is_refused(url: str, db: psycopg.Connection, column: str) -> None:
    db.execute("CREATE TABLE t AS SELECT 1 AS id, now() AS at, 1.5 AS amount")
    with pytest.raises(SourceError, match=f'"2x" is no value of {column}.*full_refresh'):
        parts(source(url, table="t", cursor=column), Scope(ALL.window, {"cursor": "2x"}))


def test_an_infinite_cursor_is_refused_and_hides_nothing(url: str, db: psycopg.Connection) -> None:
    db.execute("CREATE TABLE t AS SELECT timestamptz 'infinity' AS at")
    with pytest.raises(SourceError, match="infinity"):
        parts(source(url, table="t", cursor="at"))


def test_a_statement_that_takes_too_long_ends(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = source(url, query="SELECT g AS id, pg_sleep(0.1)::text AS nap FROM generate_series(1, 100) g")
    one._database._settings["statement_timeout"] = "300ms"  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match=r"longer than it may.*TIMEOUT"):
        parts(one)


def test_an_error_in_the_stream_shows_no_row(url: str, db: psycopg.Connection) -> None:
    db.execute("CREATE TABLE t AS SELECT g::text AS id FROM generate_series(1, 100000) g")
    db.execute("INSERT INTO t VALUES ('geheim')")
    with pytest.raises(SourceError) as raised:
        parts(source(url, query="SELECT id::int AS id FROM t"))
    assert "geheim" not in f"{raised.value}"
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"table": "ordres"}, "did you mean 'orders'"),
        ({"table": "public.ordres"}, "did you mean 'public.orders'"),
        ({"table": "orders", "cursor": "update_at"}, "did you mean 'updated_at'"),
        ({"query": "SELECT nothing FROM orders"}, 'column "nothing" does not exist'),
        ({"query": 'SELECT id, id AS "ID" FROM orders'}, 'are named "id"'),
        ({"table": "orders", "split": "updated_at", "parallel": 2}, "whole numbers"),
    ],
)
def test_what_is_not_there_is_named(url: str, db: psycopg.Connection, settings: dict, said: str) -> None:
    db.execute("CREATE TABLE orders AS SELECT 1 AS id, now() AS updated_at")
    with pytest.raises(SourceError, match=said) as raised:
        parts(source(url, **settings))
    assert raised.value.next_step


def test_it_writes_nothing(url: str, db: psycopg.Connection) -> None:
    db.execute(
        "CREATE TABLE t (id int); "
        "CREATE FUNCTION put() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING id'"
    )
    with pytest.raises(SourceError):
        parts(source(url, query="SELECT put() AS id"))
    assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_keys_are_those_there_are_now(url: str, db: psycopg.Connection) -> None:
    db.execute(
        "CREATE TABLE t AS SELECT g AS id, 'a' AS kind, now() AS at FROM generate_series(1, 9) g; ANALYZE t"
    )
    one = source(url, table="t", key="kind,id", cursor="at")
    (item,) = one.items()
    assert item.rows == 9
    db.execute("DELETE FROM t WHERE id > 3")
    found = pa.Table.from_batches(one.keys(item))
    assert found.to_pydict() == {"kind": ["a"] * 3, "id": [1, 2, 3]}


def test_a_reader_that_stops_frees_the_connections(url: str, db: psycopg.Connection) -> None:
    db.execute("CREATE TABLE t AS SELECT g AS id, repeat('x', 500) AS x FROM generate_series(1, 200000) g")
    one = source(url, table="t", split="id", parallel=3)
    reading = one.read(one.items()[0], ALL)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vitrine' "
    query += "AND datname = current_database()"
    while db.execute(query).fetchone() != (0,):
        assert datetime.now(UTC) < deadline


def test_what_is_committed_between_two_connections_is_in_neither(
    url: str, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.execute("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 10) g")
    opened = postgresql.PostgreSQLSession._reader

    def after_a_commit(*given: Any) -> Any:
        db.execute("INSERT INTO t VALUES (2), (9)")
        return opened(*given)

    monkeypatch.setattr(postgresql.PostgreSQLSession, "_reader", after_a_commit)
    found = rows(parts(source(url, table="t", split="id", parallel=2)))
    assert sorted(row["id"] for row in found) == [*range(1, 11)]
