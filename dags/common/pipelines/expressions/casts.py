"""From one type to another exactly, or not at all: a value that does not fit is an error when it is read."""

from __future__ import annotations

from common.pipelines.expressions.typed import cast
from common.pipelines.expressions.types import NUMBER, Type
from common.utils.quoting import literal

DIGITS = {
    "integer": r"[+-]?[0-9]+",
    "number": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?",
    "boolean": "(?i)true|false",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?",
}
"""How a text of a type is written."""
WIDENING = {
    ("integer", "number"),
    ("decimal", "number"),
    ("boolean", "integer"),
    ("date", "timestamp"),
}
"""What the engine's own cast does as it should: numbers are near, all else is exact."""


def exactly(sql: str, given: Type, wanted: Type, what: str, *, shown: bool) -> str | None:
    """SQL of a value in another type; ``None`` where the one cannot be made of the other.

    Args:
        sql: Of the value.
        given: Its type.
        wanted: The type to come.
        what: Of which column it is, for the error.
        shown: The error may show the value.
    """
    if given == wanted or wanted.name == "string":
        return cast(sql, wanted)
    if (given.name, wanted.name) in WIDENING:
        return cast(sql, wanted)
    fits = _fits(sql, given, wanted)
    if fits is None:
        return None
    shows = f" || '''' || CAST({sql} AS VARCHAR) || ''''" if shown else " || 'a value'"
    error = f"error({literal(what + ': ')}{shows} || {literal(f' is no {wanted} exactly')})"
    return f"CASE WHEN {sql} IS NULL OR {fits} THEN {_read(sql, given, wanted)} ELSE {error} END"


def _read(sql: str, given: Type, wanted: Type) -> str:
    """As the engine reads it; a number by its text, which is the shortest that means it."""
    if given == NUMBER and wanted.name == "decimal":
        return cast(f"CAST({sql} AS VARCHAR)", wanted)
    return cast(sql, wanted)


def _fits(sql: str, given: Type, wanted: Type) -> str | None:
    """SQL that is true where nothing is lost; ``None`` where there is no way."""
    attempt = f"TRY_CAST({sql} AS {wanted.sql})"
    found = None
    match given.name, wanted.name:
        case "string", ("integer" | "boolean" | "date" | "timestamp" | "decimal") as name:
            pattern = literal(_decimal(wanted) if name == "decimal" else DIGITS[name])
            found = f"(regexp_full_match({sql}, {pattern}) AND {attempt} IS NOT NULL)"
        case "string", "number":
            found = f"(regexp_full_match({sql}, {literal(DIGITS['number'])}) AND isfinite({attempt}))"
        case "number", "integer":
            found = f"({attempt} IS NOT NULL AND trunc({sql}) = {sql})"
        case "number", "decimal":
            text = f"TRY_CAST(CAST({sql} AS VARCHAR) AS {wanted.sql})"
            found = f"coalesce(CAST(CAST({text} AS VARCHAR) AS DOUBLE) = {sql}, false)"
        case (("decimal" | "integer"), ("decimal" | "integer")):
            found = f"coalesce(TRY_CAST({attempt} AS {given.sql}) = {sql}, false)"
        case "integer", "boolean":
            found = f"{sql} IN (0, 1)"
    return found


def _decimal(wanted: Type) -> str:
    """How a decimal is written; zeros may stand after its digits."""
    fraction = rf"\.[0-9]{{0,{wanted.scale}}}0*"
    return rf"[+-]?([0-9]+({fraction})?|{fraction})"
