"""How values of the contract's types are written: one by one in URLs and cursors, by columns in JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from common.io.collections.protocol import QueryError
from common.utils.contract import Field, FieldType

PLAIN_SCALE = 6  # Arrow and Python write smaller decimals as 1E-7


def parse(field: Field, text: str) -> Any:
    """The value that a text stands for, in the field's Python type; times in UTC.

    Raises:
        QueryError: It is no value of that type.
    """
    wanted, pattern, convert = _READERS[field.type]
    if re.fullmatch(pattern, text, re.ASCII | re.DOTALL):
        try:
            return convert(text)
        except (ValueError, OverflowError):  # well-formed and still none, such as 2026-02-30
            pass
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    raise QueryError(f"{shown!r} is not what {field.name} is compared with.", next_step=f"Write {wanted}.")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


# What to write, the form it has, how it is read. PostgreSQL takes no NUL in a text.
_READERS: dict[FieldType, tuple[str, str, Callable[[str], Any]]] = {
    "string": ("a text without NUL characters", r"[^\0]*", str),
    "integer": ("a whole number, such as 42", r"-?\d{1,19}", int),
    "decimal": ("a decimal number, such as 12.50", r"-?\d{1,38}(\.\d{1,38})?", Decimal),
    "number": ("a number, such as 0.25", r"-?\d{1,310}(\.\d{1,310})?([eE][+-]?\d{1,3})?", _finite),
    "boolean": ("true or false", "true|false", lambda text: text == "true"),
    "date": ("a date, such as 2026-01-31", r"\d{4}-\d\d-\d\d", date.fromisoformat),
    "timestamp": (
        "a time, such as 2026-01-31T08:30:00Z (a + must be sent as %2B; no zone is UTC)",
        r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?",
        _utc,
    ),
}


def text(value: Any) -> str:
    """The inverse of :func:`parse`; times are written as answers write them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value)  # of a date, too, it is ISO 8601


def records(rows: pa.Table, nested: Container[str] = ()) -> list[dict[str, Any]]:
    """Rows as JSON holds them: decimals as exact strings, dates and times (UTC, microseconds) as ISO 8601.

    Args:
        rows: In a contract's types.
        nested: Columns whose texts are JSON already.
    """
    names = rows.column_names
    columns = [
        _verbatim(column) if name in nested else _column(column)
        for name, column in zip(names, rows.columns, strict=True)
    ]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _verbatim(column: pa.ChunkedArray[Any]) -> Iterable[Any]:
    return [None if text is None else msgspec.Raw(text.encode()) for text in column.to_pylist()]


def _column(column: pa.ChunkedArray[Any]) -> Iterable[Any]:
    """By columns, since turning a page cell by cell into Python objects takes five times as long."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        without_zone: Any = column.cast(pa.timestamp("us"))  # in UTC still, and needs no database of zones
        texts: list[str | None] = pc.strftime(without_zone, format="%Y-%m-%dT%H:%M:%SZ").to_pylist()
        return texts
    if pa.types.is_decimal(kind) and kind.scale > PLAIN_SCALE:
        return [None if value is None else f"{value:f}" for value in column.to_pylist()]
    if pa.types.is_decimal(kind) or pa.types.is_date(kind):
        return column.cast(pa.string()).to_pylist()
    return column.to_pylist()
