"""What the source does whatever the database: columns, bookmarks and keys, on a real SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io.sources import ORIGIN, Part, Scope
from common.io.sources.sql import SqlSettings, SqlSource
from common.utils.errors import SourceError
from common.utils.window import Window

WINDOW = Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with three orders, the last of which was never changed."""
    path = tmp_path / "orders.db"
    run(path, "CREATE TABLE orders (id INTEGER, changed INTEGER)")
    run(path, "INSERT INTO orders VALUES (1, 10), (2, 20), (3, NULL)")
    return path


def run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def source(path: Path, **settings: Any) -> SqlSource:
    asked = {"table": "orders"} if "query" not in settings else {}
    return SqlSource(SqlSettings(connection=f"sqlite:///{path}", **asked | settings), "VITRINE_A_B_")


def read(one: SqlSource, cursor: str = "") -> list[Part]:
    (item,) = one.items()
    return list(one.read(item, Scope(WINDOW, {"cursor": cursor} if cursor else {})))


def ids(parts: list[Part]) -> list[int]:
    return [value for part in parts for value in part.records["id"].to_pylist()]


def refusal(one: SqlSource, cursor: str = "") -> SourceError:
    with pytest.raises(SourceError) as refused:
        read(one, cursor)
    return refused.value


def test_the_bound_is_inclusive_and_records_without_a_cursor_are_read_by_every_run(path: Path) -> None:
    assert ids(read(source(path, cursor="changed"), "20")) == [2, 3]
    assert ids(read(source(path, cursor="changed", overlap="10"), "20")) == [1, 2, 3]
    assert ids(read(source(path), "20")) == [1, 2, 3], "without a cursor everything is read"


def test_only_the_last_part_goes_beyond_the_bookmark_given(path: Path) -> None:
    rows, end = read(source(path, cursor="changed"), "10")
    assert (rows.bookmark, end.bookmark) == ({"cursor": "10"}, {"cursor": "20"})
    assert end.records.num_rows == 0
    assert end.records.schema == rows.records.schema
    first, _ = read(source(path, cursor="changed"))
    assert first.bookmark == {}


def test_a_source_whose_rows_are_gone_is_not_read_on(path: Path) -> None:
    run(path, "DELETE FROM orders WHERE changed IS NOT NULL")
    assert ids(read(source(path, cursor="changed"))) == [3], "the first run has no bookmark to go below"
    error = refusal(source(path, cursor="changed"), "20")
    assert "null, below the bookmark 20" in str(error)
    assert "full_refresh" in str(error.next_step)


def test_positions_count_the_rows_as_they_came_good_or_bad(path: Path) -> None:
    run(path, "UPDATE orders SET id = 'x' WHERE id = 2")
    (part,) = read(source(path))
    assert part.records["_position"].to_pylist() == [1, 3]
    assert part.unreadable["_position"].to_pylist() == [2]
    assert part.records.schema.names[-len(ORIGIN.names) :] == ORIGIN.names


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, changed FROM orders;",
        "SELECT id, changed FROM orders -- all of them",
        "SELECT id, changed FROM orders WHERE '{x}' <> '{window_end}' OR 1",
    ],
)
def test_a_query_may_end_as_people_end_it(path: Path, query: str) -> None:
    assert ids(read(source(path, query=query))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT id, changed AS _Position FROM orders", '"_position"'),
        ("SELECT id, changed AS _run FROM orders", '"_run"'),
    ],
)
def test_names_that_a_table_cannot_have_are_refused(path: Path, query: str, said: str) -> None:
    error = refusal(source(path, query=query))
    assert said in str(error)
    assert error.where == "VITRINE_A_B_QUERY"


def test_a_key_that_is_no_column_is_named(path: Path) -> None:
    error = refusal(source(path, key=("id", "chnged")))
    assert "did you mean 'changed'" in str(error)
    assert error.where == "VITRINE_A_B_KEY"


def test_columns_that_change_between_the_look_and_the_read_stop_it(path: Path) -> None:
    one = source(path, key=("id",))
    (item,) = one.items()
    run(path, "ALTER TABLE orders ADD COLUMN more TEXT")
    with pytest.raises(SourceError, match="changed while"):
        list(one.read(item, Scope(WINDOW)))
    with pytest.raises(SourceError, match="changed while"):
        list(one.keys(item))


def test_keys_are_those_of_all_rows_whatever_the_cursor(path: Path) -> None:
    one = source(path, key=("id",), cursor="changed")
    assert [batch.to_pydict() for batch in one.keys(one.items()[0])] == [{"id": [1, 2, 3]}]


def test_a_query_of_one_window_does_not_give_all_keys(path: Path) -> None:
    one = source(path, query="SELECT id FROM orders WHERE changed < {window_end}", key=("id",))
    with pytest.raises(SourceError, match="does not give all keys"):
        next(one.keys(one.items()[0]))


def test_another_table_cursor_or_mapping_is_another_source(path: Path) -> None:
    several = [
        source(path),
        source(path, cursor="changed"),
        source(path, key=("id",)),
        source(path, columns={"order_id": "id"}),
        source(path, query="SELECT * FROM orders"),
        source(path.with_name("other.db")),
    ]
    assert len({one.fingerprint for one in several}) == len(several)
    assert source(path, timeout=1).fingerprint == source(path).fingerprint
