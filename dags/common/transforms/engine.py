"""What Narwhals lacks, in DuckDB's SQL: the one place that knows which engine runs.

Another engine (Spark) needs this module again and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from common.utils.quoting import identifier, literal

DATE = r"\d{4}-\d{2}-\d{2}"
ZONE = r"Z|[+-](0\d|1[0-4])(:?[0-5]\d)?"
TIME = rf"[T ]\d{{2}}:\d{{2}}(:\d{{2}}([.]\d{{1,9}})?)?({ZONE})?"
YEARS = "TIMESTAMPTZ '0001-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'"  # Python's
WHOLE = r"[+-]?\d+([.]0*)?"
NUMBER = r"[+-]?(\d+([.]\d*)?|[.]\d+)"


def with_sql(frame: nw.LazyFrame[Any], **columns: str) -> nw.LazyFrame[Any]:
    """The frame with more columns, each an SQL expression over the ones it has."""
    added = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    extended: nw.LazyFrame[Any] = nw.from_native(frame.to_native().project(f"*, {added}"))
    return extended


def grouped(frame: nw.LazyFrame[Any], by: Sequence[str], **columns: str) -> nw.LazyFrame[Any]:
    """One row for each group, with more columns, each an SQL aggregate of its rows."""
    names = ", ".join(identifier(name) for name in by)
    summed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    one_each: nw.LazyFrame[Any] = nw.from_native(frame.to_native().aggregate(f"{names}, {summed}", names))
    return one_each


def distinct(frame: nw.LazyFrame[Any], columns: Sequence[str]) -> nw.LazyFrame[Any]:
    """Some columns of the frame, equal rows once."""
    names = ", ".join(identifier(name) for name in columns)
    once: nw.LazyFrame[Any] = nw.from_native(frame.to_native().project(names).distinct())
    return once


def quotient(numerator: str, denominator: str, precision: int, scale: int) -> str:
    """Of two exact numbers that are not negative, as decimal, rounded half up; null where it is by nothing.

    Args:
        numerator: SQL; up to 20 digits before and 8 after the point.
        denominator: The same.
        precision: Digits of the decimal.
        scale: How many of them are after the point; 1 to 8.
    """
    exact = "CAST(CAST({} AS DECIMAL(28, 8)) * 100000000 AS HUGEINT)"
    up, down = exact.format(numerator), exact.format(denominator)
    rounded = f"(2 * {up} * {10**scale} + {down}) // nullif(2 * {down}, 0)"
    least = f"CAST(1e-{scale} AS DECIMAL({scale}, {scale}))"
    return f"CAST(CAST({rounded} AS DECIMAL(38, 0)) * {least} AS DECIMAL({precision}, {scale}))"


def timestamp(column: str) -> str:
    """A text as UTC time: an ISO date, or date and time, where no zone means UTC; null where it is none.

    Nor is it one where it falls, in UTC, outside of the years 1 to 9999.
    """
    moment = _typed(column, f"{DATE}({TIME})?", "TIMESTAMPTZ")
    return f"CASE WHEN {moment} BETWEEN {YEARS} THEN {moment} END"


def whole_number(column: str) -> str:
    """A text as 64-bit integer, also where it is written ``6.0``; null where it is none or too large."""
    return _typed(column, WHOLE, "BIGINT")


def exact_number(column: str, precision: int, scale: int) -> str:
    """A text as decimal, never rounded: null where it is none, has more decimals or is too large."""
    return _typed(
        column, rf"[+-]?(\d+([.]\d{{0,{scale}}}0*)?|[.]\d{{1,{scale}}}0*)", f"DECIMAL({precision}, {scale})"
    )


def number(column: str) -> str:
    """A text as double; null where it is none."""
    return _typed(column, rf"{NUMBER}([eE][+-]?\d+)?", "DOUBLE")


def boolean(column: str) -> str:
    """``true``, ``false``, ``yes``, ``no``, ``1`` and ``0`` in any case as boolean; null where it is none."""
    return _typed(column, "(?i)true|false|yes|no|1|0", "BOOLEAN")


def matches(column: str, pattern: str) -> str:
    """Whether all of a text fits a regular expression."""
    return f"regexp_full_match({identifier(column)}, '{pattern}')"


def told_once(
    frame: nw.LazyFrame[Any], flags: Sequence[str], told: Mapping[str, Sequence[str]]
) -> nw.LazyFrame[Any]:
    """The frame with what is told by the first flag that is true, in rows of which nothing is told yet.

    Of any number of flags: side by side in SQL, where one expression within the other grows too deep.

    Args:
        frame: With the flags, and the columns of ``told``.
        flags: Columns that are true, false or null.
        told: Of each column that is filled, the SQL for each flag; its first column tells whether it was.
    """
    first, *_ = told
    cases = " ".join(f"WHEN {identifier(flag)} THEN {at}" for at, flag in enumerate(flags))
    numbered = with_sql(frame, _first=f"CASE WHEN {identifier(first)} IS NULL THEN CASE {cases} END END")
    texts = {
        f"_told{name}": f"CASE _first {' '.join(f'WHEN {at} THEN {sql}' for at, sql in enumerate(each))} END"
        for name, each in told.items()
    }
    filled = {name: nw.coalesce(nw.col(f"_told{name}"), nw.col(name)) for name in told}
    return with_sql(numbered, **texts).with_columns(**filled).drop("_first", *texts)


def sentence(name: str, column: str, reason: str) -> str:
    """What is wrong with a value, in words: ``quantity "some" is not a whole number``."""
    shown = f"coalesce(' \"' || CAST({identifier(column)} AS VARCHAR) || '\"', '')"
    return f"{literal(name)} || {shown} || {literal(f' {reason}')}"


def equal(pairs: Mapping[str, str]) -> str:
    """Whether the columns of all pairs are equal, where null is equal to null; of any number of columns."""
    same = (f"{identifier(one)} IS NOT DISTINCT FROM {identifier(other)}" for one, other in pairs.items())
    return f"({' AND '.join(same)})"


def json_object(columns: Iterable[str]) -> str:
    """Some columns as one JSON object; an empty one where there are none."""
    pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in columns)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def json_array(columns: Iterable[str]) -> str:
    """Some columns as one JSON array; null where one of them is."""
    names = [identifier(name) for name in columns]
    missing = " OR ".join(f"{name} IS NULL" for name in names)
    return f"CASE WHEN {missing} THEN NULL ELSE CAST(json_array({', '.join(names)}) AS VARCHAR) END"


def json_list(columns: Iterable[str], order: str) -> str:
    """An aggregate: some columns of a group's rows as a JSON list of objects.

    Args:
        columns: Their names are the objects' too.
        order: SQL, in which the rows stand in the list.
    """
    pairs = ", ".join(f"{literal(name)}: {identifier(name)}" for name in columns)
    return f"CAST(to_json(list({{{pairs}}} ORDER BY {order})) AS VARCHAR)"


def unnested(frame: nw.LazyFrame[Any], column: str, names: Sequence[str]) -> nw.LazyFrame[Any]:
    """One row for each object in a column of JSON lists, with the texts of the objects' fields alone."""
    kinds = ", ".join(f'"{name}": "VARCHAR"' for name in names)
    objects = frame.to_native().project(
        f"unnest(from_json({identifier(column)}, {literal(f'[{{{kinds}}}]')})) AS one"
    )
    rows: nw.LazyFrame[Any] = nw.from_native(
        objects.project(", ".join(f"one.{identifier(name)}" for name in names))
    )
    return rows


def _typed(column: str, pattern: str, kind: str) -> str:
    return f"CASE WHEN {matches(column, pattern)} THEN TRY_CAST({identifier(column)} AS {kind}) END"
