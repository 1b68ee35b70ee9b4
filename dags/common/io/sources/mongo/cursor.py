"""Cursor values of documents: as text for bookmarks, and back as what MongoDB compares them with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId

from common.io.sources import cursors
from common.io.sources.mongo.queries import DATE, NUMBER, OBJECT_ID, TEXT, TYPES, rank
from common.utils.errors import SourceError

USABLE = [code for kind in (NUMBER, TEXT, OBJECT_ID, DATE) for code in TYPES[kind]]
"""The codes of the types that a cursor may have."""

Value = int | str | ObjectId | datetime


def at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a path such as ``meta.updated_at``; ``None`` where there is none."""
    value: Any = document
    for name in path.split("."):
        if isinstance(value, list):
            return value
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def usable(value: Any) -> Value | None:
    """A value as one that a bookmark can hold, ``None`` where it cannot; fractions are rounded down."""
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return math.floor(value) if math.isfinite(value) else None
    return value if isinstance(value, str | ObjectId | datetime) and value != "" else None


def parsed(text: str, like: Value) -> Value:
    """A bookmark's text as a value of the type that the cursor has.

    Raises:
        ValueError: It is none.
    """
    if isinstance(like, int):
        return int(text)
    if isinstance(like, datetime):
        value = datetime.fromisoformat(text)
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(like, ObjectId):
        if not ObjectId.is_valid(text):
            raise ValueError(f"{text!r} is no ObjectId")
        return ObjectId(text)
    return text


def lowered(value: Value, overlap: str) -> Value:
    """The value from which on documents are read again.

    Raises:
        SourceError: The overlap is of another kind than the cursor.
    """
    if not overlap.strip("0smhd"):
        return value
    if isinstance(value, ObjectId):  # which begins with the time when it was made
        made = cursors.lowered(cursors.as_text(value.generation_time), overlap)
        return ObjectId.from_datetime(datetime.fromisoformat(made))
    text = cursors.as_text(value)
    low = cursors.lowered(text, overlap)
    if isinstance(value, str):
        # Written as the source writes it, and no longer: a part of a text is never more than the text.
        low = (low[:10] + value[10:11] + low[11:19])[: len(value)] if "T" in low else low
        if low > value:
            raise SourceError(
                f'The overlap {overlap} cannot be taken from "{value}", which is text.',
                next_step="Leave the overlap out, or take a cursor that holds numbers or dates.",
            )
        return low
    return parsed(low, value)


def less(one: Value, other: Value) -> bool:
    """Whether MongoDB sorts a value before another."""
    pairs: list[tuple[int, Any]] = [(rank(value), value) for value in (one, other)]
    return pairs[0] < pairs[1]
