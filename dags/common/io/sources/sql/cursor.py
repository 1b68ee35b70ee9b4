"""The cursor of a table: its values as bookmarks hold them, and as a database compares them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow.types as is_

from common.io.sources.cursors import parsed
from common.io.sources.sql.database import Column, Value

TO_SECONDS = 19  # characters of a time


def bookmark_of(column: Column, text: str) -> str:
    """A cursor value as a bookmark has it.

    Raises:
        ValueError: It is infinite, or outside of the years 1 to 9999.
    """
    value = bound_of(column, text)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | float) and not Decimal(value).is_finite():
        raise ValueError(text)
    return text


def bound_of(column: Column, text: str) -> Value:
    """What a cursor value is compared by.

    Raises:
        ValueError, ArithmeticError: The text is none of the column's type.
    """
    if is_.is_timestamp(column.type):
        value = datetime.fromisoformat(text)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return value if column.type.tz else value.replace(tzinfo=None)
    if is_.is_date(column.type):
        return date.fromisoformat(text[:10])
    if is_.is_integer(column.type):
        return int(text)
    if is_.is_floating(column.type):
        return float(text)
    return Decimal(text) if column.number else text


def lowered_like(column: Column, bookmark: str, lower: str) -> str:
    """A lowered bookmark, written as a column of text writes its times, which sort by their letters."""
    if not is_.is_string(column.type) or lower == bookmark or not isinstance(parsed(bookmark), datetime):
        return lower
    return lower.replace("T", bookmark[10:11])[: min(len(bookmark), TO_SECONDS)]
