"""Ranges of a column: asked one after the other, they give each row once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

import pyarrow as pa
import pytest

from common.io.sources.sql.database import Column, Statement
from common.io.sources.sql.ranges import ranges

ID = Column("id", pa.int64(), '"id"')


def found(values: list[int | None], between: tuple[int, int], count: int) -> list[list[int | None]]:
    """What each range has of some values."""
    wanted = Statement("SELECT id FROM t").where("id IS NOT {none}", none=0.5)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        asked = ranges(wanted, ID, '"id"', between, count)
        return [
            [one for (one,) in connection.execute(each.rendered(lambda name: f":{name}"), dict(each.values))]
            for each in asked
        ]


@pytest.mark.parametrize(
    ("between", "count"),
    [((1, 100), 4), ((0, 1), 2), ((-7, 5), 3), ((5, 5), 4), ((1, 3), 16), ((-(2**63), 2**63 - 1), 5)],
)
def test_each_row_is_in_one_range(between: tuple[int, int], count: int) -> None:
    low, high = between
    values = [None, None, *range(low, min(high, low + 200) + 1), *range(max(low, high - 200), high + 1), 0]
    parts = found(values, between, count)
    assert len(parts) == count
    assert Counter(value for part in parts for value in part) == Counter(values)


def test_ranges_are_of_equal_width_and_nulls_are_in_the_last() -> None:
    parts = found([*range(10), None], (0, 9), 3)
    assert found([0, 1], (0, 1), 2) == [[0], [1]]
    assert parts == [[0, 1, 2], [3, 4, 5], [6, 7, 8, 9, None]]


def test_rows_that_come_outside_of_the_bounds_are_not_lost() -> None:
    assert found([-5, 1, 4, 99], (1, 4), 2) == [[-5, 1], [4, 99]]


def test_a_value_is_compared_as_the_column_says() -> None:
    column = Column("id", pa.int64(), "id", bound="CAST({} AS int)")
    first, last = ranges(Statement("SELECT 1"), column, "id", (0, 9), 2)
    assert first.conditions == ("id < CAST({upper} AS int)",)
    assert last.conditions == ("(id >= CAST({lower} AS int) OR id IS NULL)",)
