"""Values that stand in YAML, as SQL of a type."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from common.pipelines.expressions.typed import cast, moment
from common.pipelines.expressions.types import DIGITS, Type
from common.pipelines.values import is_open
from common.utils.quoting import literal

Value = str | int | float | bool
"""What stands in YAML for a value of a column; dates, times and long decimals as texts."""


def sql_of(value: Value, kind: Type) -> str:
    """A value as SQL of a type.

    Raises:
        ValueError: It is none of that type.
    """
    try:
        found = cast(literal(value), kind) if is_open(value) else _sql(value, kind)
    except (ValueError, OverflowError, InvalidOperation):
        found = None
    if found is None:
        raise ValueError(f"{value!r} is no value of type {kind}")
    return found


def is_of(value: Value, kind: Type) -> bool:
    """Whether a value is one of a type."""
    try:
        sql_of(value, kind)
    except ValueError:
        return False
    return True


def _sql(value: Value, kind: Type) -> str | None:
    found = None
    match kind.name, value:
        case "boolean", bool():
            found = str(value).lower()
        case _, bool():
            pass
        case "integer", int() if -(2**63) <= value < 2**63:
            found = cast(str(value), kind)
        case "number", int() | float() if math.isfinite(value):
            found = cast(literal(repr(float(value))), kind)
        case "decimal", _:
            found = _decimal(Decimal(str(value)), kind)
        case "date", str() if len(value) == len("2026-01-31"):
            found = f"DATE {literal(date.fromisoformat(value).isoformat())}"
        case "timestamp", str():
            found = moment(datetime.fromisoformat(value)).sql
        case "string", str() if "\0" not in value:
            found = literal(value)
    return found


def _decimal(value: Decimal, kind: Type) -> str | None:
    """Exactly, or not at all."""
    if not value.is_finite() or abs(value.adjusted()) > 2 * DIGITS:
        return None
    whole, _, fraction = f"{value:f}".lstrip("-").partition(".")
    if len(whole.lstrip("0")) > kind.precision - kind.scale or len(fraction.rstrip("0")) > kind.scale:
        return None
    return cast(literal(f"{value:f}"), kind)
