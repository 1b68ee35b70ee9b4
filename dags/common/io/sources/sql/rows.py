"""Rows of a driver as Arrow columns; a row with a value that is not of its column's type is put aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as is_

from common.io.sources.documents import json_text
from common.io.sources.sql.database import Chunk, Column, schema_of

RULE = "mistyped"
SHOWN = 100  # characters of a wrong value
FAILED = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError)


def chunk_of(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Chunk:
    """A batch of the rows that fit.

    Args:
        rows: Plain values, or the text of them, as the database writes it.
        columns: Whose types they should have.
    """
    schema = schema_of(columns)
    wrong: dict[int, tuple[str, str]] = {}
    arrays: list[pa.Array[Any]] = []
    for at, field in enumerate(schema):
        values = [row[at] for row in rows]
        try:
            arrays.append(column_of(values, field.type))
        except FAILED:
            arrays.append(pa.nulls(0))
            for place, value in enumerate(values):
                if not _fits(value, field.type):
                    wrong.setdefault(place, (field.name, _wrong(value, field.type)))
    if not wrong:
        return Chunk(pa.record_batch(arrays, schema=schema), None, len(rows))
    kept = [place for place in range(len(rows)) if place not in wrong]
    good = chunk_of([rows[place] for place in kept], columns).records
    bad = [(place, RULE, *wrong[place], _record(schema.names, rows[place])) for place in sorted(wrong)]
    return Chunk(good, kept, len(rows), bad)


def column_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Values of one column as an array.

    Raises:
        ArrowInvalid, ArrowTypeError, OverflowError, UnicodeError: One of them is not of the type.
    """
    kinds = {type(value) for value in values} - {type(None)}
    if is_.is_binary(kind):
        return pa.array(_of(kinds, values, bytes), kind)
    if is_.is_string(kind):
        numbers = kinds & {int, float}
        texts = [as_text(value) for value in values] if numbers else values
        return pa.array(_of(kinds - numbers, texts, str), kind)
    if str not in kinds:
        return pa.array(_of(kinds, values, float if is_.is_floating(kind) else int), kind)
    written: pa.Array[Any] = pa.array(_of(kinds, values, str), pa.string())
    if isinstance(kind, pa.TimestampType):  # in UTC, and the text does not say so
        return written.cast(pa.timestamp(kind.unit)).cast(pa.int64()).cast(kind)
    return written.cast(kind)


def as_text(value: Any) -> Any:
    """A number as text that has all its digits; whatever else stays what it is."""
    return repr(value) if isinstance(value, int | float) else value


def _of(kinds: set[type], values: Sequence[Any], only: type) -> Sequence[Any]:
    if kinds - {only}:
        raise pa.ArrowTypeError("of another type")
    return values


def _fits(value: Any, kind: pa.DataType) -> bool:
    try:
        column_of([value], kind)
    except FAILED:
        return False
    return True


def _wrong(value: Any, kind: pa.DataType) -> str:
    shown = str(_plain(value))
    return f"{shown[:SHOWN]!r} is stored as {type(value).__name__}, and cannot be read as {kind}"


def _record(names: Sequence[str], row: Sequence[Any]) -> str:
    return json_text({name: _plain(value) for name, value in zip(names, row, strict=True)})


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return (
        value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if isinstance(value, str)
        else value
    )
