"""One page as one SQL statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, select

from common.io.collections.encoding import CHUNK
from common.io.collections.protocol import Operator
from common.io.collections.reading import PageQuery
from common.io.collections.sql.dialect import Dialect
from common.io.collections.sql.tables import MANIFESTS


def page_statement(name: str, table: Table, dialect: Dialect, stored: str, query: PageQuery) -> Select[Any]:
    """Selects the rows of a page that stand in the chunks of a manifest.

    Args:
        name: The collection's.
        table: Its rows.
        dialect: Whose planner is led to the index.
        stored: The manifest's id.
        query: What is asked for; possible.
    """
    chosen = select(MANIFESTS.c.chunk).where(MANIFESTS.c.collection == name, MANIFESTS.c.stored == stored)
    conditions = [_comparison(table.c[column], operator, value) for column, operator, value in query.filters]
    order = [table.c[column] for column in query.order]
    if query.after is not None:
        conditions.append(dialect.beyond(order, query.after, query.descending))
    elif order:
        conditions.append(order[0].is_not(None))  # it never is; it shows small tables' planners to the index
    return (
        select(*(table.c[column] for column in query.columns))
        .where(*conditions, dialect.within(table.c[CHUNK], chosen))
        .order_by(*(column.desc() if query.descending else column for column in order))
        .limit(query.limit)
    )


def _comparison(column: ColumnElement[Any], operator: Operator, value: Any) -> ColumnElement[bool]:
    comparisons: dict[Operator, ColumnElement[bool]] = {
        "eq": column == value,
        "gt": column > value,
        "gte": column >= value,
        "lt": column < value,
        "lte": column <= value,
    }
    return comparisons[operator]
