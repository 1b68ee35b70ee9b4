"""One page as one query over the files of a version, or over those of its first partitions that fill it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from common.io.collections.encoding import decode
from common.io.collections.files.formats import Scan
from common.io.collections.manifest import Manifest
from common.io.collections.protocol import Chunk, Operator
from common.io.collections.reading import PageQuery
from common.utils.contract import Contract, Field

_SIGNS: dict[Operator, str] = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_Bound = tuple[str, Operator, Any]


def portions(contract: Contract, manifest: Manifest, query: PageQuery) -> Iterator[list[Chunk]]:
    """The chunks to search, in portions: one after the other until the page is full.

    Sorted by the partition's field, all rows of a partition come before those of the next. The first portion
    has enough rows if no filter takes any away; each that follows has as many partitions as all before it.
    """
    names = sorted(_within(contract, manifest, query), reverse=query.descending)
    chunks = [manifest[name] for name in names]
    if not query.order or query.order[0] != contract.partition_field:
        yield chunks
        return
    start, end, rows = 0, 0, 0
    while end < len(chunks) and rows < query.limit:
        rows += chunks[end].rows
        end += 1
    while start < len(chunks):
        yield chunks[start:end]
        start, end = end, 2 * end


def _within(contract: Contract, manifest: Manifest, query: PageQuery) -> Sequence[str]:
    """The partitions that can have rows of the page, by their names: these order as their days do."""
    bounds = [bound for bound in _bounds(query) if bound[0] == contract.partition_field]
    names = list(manifest)
    for column, operator, value in bounds:
        day = decode([value], contract.field(column))[0].as_py().isoformat()
        if operator in ("eq", "gt", "gte"):
            names = [name for name in names if name >= day[: len(name)]]
        if operator in ("eq", "lt", "lte"):
            names = [name for name in names if name <= day[: len(name)]]
    return names


def _bounds(query: PageQuery) -> Sequence[_Bound]:
    """The filters, and how far the position has come in the first column."""
    if not query.after:
        return query.filters
    operator: Operator = "lte" if query.descending else "gte"
    return (*query.filters, (query.order[0], operator, query.after[0]))


def page_statement(scan: Scan, fields: dict[str, Field], query: PageQuery) -> Scan:
    """The SQL of a page and its parameters, in the types of the files.

    Args:
        scan: What to read.
        fields: Of the files, by name.
        query: What is asked for; possible.
    """
    source, given = scan
    bounds = [*query.filters]
    conditions = [f"{_quoted(column)} {_SIGNS[operator]} ?" for column, operator, _ in bounds]
    if query.after is not None:
        condition, position = _beyond(query.order, query.after, "<" if query.descending else ">")
        conditions.append(condition)
        bounds += position
    direction = "DESC" if query.descending else "ASC"
    order = ", ".join(f"{_quoted(column)} {direction}" for column in query.order)
    statement = (
        f"SELECT {', '.join(map(_quoted, query.columns))} FROM {source} "  # noqa: S608 (names of a contract)
        f"{'WHERE ' if conditions else ''}{' AND '.join(conditions)} "
        f"{'ORDER BY ' if order else ''}{order} LIMIT {query.limit}"
    )
    return statement, [*given, *(decode([value], fields[column])[0].as_py() for column, _, value in bounds)]


def _beyond(columns: Sequence[str], values: Sequence[Any], sign: str) -> tuple[str, list[_Bound]]:
    """Rows after a position; the first condition of each level lets the reader skip row groups."""
    column = _quoted(columns[0])
    bound: _Bound = (columns[0], "eq", values[0])
    if len(columns) == 1:
        return f"{column} {sign} ?", [bound]
    condition, bounds = _beyond(columns[1:], values[1:], sign)
    return f"{column} {sign}= ? AND ({column} {sign} ? OR {condition})", [bound, bound, *bounds]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
