"""The types of bronze: nothing is lost where parts or runs differ."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from common.io.sources.types import common_type, converted, fitted, merged, storable

TEXT = pa.string()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (pa.int64(), pa.int64(), pa.int64()),
        (pa.int16(), pa.int64(), pa.int64()),
        (pa.null(), pa.date32(), pa.date32()),
        (pa.bool_(), pa.null(), pa.bool_()),
        (pa.int64(), pa.float64(), TEXT),
        (pa.int64(), TEXT, TEXT),
        (pa.decimal128(10, 2), pa.decimal128(8, 4), pa.decimal128(12, 4)),
        (pa.decimal128(38, 0), pa.decimal128(38, 10), TEXT),
        (pa.struct([("a", pa.null())]), pa.struct([("a", TEXT)]), pa.struct([("a", TEXT)])),
        (pa.list_(pa.int64()), pa.list_(TEXT), pa.list_(TEXT)),
        (pa.list_(pa.int64()), pa.struct([("a", TEXT)]), TEXT),
    ],
)
def test_the_common_type_holds_both(one: pa.DataType, other: pa.DataType, both: pa.DataType) -> None:
    assert common_type(one, other) == common_type(other, one) == both


KINDS = [
    *(pa.uint8(), pa.uint64(), pa.float16(), pa.large_string(), pa.large_binary(), pa.binary(4), pa.date64()),
    *(pa.timestamp("ns"), pa.timestamp("s"), pa.timestamp("ms", tz="Europe/Berlin"), pa.time64("us")),
    *(pa.duration("ms"), pa.decimal256(60, 2), pa.dictionary(pa.int8(), TEXT), pa.month_day_nano_interval()),
    *(pa.uuid(), pa.list_(pa.uint16(), 2), pa.struct([("a", pa.uint8())]), pa.decimal128(5, -2), pa.null()),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_delta_stores_what_is_called_storable(kind: pa.DataType, tmp_path: object) -> None:
    schema = merged([pa.schema([("x", kind)])])
    batch = fitted(pa.record_batch([pa.nulls(2, kind)], names=["x"]), schema)
    write_deltalake(str(tmp_path), pa.Table.from_batches([batch]))
    assert DeltaTable(str(tmp_path)).to_pyarrow_table().column("x").to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (2**64 - 1, pa.uint64(), Decimal(2**64 - 1)),
        (timedelta(seconds=1, milliseconds=5), pa.duration("ms"), "PT1.005S"),
        (Decimal("1" * 50 + ".5"), pa.decimal256(60, 2), "1" * 50 + ".50"),
    ],
)
def test_values_come_through_exactly(value: object, kind: pa.DataType, text: object) -> None:
    assert converted(pa.array([value, None], kind), storable(kind)).to_pylist() == [text, None]


def test_nanoseconds_are_kept_as_text() -> None:
    column = pa.array([1_767_225_600_000_000_001], pa.timestamp("ns"))
    assert converted(column, storable(column.type)).to_pylist() == ["2026-01-01 00:00:00.000000001"]


def test_other_zones_are_the_same_moment_in_utc() -> None:
    column = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("ms", tz="Asia/Tokyo"))
    assert converted(column, storable(column.type)).to_pylist() == [datetime(2026, 1, 1, tzinfo=UTC)]


def test_columns_of_parts_are_brought_together() -> None:
    one = pa.record_batch({"Id": pa.array([1]), "tags": pa.nulls(1), "n": pa.array([{"a": 1}])})
    two = pa.record_batch({"id": pa.array(["x"]), "tags": pa.array([["a"]]), "n": pa.array([{"b": "c"}])})
    schema = merged([one.schema, two.schema])
    assert fitted(one, schema).to_pylist() == [{"Id": "1", "tags": None, "n": {"a": 1, "b": None}}]
    assert fitted(two, schema).to_pylist() == [{"Id": "x", "tags": ["a"], "n": {"a": None, "b": "c"}}]


def test_a_nested_column_becomes_json_where_it_must_be_text() -> None:
    column = pa.array([{"a": [1, None]}, None])
    assert converted(column, TEXT).to_pylist() == ['{"a":[1,null]}', None]
