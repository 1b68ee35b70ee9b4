"""One page of one version: a query over the contract's fields as one SQL statement, and its rows as Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, ColumnElement, Row, Select, Table, false, select

from common.io.collections.dialect import Dialect
from common.io.collections.encoding import decode, encode_bound, encode_value
from common.io.collections.protocol import Filter, Page, Query, QueryError
from common.io.collections.tables import CHUNK, MANIFESTS, SYSTEM, table_name
from common.utils.contract import Contract, Field


class PageQuery:
    """A checked query."""

    def __init__(self, contract: Contract, table: Table, dialect: Dialect, query: Query) -> None:
        """Checks the query.

        Raises:
            QueryError: It names what the contract does not offer.
        """
        self.contract, self.table, self.dialect, self.query = contract, table, dialect, query
        offered = {field.name: field for field in (*contract.fields, *SYSTEM)}
        self.fields = [_named(name, offered, contract) for name in query.fields or contract.schema.names]
        self.order = [contract.field(name) for name in self._order(query.sort)]
        if query.limit < 1:
            raise QueryError("A page has at least one row.", where=contract.name)

    def _order(self, sort: str | None) -> tuple[str, ...]:
        if sort is not None and sort not in self.contract.sortable:
            raise QueryError(
                f"{self.contract.name} cannot be sorted by {sort}.",
                next_step=f"Sort by one of: {', '.join(self.contract.sortable)}.",
            )
        return tuple(dict.fromkeys((sort, *self.contract.key) if sort else self.contract.key))

    def statement(self, version: int) -> Select[Any]:
        """The page's rows and one more, which tells whether another page follows."""
        pinned = {one.field for one in self.query.filters if one.operator == "eq"}
        order = [self.table.c[field.name] for field in self.order if field.name not in pinned]
        conditions = [self._condition(one) for one in self.query.filters]
        if self.query.after is not None:
            conditions.append(self._beyond(order, self.query.after))
        columns = dict.fromkeys(field.name for field in (*self.fields, *self.order))
        return (
            select(*(self.table.c[name] for name in columns))
            .where(*conditions, self._within(version))
            .order_by(*(column.desc() if self.query.descending else column for column in order))
            .limit(self.query.limit + 1)
        )

    def page(self, rows: Sequence[Row[Any]]) -> Page:
        """What the statement found."""
        columns = list(dict.fromkeys((*self.fields, *self.order)))
        shown = rows[: self.query.limit]
        stored = list(zip(*shown, strict=True)) or [()] * len(columns)
        arrays = {field.name: decode(values, field) for field, values in zip(columns, stored, strict=True)}
        schema = pa.schema([field.arrow for field in self.fields])
        table = pa.table([arrays[field.name] for field in self.fields], schema=schema)
        more = len(rows) > self.query.limit
        position = tuple(arrays[field.name][-1].as_py() for field in self.order) if more else None
        return Page(table, position)

    def _within(self, version: int) -> ColumnElement[bool]:
        """The row's chunk is in the version's manifest."""
        chosen = select(MANIFESTS.c.chunk).where(
            MANIFESTS.c.collection == table_name(self.contract), MANIFESTS.c.version == version
        )
        return self.dialect.within(self.table.c[CHUNK], chosen)

    def _condition(self, wanted: Filter) -> ColumnElement[bool]:
        field = _named(wanted.field, {field.name: field for field in self.contract.fields}, self.contract)
        bound = encode_bound(field, wanted.operator, wanted.value)
        if bound is None:
            return false()
        operator, value = bound
        column = self.table.c[field.name]
        comparisons: dict[str, ColumnElement[bool]] = {
            "eq": column == value,
            "gt": column > value,
            "gte": column >= value,
            "lt": column < value,
            "lte": column <= value,
        }
        return comparisons[operator]

    def _beyond(self, order: Sequence[Column[Any]], after: Sequence[Any]) -> ColumnElement[bool]:
        if len(after) != len(self.order):
            raise QueryError(
                f"The position has {len(after)} values instead of {len(self.order)}.",
                next_step="Give the position of the page before, with the same sort.",
            )
        values = {
            field.name: encode_value(field, value) for field, value in zip(self.order, after, strict=True)
        }
        if not order:
            return false()  # the filters pin the whole key: nothing comes after its one row
        return self.dialect.beyond(order, [values[column.name] for column in order], self.query.descending)


def _named(name: str, offered: dict[str, Field], contract: Contract) -> Field:
    if name not in offered:
        raise QueryError(
            f"{contract.name} has no field {name}.", next_step=f"Its fields: {', '.join(offered)}."
        )
    return offered[name]
