"""Cursor values as text: compared, and lowered by an overlap.

A cursor is a whole number, a time in ISO 8601 or any other text (such as an ObjectId), and stays what it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from common.utils.errors import SourceError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def as_text(value: Any) -> str:
    """A cursor value as bookmarks hold it; empty for ``None``."""
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def highest(one: str, other: str) -> str:
    """The greater of two cursor values; empty is less than all."""
    if not (one and other):
        return one or other
    return max(one, other, key=_comparable)


def lowered(cursor: str, overlap: str) -> str:
    """The cursor value from which on records are read again.

    Args:
        cursor: As the bookmark has it; empty stays empty.
        overlap: See :class:`common.io.sources.settings.CursorSettings`.

    Raises:
        SourceError: The overlap is of another kind than the cursor.
    """
    if not cursor or not overlap.strip("0smhd"):
        return cursor
    value, unit = parsed(cursor), UNITS.get(overlap[-1])
    if isinstance(value, datetime) and unit:
        return (value - timedelta(**{unit: int(overlap[:-1])})).isoformat()
    if isinstance(value, int) and not unit:
        return str(value - int(overlap))
    raise SourceError(
        f'The overlap {overlap} cannot be taken from a cursor such as "{cursor}".',
        next_step="Write it as a number for a numeric cursor, as 90s, 15m, 2h or 3d for a time, or leave it.",
    )


def parsed(cursor: str) -> int | datetime | str:
    """What a cursor's text stands for."""
    for kind in (int, datetime.fromisoformat):
        try:
            return kind(cursor)
        except ValueError:
            continue
    return cursor


def _comparable(cursor: str) -> tuple[str, Any]:
    value = parsed(cursor)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return type(value).__name__, value
