"""Rows as the texts of MySQL's ``INSERT`` statements, made column by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Table

from common.io.collections.protocol import StageError

PIECE = 500_000  # bytes of rows whose text is made at once; from 1,000 rows on, more make no statement faster


def insert_texts(table: Table, rows: pa.Table, batch_size: int, largest: int) -> Iterator[str]:
    """``INSERT`` statements that hold all rows between them.

    Args:
        table: Whose columns ``rows`` has, in any order.
        rows: 64-bit integers, doubles and strings.
        batch_size: Rows of a statement, at most.
        largest: Bytes of a statement that the server takes, ``max_allowed_packet``.

    Raises:
        StageError: One row is longer than that.
    """
    names = table.columns.keys()
    into = f"{quoted(table.name)} ({', '.join(map(quoted, names))})"
    head = f"INSERT INTO {into} VALUES "  # noqa: S608 (names of a contract)
    for batch in rows.select(names).to_batches(max_chunksize=batch_size):
        yield from _statements(head, batch, largest, table.name)


def _statements(head: str, batch: pa.RecordBatch, largest: int, where: str) -> Iterator[str]:
    """One statement, or those of both halves where it would be too long."""
    if batch.num_rows == 1 or batch.nbytes <= PIECE:
        statement = head + ",".join(_rows(batch))
        size = len(statement.encode()) + 1  # the packet's first byte names the command
        if size <= largest:
            yield statement
            return
        if batch.num_rows == 1:
            raise StageError(
                f"A row takes {size} bytes, and the server takes {largest} at once.",
                where=where,
                next_step=f"Set the server's max_allowed_packet to {size} or more, or shorten the row.",
            )
    half = batch.num_rows // 2
    yield from _statements(head, batch.slice(0, half), largest, where)
    yield from _statements(head, batch.slice(half), largest, where)


def _rows(batch: pa.RecordBatch) -> list[str]:
    """``(1,'a',NULL)`` for each row."""
    rows: list[str] = _joined("(", _joined(*map(_literals, batch.columns), by=","), ")").to_pylist()
    return rows


def _literals(column: Any) -> Any:
    """The values of a column as SQL literals that mean them exactly."""
    if pa.types.is_string(column.type):
        escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), "'", "''")
        literals = _joined("'", escaped, "'")
    elif pa.types.is_floating(column.type):
        shortest = column.cast(pa.string())  # of those that mean this double
        exponent = pc.if_else(pc.match_substring(shortest, "e"), "", "e0")  # without one it is a decimal
        literals = _joined(shortest, exponent)
    else:
        literals = column.cast(pa.string())
    return pc.fill_null(literals, "NULL")


def _joined(*parts: Any, by: str = "") -> Any:
    return pc.binary_join_element_wise(*parts, by)


def quoted(name: str) -> str:
    """An identifier."""
    return "`" + name.replace("`", "``") + "`"
