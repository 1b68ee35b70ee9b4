"""Rows as documents: the contract's fields in their stored forms, under an ``_id`` of key and chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from common.io.collections.encoding import CHUNK, python_columns
from common.utils.contract import Contract


def documents(rows: pa.Table, contract: Contract) -> list[dict[str, Any]]:
    """Rows in stored form as documents.

    The ``_id`` is a string in which each part has its length before it, so that no two are spelled alike.
    """
    columns = dict(zip(rows.column_names, python_columns(rows), strict=True))
    ids = [[f"{len(text)}:{text}" for text in map(str, columns[name])] for name in (*contract.key, CHUNK)]
    names = ["_id", *columns]
    joined = map("".join, zip(*ids, strict=True))
    return [dict(zip(names, row, strict=True)) for row in zip(joined, *columns.values(), strict=True)]


def tables(found: Iterable[dict[str, Any]], schema: pa.Schema, size: int) -> Iterator[pa.Table]:
    """Documents as tables of stored forms; a field that a document has not is null."""
    remaining = iter(found)
    while some := list(islice(remaining, size)):
        arrays = [pa.array([one.get(field.name) for one in some], field.type) for field in schema]
        yield pa.table(arrays, schema=schema)


def values(found: Iterable[dict[str, Any]], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The stored values of some columns of documents."""
    return [tuple(one.get(name) for name in columns) for one in found]
