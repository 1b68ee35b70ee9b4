"""The run's rows as they come in: checked against the contract and turned into their stored form."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.io.collections.encoding import encode
from common.io.collections.protocol import StageError
from common.utils.contract import Contract, Field

TOGETHER = 100_000  # rows in a table, unless one batch has more
DAY = "partition_date"
DEEPEST = 31  # objects and arrays in each other; one more, and to MariaDB it is no JSON
JSON_TEXT = r'"(?:[^"\\]|\\.)*"'
LONG = r"[0-9]{200}|[0-9.][eE][+-]?0*[1-9][0-9]{2}"  # what has neither is far within the range of a double
FINE = re.compile(r"\d{1000}|[eE]-0*[1-9]\d{3}")  # PostgreSQL holds 16,383 decimals


def stored(batches: Iterable[pa.RecordBatch], contract: Contract) -> Iterator[pa.Table]:
    """The rows in stored form, with the first day of their partition.

    Raises:
        StageError: They are not in the contract's schema, or hold what it or no database allows: a null, a
            NaN, a text with a NUL character, JSON that is too deep or has too large a number.
    """
    columns = pa.schema([field.with_nullable(True) for field in contract.schema])  # nulls are judged below
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        _demand_schema(batch.schema, contract)
        waiting.append(pa.record_batch([batch.column(name) for name in columns.names], schema=columns))
        if sum(one.num_rows for one in waiting) >= TOGETHER:
            yield _stored(pa.Table.from_batches(waiting), contract)
            waiting = []
    if waiting:
        yield _stored(pa.Table.from_batches(waiting), contract)


def _demand_schema(schema: pa.Schema, contract: Contract) -> None:
    wanted = {field.name: field.type for field in contract.schema}
    given = {field.name: field.type for field in schema}
    if given == wanted:
        return
    wrong = [
        f"{name} is {given.get(name, 'missing')}, the contract says {wanted.get(name, 'nothing of it')}"
        for name in {**wanted, **given}
        if given.get(name) != wanted.get(name)
    ]
    raise StageError(f"The rows do not have the contract's columns: {'; '.join(wrong)}.", where=contract.name)


def _stored(table: pa.Table, contract: Contract) -> pa.Table:
    for field in contract.fields:
        _demand_values(table.column(field.name), field, contract)
    encoded = encode(table, contract.fields)
    if contract.partition_by == "hash":
        return encoded.append_column(DAY, pa.nulls(table.num_rows, pa.int64()))
    day: pa.ChunkedArray[Any] = table.column(contract.partition_field).cast(pa.date32())
    if contract.partition_by == "month":
        day = pc.floor_temporal(day, unit="month")
    return encoded.append_column(DAY, day.cast(pa.int32()).cast(pa.int64()))


def _demand_values(column: pa.ChunkedArray[Any], field: Field, contract: Contract) -> None:
    if field.required and column.null_count:
        raise StageError(f"{column.null_count} rows have no {field.name}.", where=contract.name)
    if field.type == "number" and pc.all(pc.is_finite(column)).as_py() is False:
        raise StageError(f"{field.name} has values that are no finite number.", where=contract.name)
    if pa.types.is_string(column.type) and pc.any(pc.match_substring_regex(column, r"\x00")).as_py():
        raise StageError(
            f"{field.name} has texts with a NUL character, which not every database can hold.",
            where=contract.name,
            next_step="Take it out in the transform.",
        )
    if field.type in ("object", "array"):
        _demand_json(column, field, contract)


def _demand_json(column: pa.ChunkedArray[Any], field: Field, contract: Contract) -> None:
    """What no view could show: one such row would fail each query of it, or show as null."""
    if pc.any(_escapes_no_character(column)).as_py():
        raise StageError(
            f"{field.name} has JSON that escapes a NUL character or half of a character.",
            where=contract.name,
            next_step="Take \\u0000, and \\ud800 to \\udfff that are not in pairs, out in the transform.",
        )
    if _nests_deeper(column):
        raise StageError(
            f"{field.name} has JSON that is nested deeper than {DEEPEST}, which not every database can show.",
            where=contract.name,
            next_step="Flatten it in the transform, or make it a string in the contract.",
        )
    if _counts_further(column):
        raise StageError(
            f"{field.name} has JSON with a number beyond 1.8e308 or of too many digits, which not every "
            "database can show.",
            where=contract.name,
            next_step="Round it in the transform, or write it as a text.",
        )


def _escapes_no_character(column: pa.ChunkedArray[Any]) -> Any:
    """Whether a JSON text has an escape that PostgreSQL's jsonb refuses, and a view with it as a whole."""
    text = pc.replace_substring(column, r"\\", "")
    text = pc.replace_substring_regex(text, r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..", "")
    return pc.match_substring_regex(text, r"\\u(0000|[dD][89a-fA-F])")


def _nests_deeper(column: pa.ChunkedArray[Any]) -> bool:
    """Whether objects and arrays stand in each other deeper than ``DEEPEST``."""
    opened: Any = pc.add(pc.count_substring(column, "{"), pc.count_substring(column, "["))
    suspects = column.filter(pc.greater(opened, pa.scalar(DEEPEST)))
    brackets: Any = pc.replace_substring_regex(suspects, rf'(?:{JSON_TEXT}|[^"\[\]{{}}])+', "")
    for _ in range(DEEPEST):  # each round takes the innermost away
        brackets = pc.replace_substring_regex(brackets, r"\[\]|\{\}", "")
        brackets = brackets.filter(pc.not_equal(brackets, pa.scalar("")))
    return len(brackets) > 0


def _counts_further(column: pa.ChunkedArray[Any]) -> bool:
    """Whether a number is beyond the range of a double or has more decimals than PostgreSQL holds."""
    suspects: Any = column.filter(pc.match_substring_regex(column, LONG))
    suspects = pc.replace_substring_regex(suspects, JSON_TEXT, "")
    suspects = suspects.filter(pc.match_substring_regex(suspects, LONG))
    numbers = (number for text in suspects.to_pylist() for number in re.findall(r"\d[\d.eE+-]*", text))
    return any(FINE.search(number) or not math.isfinite(_double(number)) for number in numbers)


def _double(number: str) -> float:
    try:
        return float(number)
    except ValueError:  # it is no JSON, which is told later
        return 0.0
