"""Rows as columns: exact, or put aside one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.io.sources.sql.database import Column
from common.io.sources.sql.rows import SHOWN, chunk_of, column_of

ZONED = pa.timestamp("us", "UTC")


def column(name: str, kind: pa.DataType) -> Column:
    return Column(name, kind, name)


@pytest.mark.parametrize(
    ("kind", "values", "held"),
    [
        (pa.int64(), [1, None], [1, None]),
        (pa.int64(), ["9007199254740993", None], [9007199254740993, None]),
        (pa.float64(), [0.1, None], [0.1, None]),
        (
            pa.string(),
            ["é", 9007199254740993, 0.1, 1e20, None],
            ["é", "9007199254740993", "0.1", "1e+20", None],
        ),
        (pa.binary(), [b"\xff", None], [b"\xff", None]),
        (pa.decimal128(20, 2), ["900719925474099.31"], [Decimal("900719925474099.31")]),
        (pa.date32(), ["2026-01-02"], [date(2026, 1, 2)]),
        (
            pa.timestamp("us"),
            ["2026-01-02 03:04:05.000006"],
            [datetime.fromisoformat("2026-01-02 03:04:05.000006")],
        ),
        (ZONED, ["2026-01-02 03:04:05.5"], [datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)]),
        (pa.int32(), [None, None], [None, None]),
        (pa.binary(), [], []),
    ],
)
def test_values_and_their_texts_are_held_exactly(
    kind: pa.DataType, values: list[Any], held: list[Any]
) -> None:
    found = column_of(values, kind)
    assert (found.type, found.to_pylist()) == (kind, held)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int64(), 1.0),
        (pa.int64(), "1.5"),
        (pa.int64(), "x"),
        (pa.int64(), True),
        (pa.int64(), 2**63),
        (pa.int32(), 2**31),
        (pa.float64(), b"1"),
        (pa.string(), b"a"),
        (pa.string(), "\udcff"),  # a byte that is no UTF-8
        (pa.binary(), "a"),
        (pa.date32(), "2026-02-30"),
        (pa.timestamp("us"), "0000-00-00 00:00:00"),
        (pa.decimal128(4, 2), "100.00"),
        (pa.decimal128(4, 2), "1.234"),
    ],
)
def test_a_value_that_is_not_of_the_type_costs_its_row_alone(kind: pa.DataType, value: Any) -> None:
    found = chunk_of([(1, None), (2, value), (3, None)], [column("id", pa.int64()), column("x", kind)])
    assert found.records.to_pydict() == {"id": [1, 3], "x": [None, None]}
    assert found.records.schema.field("x").type == kind
    assert (found.kept, found.came) == ([0, 2], 3)
    ((place, rule, field, reason, _),) = found.bad
    assert (place, rule, field) == (1, "mistyped", "x")
    assert reason.endswith(f"is stored as {type(value).__name__}, and cannot be read as {kind}")


def test_rows_that_all_fit_are_kept_without_a_list_of_places() -> None:
    found = chunk_of([(1,), (None,)], [column("id", pa.int64())])
    assert (found.kept, found.came, found.bad) == (None, 2, ())
    empty = chunk_of([], [column("id", pa.int64())])
    assert (empty.records.num_rows, empty.came) == (0, 0)


def test_a_row_wrong_twice_is_put_aside_once_and_the_rows_come_in_order() -> None:
    columns = [column("a", pa.int64()), column("b", pa.int64())]
    found = chunk_of([(1, "x"), ("y", "z"), (5, 6), ("w", 8)], columns)
    assert [(place, field) for place, _, field, *_ in found.bad] == [(0, "b"), (1, "a"), (3, "a")]
    assert found.records.to_pylist() == [{"a": 5, "b": 6}]


def test_the_record_is_kept_as_json_even_where_it_is_no_text() -> None:
    columns = [column("id", pa.int64()), column("raw", pa.binary()), column("name", pa.string())]
    ((*_, reason, record),) = chunk_of([("x" * 500, b"\x00\xff", "caf\udce9")], columns).bad
    assert record == '{"id":"%s","raw":"\\\\x00ff","name":"caf\\\\xe9"}' % ("x" * 500)
    assert "x" * SHOWN in reason
    assert "x" * (SHOWN + 1) not in reason
