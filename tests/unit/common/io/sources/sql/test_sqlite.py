"""SQLite's types, which a value need not have, and its times, which are text."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.io.sources import ORIGIN, Part, Scope
from common.io.sources.sql import SqlSettings, SqlSource
from common.utils.errors import SourceError
from common.utils.window import Window

ALL = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))


def made(folder: Path, *statements: str) -> str:
    path = folder / "with blank?.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{str(path).replace('?', '%3F').replace(' ', '%20')}"


def source(url: str, **settings: object) -> SqlSource:
    return SqlSource(SqlSettings(connection=url, **settings), "VITRINE_A_B_")  # type: ignore[arg-type]


def parts(one: SqlSource, scope: Scope = ALL) -> list[Part]:
    return list(one.read(one.items()[0], scope))


def rows(found: list[Part]) -> list[dict]:
    return [row for part in found for row in part.records.drop_columns(ORIGIN.names).to_pylist()]


def test_types_are_those_declared_and_numbers_keep_all_digits(tmp_path: Path) -> None:
    url = made(
        tmp_path,
        "CREATE TABLE t (id INTEGER, x REAL, price NUMERIC(10,2), big DECIMAL, "
        "name VARCHAR(9), raw BLOB, at DATETIME)",
        "INSERT INTO t VALUES (1, 0.1, 0.99, 9007199254740993, 'é', x'00ff', '2026-01-01 00:00:00')",
        "INSERT INTO t (id) VALUES (NULL)",
    )
    first, nulls = rows(parts(source(url, table="t")))
    assert list(first.values()) == [
        1,
        0.1,
        "0.99",
        "9007199254740993",
        "é",
        b"\x00\xff",
        "2026-01-01 00:00:00",
    ]
    assert set(nulls.values()) == {None}


def test_values_of_another_type_are_dead_letters_and_none_is_nulled(tmp_path: Path) -> None:
    url = made(
        tmp_path,
        "CREATE TABLE t (id INTEGER, name TEXT)",
        "INSERT INTO t VALUES (1, 'a'), ('two', 'b'), (3.5, 'c'), (4, x'ff'), "
        "(5, CAST(x'ff' AS TEXT)), (6, 'f')",
    )
    found = parts(source(url, table="t"))
    assert rows(found) == [{"id": 1, "name": "a"}, {"id": 6, "name": "f"}]
    bad = [row for part in found for row in part.unreadable.to_pylist()]
    assert [(row["_position"], row["field"], row["rule"]) for row in bad] == [
        (2, "id", "mistyped"),
        (3, "id", "mistyped"),
        (4, "name", "mistyped"),
        (5, "name", "mistyped"),
    ]
    assert bad[0]["record"] == '{"id":"two","name":"b"}'


@pytest.mark.parametrize(
    ("form", "bound"), [("%Y-%m-%d %H:%M:%S", 3), ("%Y-%m-%dT%H:%M:%SZ", 3), ("%Y-%m-%d", 3)]
)
def test_an_overlap_of_times_as_text_keeps_their_form(tmp_path: Path, form: str, bound: int) -> None:
    times = [datetime(2026, 1, day, tzinfo=UTC).strftime(form) for day in range(1, 6)]
    values = ", ".join(f"({at}, '{time}')" for at, time in enumerate(times, 1))
    url = made(tmp_path, "CREATE TABLE t (id INTEGER, at TEXT)", f"INSERT INTO t VALUES {values}")
    one = source(url, table="t", cursor="at", overlap="2d")
    bookmark = parts(one)[-1].bookmark
    assert bookmark == {"cursor": times[-1]}
    assert [row["id"] for row in rows(parts(one, Scope(ALL.window, bookmark)))] == [3, 4, 5]


def test_a_query_has_a_window_and_the_types_of_its_columns(tmp_path: Path) -> None:
    url = made(
        tmp_path,
        "CREATE TABLE t (id INTEGER, at TEXT)",
        "INSERT INTO t VALUES (1, '2026-01-01 00:00:00'), (2, '2026-01-02 00:00:00'), "
        "(3, '2026-01-03 00:00:00')",
    )
    query = "SELECT id, id * 1.5 AS x FROM t WHERE at >= {window_start} AND at < {window_end} -- x"
    one = source(url, query=query)
    window = Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert rows(list(one.read(one.items()[0], Scope(window)))) == [{"id": 2, "x": "3.0"}]
    assert len(rows(parts(one))) == 3


@pytest.mark.parametrize("bookmark", ["4", "x"])
def test_a_bookmark_above_the_source_or_of_another_type_is_refused(tmp_path: Path, bookmark: str) -> None:
    url = made(tmp_path, "CREATE TABLE t (id INTEGER)", "INSERT INTO t VALUES (1), (2), (3)")
    with pytest.raises(SourceError, match="full_refresh"):
        parts(source(url, table="t", cursor="id"), Scope(ALL.window, {"cursor": bookmark}))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"table": "ordres"}, "did you mean 'orders'"),
        ({"table": "orders", "cursor": "updated"}, "did you mean 'updated_at'"),
        ({"query": "SELECT none_such FROM orders"}, "no such column: none_such"),
        ({"table": "orders", "split": "id", "parallel": 2}, "Only PostgreSQL"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, settings: dict, said: str) -> None:
    url = made(tmp_path, "CREATE TABLE orders (id INTEGER, updated_at TEXT)")
    with pytest.raises(SourceError, match=said):
        parts(source(url, **settings))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such database"):
        source(f"sqlite:///{tmp_path}/none.db", table="t").items()
    assert list(tmp_path.iterdir()) == []


def test_a_statement_that_takes_too_long_ends(tmp_path: Path) -> None:
    url = made(tmp_path, "CREATE TABLE t (id INTEGER)")
    endless = "WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) SELECT max(id) AS id FROM c"
    one = source(url, query=endless)
    one._database._seconds = 0.1  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match="longer than it may"):
        parts(one)
