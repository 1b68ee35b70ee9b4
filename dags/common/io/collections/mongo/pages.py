"""One page as one ``find``: its filter, its sort, and the index that serves both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from common.io.collections.encoding import CHUNK
from common.io.collections.mongo.indexes import Index, indexes
from common.io.collections.reading import PageQuery
from common.utils.contract import Contract


def serving(contract: Contract, query: PageQuery) -> Index | None:
    """The index that has the page's rows in its order, behind the most fields that filters pin.

    There is none where the sort is by a declared index's first field, and the next is not the key's first.
    """
    pinned = {column for column, operator, _ in query.filters if operator == "eq"}

    def fits(index: Index) -> bool:
        ordered = tuple(column for column in index.columns if column not in pinned)
        return len(index.columns) > 1 and not index.unique and ordered[: len(query.order)] == query.order

    def leading(index: Index) -> int:
        return next(at for at, column in enumerate(index.columns) if column not in pinned)

    return max(filter(fits, indexes(contract)), key=leading, default=None)


def condition(query: PageQuery, chunks: Iterable[int]) -> dict[str, Any]:
    """The filter of a page."""
    parts: list[dict[str, Any]] = [
        {column: value if operator == "eq" else {f"${operator}": value}}
        for column, operator, value in query.filters
    ]
    if query.after is not None:
        parts += _beyond(query.order, query.after, "$lt" if query.descending else "$gt")
    return {"$and": [*parts, {CHUNK: {"$in": list(chunks)}}]}


def _beyond(order: Sequence[str], after: Sequence[Any], operator: str) -> list[dict[str, Any]]:
    """Rows after a position; the bound on the first column is what the index begins with."""
    later = [
        {**dict(zip(order[:at], after[:at], strict=True)), column: {operator: value}}
        for at, (column, value) in enumerate(zip(order, after, strict=True))
    ]
    return [{order[0]: {f"{operator}e": after[0]}}, {"$or": later}]
