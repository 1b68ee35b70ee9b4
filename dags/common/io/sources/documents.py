"""Documents (JSON objects and their like) as Arrow columns, exact and without a schema known ahead.

A column has one type within a part: whole numbers of 64 bits, booleans, times and bytes stay what they are; a
column of other or of several kinds is text, in which a number is written as the document wrote it. What parts
differ in is brought together where they become one table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.types as is_

Nested = Literal["json", "struct", "flatten"]
"""How objects and arrays within a document stand in a column: as JSON text; as Arrow structs and lists; or
objects as columns of their own, named ``address.city``, and arrays as JSON text."""

Document = Mapping[str, Any]

KINDS: dict[type, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    bytes: pa.binary(),
    date: pa.date32(),
}
FIELDS = 1000  # of an object, above which it is taken for a map and kept as JSON text

DECODER = msgspec.json.Decoder(float_hook=Decimal)
"""Reads JSON whose fractions stay exact."""
ENCODER = msgspec.json.Encoder(decimal_format="number")


def table_of(documents: Sequence[Document], nested: Nested = "json") -> pa.RecordBatch:
    """Documents as one batch; a field that a document lacks is null there.

    Upper and lower case in names are one, as they are in a table.

    Args:
        documents: Of plain values: text, numbers, ``Decimal``, booleans, times, bytes, lists, mappings. One
            that has a name in two spellings has to be kept away: see :func:`named_twice`.
        nested: How what lies within them is kept.
    """
    if nested == "flatten":
        documents = [dict(flattened(document)) for document in documents]
    shapes = dict.fromkeys(map(tuple, documents))
    spelled: dict[str, str] = {}
    for name in chain.from_iterable(shapes):
        spelled.setdefault(name.lower(), name)
    names = list(spelled.values())
    if len(shapes) == 1:
        columns = [list(map(itemgetter(name), documents)) for name in names]
    else:
        if set(names) != set(chain.from_iterable(shapes)):
            documents = [{spelled[name.lower()]: one for name, one in doc.items()} for doc in documents]
        columns = [[document.get(name) for document in documents] for name in names]
    return pa.RecordBatch.from_arrays([column_of(column, nested) for column in columns], names=names)


def column_of(values: Sequence[Any], nested: Nested = "json") -> pa.Array[Any]:
    """Values of one field as an Arrow array."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is datetime:
            return _times(values)
        if kind in KINDS:
            try:
                return pa.array(values, KINDS[kind])
            except OverflowError:  # a whole number of more than 64 bits
                return _texts(values)
        if nested == "struct" and kind in (dict, list):
            return _nested(values)
    return _texts(values)


def as_text(value: Any) -> str | None:
    """A value as text: text as it is, numbers as they are written, the rest as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | timedelta):
        return str(msgspec.to_builtins(value))  # base64, and ISO 8601
    return json_text(value)


def json_text(value: Any) -> str:
    """A document or a value within one as JSON; ``NaN`` and infinities, which JSON lacks, as texts."""
    text = ENCODER.encode(value).decode()
    return ENCODER.encode(_finite(value)).decode() if "null" in text else text


def named_twice(document: Document) -> str:
    """A field of which a document has another spelling in upper and lower case, which a table cannot hold."""
    seen: dict[str, str] = {}
    return next((name for name in document if seen.setdefault(name.lower(), name) != name), "")


def flattened(document: Document, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values of a document whose objects within have become fields of it: ``address.city``."""
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def why_no_json(raw: bytes) -> str:
    """What is wrong with a text that is no JSON, with the place."""
    try:
        json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte 0x{raw[error.start]:02X} at {error.start})"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return f"no JSON: {error}"
    return "no JSON that can be read exactly"


def _texts(values: Sequence[Any]) -> pa.Array[Any]:
    return pa.array([as_text(value) for value in values], pa.string())


def _times(values: Sequence[datetime | None]) -> pa.Array[Any]:
    zoned = {value.tzinfo is not None for value in values if value is not None}
    if len(zoned) > 1:
        return _texts(values)
    return pa.array(values, pa.timestamp("us", tz="UTC" if zoned.pop() else None))


def _nested(values: Sequence[Any]) -> pa.Array[Any]:
    """Objects or arrays as structs or lists; as JSON text where no such type holds all of them exactly."""
    names = set(chain.from_iterable(value for value in values if isinstance(value, dict)))
    if len(names) > FIELDS:
        return _texts(values)
    try:
        column: pa.Array[Any] = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # of several kinds within
        return _texts(values)
    return column if _holds(column.type, values) else _texts(values)


def _holds(kind: pa.DataType, values: Sequence[Any]) -> bool:
    """Whether Arrow's type for values of several kinds holds them as they are.

    It takes a boolean among numbers for 1, text among bytes for bytes, and a time among days for a day.
    """
    if isinstance(kind, pa.StructType):
        names = [field.name for field in kind]
        if len({name.lower() for name in names}) < len(names):
            return False
        objects = [value for value in values if value is not None]
        return all(_holds(field.type, [one.get(field.name) for one in objects]) for field in kind)
    if isinstance(kind, pa.ListType):
        return _holds(kind.value_type, list(chain.from_iterable(filter(None, values))))
    kinds = set(map(type, values)) - {type(None)}
    return len(kinds) <= 1 or (is_.is_floating(kind) and kinds == {int, float})


def _finite(value: Any) -> Any:
    """The same with texts in place of what JSON has no numbers for."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
