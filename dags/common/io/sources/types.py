"""The types that records have in bronze: storable by Delta, and one for all parts of a source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as is_

from common.io.sources.documents import as_text

TEXT = pa.string()
MOST_DIGITS = 38  # of a decimal that Delta stores


def storable(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 (a line each kind)
    """The type by which Delta stores values of a type; text where it has none that holds them all."""
    if isinstance(kind, pa.DictionaryType):
        return storable(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return storable(kind.storage_type)
    if isinstance(kind, pa.StructType):
        return pa.struct([pa.field(field.name, storable(field.type)) for field in kind])
    if isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType):
        return pa.list_(storable(kind.value_type))
    if is_.is_decimal(kind):
        fits = kind.precision <= MOST_DIGITS and 0 <= kind.scale <= kind.precision
        return pa.decimal128(kind.precision, kind.scale) if fits else TEXT
    if is_.is_timestamp(kind):
        return TEXT if kind.unit == "ns" else pa.timestamp("us", tz="UTC" if kind.tz else None)
    return _plain(kind)


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:  # noqa: PLR0911 (a line each kind)
    """The type that holds all values of two storable types exactly; text where there is no other."""
    if one == other or is_.is_null(other):
        return one
    if is_.is_null(one):
        return other
    if is_.is_signed_integer(one) and is_.is_signed_integer(other):
        return max(one, other, key=lambda kind: kind.bit_width)
    if isinstance(one, pa.Decimal128Type) and isinstance(other, pa.Decimal128Type):
        scale = max(one.scale, other.scale)
        digits = max(one.precision - one.scale, other.precision - other.scale) + scale
        return pa.decimal128(digits, scale) if digits <= MOST_DIGITS else TEXT
    if isinstance(one, pa.StructType) and isinstance(other, pa.StructType):
        types = {field.name: field.type for field in one}
        for field in other:
            types[field.name] = common_type(types.get(field.name, field.type), field.type)
        return pa.struct(list(types.items()))
    if isinstance(one, pa.ListType) and isinstance(other, pa.ListType):
        return pa.list_(common_type(one.value_type, other.value_type))
    return TEXT


def merged(schemas: Iterable[pa.Schema], *, settled: bool = True) -> pa.Schema:
    """One schema for records of several: all columns, in the order and spelling in which they first come.

    Args:
        schemas: Upper and lower case are one in them.
        settled: A column in which nothing has been seen is text; else it has the type of nothing.
    """
    names: dict[str, str] = {}
    types: dict[str, pa.DataType] = {}
    for schema in schemas:
        for field in schema:
            low, kind = field.name.lower(), storable(field.type)
            names.setdefault(low, field.name)
            types[low] = common_type(types.get(low, pa.null()), kind)
    return pa.schema([(names[low], _settled(kind) if settled else kind) for low, kind in types.items()])


def converted(column: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    """A column in another type, exactly.

    Raises:
        pyarrow.ArrowInvalid: The type does not hold one of the values; none that :func:`merged` gives.
    """
    if column.type == kind:
        return column
    if isinstance(column, pa.ExtensionArray):
        return converted(column.storage, kind)
    if isinstance(column, pa.DictionaryArray):
        return converted(column.dictionary_decode(), kind)
    if kind == TEXT and (is_.is_nested(column.type) or _is_binary(column.type) or not _casts(column.type)):
        return pa.array([as_text(value) for value in column.to_pylist()], TEXT)
    cast: pa.Array[Any] = pc.cast(column, kind)
    return cast


def fitted(records: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Records in a schema of :func:`merged`: null in columns that they do not have."""
    there = {name.lower(): column for name, column in zip(records.schema.names, records.columns, strict=True)}
    columns = [
        converted(there[field.name.lower()], field.type)
        if field.name.lower() in there
        else pa.nulls(records.num_rows, field.type)
        for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    kept = (is_.is_signed_integer, is_.is_boolean, is_.is_date32, is_.is_float32, is_.is_float64, is_.is_null)
    if any(one(kind) for one in kept):
        return kind
    if is_.is_unsigned_integer(kind):
        return pa.decimal128(20, 0) if kind == pa.uint64() else pa.int64()
    if _is_binary(kind):
        return pa.binary()
    if is_.is_float16(kind):
        return pa.float32()
    return pa.date32() if is_.is_date64(kind) else TEXT


def _settled(kind: pa.DataType) -> pa.DataType:
    """Without types of nothing, which Delta does not store."""
    if is_.is_null(kind):
        return TEXT
    if isinstance(kind, pa.StructType):
        return pa.struct([(field.name, _settled(field.type)) for field in kind]) if kind.num_fields else TEXT
    return pa.list_(_settled(kind.value_type)) if isinstance(kind, pa.ListType) else kind


def _is_binary(kind: pa.DataType) -> bool:
    return is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_fixed_size_binary(kind)


def _casts(kind: pa.DataType) -> bool:
    """Whether Arrow writes values of a type as text."""
    return not (is_.is_duration(kind) or is_.is_interval(kind))
