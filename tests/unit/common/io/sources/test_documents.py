"""Documents as columns: each type exact, several kinds in one field, objects within."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.io.sources.documents import (
    FIELDS,
    as_text,
    column_of,
    flattened,
    json_text,
    named_twice,
    table_of,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_fields_that_documents_lack_are_null() -> None:
    batch = table_of([{"a": 1}, {"b": "x"}, {"b": None, "a": 2}])
    assert batch.to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": "x"}, {"a": 2, "b": None}]


def test_no_documents_are_no_columns() -> None:
    assert table_of([]).num_rows == table_of([]).num_columns == 0


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["x", None], pa.string()),
        ([1, None, -(2**63)], pa.int64()),
        ([1.5, math.inf], pa.float64()),
        ([True, None], pa.bool_()),
        ([b"\xff"], pa.binary()),
        ([date(2026, 1, 2)], pa.date32()),
        ([NOW], pa.timestamp("us", tz="UTC")),
        ([NOW.replace(tzinfo=None)], pa.timestamp("us")),
        ([None, None], pa.null()),
    ],
)
def test_values_of_one_kind_keep_it(values: list[Any], kind: pa.DataType) -> None:
    column = column_of(values)
    assert column.type == kind
    assert column.to_pylist() == values


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([2**64, 1], ["18446744073709551616", "1"]),
        ([1, 2.5], ["1", "2.5"]),
        ([True, 1], ["true", "1"]),
        ([Decimal("1.50"), 3], ["1.50", "3"]),
        ([math.nan, "x"], ["nan", "x"]),
        ([NOW, "soon"], ["2026-01-02T03:04:05+00:00", "soon"]),
        ([NOW, NOW.replace(tzinfo=None)], ["2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05"]),
        ([{"a": [1, None]}, "x"], ['{"a":[1,null]}', "x"]),
    ],
)
def test_values_of_several_kinds_are_text_as_written(values: list[Any], texts: list[str]) -> None:
    assert column_of(values).to_pylist() == texts


def test_objects_are_structs_where_one_type_holds_them_exactly() -> None:
    values = [{"a": 1, "at": NOW}, None, {"a": 2.5, "b": [{"c": "x"}]}]
    column = column_of(values, "struct")
    assert isinstance(column.type, pa.StructType)
    assert column.to_pylist() == [
        {"a": 1.0, "at": NOW, "b": None},
        None,
        {"a": 2.5, "at": None, "b": [{"c": "x"}]},
    ]


@pytest.mark.parametrize(
    "values",
    [
        [{"a": 1}, {"a": "x"}],
        [[1.5, True]],
        [{"a": "x"}, {"a": b"x"}],
        [{"a": date(2026, 1, 2)}, {"a": NOW}],
        [{"a": 2**53 + 1}, {"a": 0.5}],
        [{"a": 2**64}],
        [{"x": 1}, {"X": 2}],
        [[{"a": [1, True]}]],
        [{str(at): at} for at in range(FIELDS + 1)],
    ],
)
def test_objects_that_no_struct_holds_exactly_are_json(values: list[Any]) -> None:
    column = column_of(values, "struct")
    assert column.type == pa.string()
    assert column.to_pylist() == [json_text(value) for value in values]


def test_spellings_of_a_name_are_one_column() -> None:
    batch = table_of([{"Name": "a", "n": 1}, {"name": "b"}, {"NAME": "c"}])
    assert batch.schema.names == ["Name", "n"]
    assert batch["Name"].to_pylist() == ["a", "b", "c"]


def test_objects_are_flattened_by_the_names_that_lead_to_them() -> None:
    document = {"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": {}}
    assert dict(flattened(document)) == {"a.b.c": 1, "a.d": [{"e": 2}], "f": {}}
    assert table_of([document], "flatten").to_pylist() == [{"a.b.c": 1, "a.d": '[{"e":2}]', "f": "{}"}]


def test_what_json_has_no_number_for_is_text_and_not_null() -> None:
    assert json_text({"a": [math.nan, None], "b": -math.inf}) == '{"a":["nan",null],"b":"-inf"}'
    assert as_text(math.inf) == "inf"


def test_a_name_in_two_spellings_is_found() -> None:
    assert named_twice({"a": 1, "b": 2, "A": 3}) == "A"
    assert not named_twice({"a": {"A": 1}, "b": 2})
