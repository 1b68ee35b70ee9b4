"""One page of one version: a query checked against the contract, and the rows that it finds as Arrow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from common.io.collections.encoding import SYSTEM, decode, encode_bound, encode_value
from common.io.collections.protocol import Filter, Operator, Page, Query, QueryError
from common.utils.contract import Contract, Field


class PageQuery:
    """A checked query in stored values, as every database understands it.

    Attributes:
        columns: To fetch, in this order.
        filters: Column, operator and stored value, joined by AND. None of them matches null.
        impossible: Whether no row can match: a filter's value is no stored one or its field is in no row, or
            nothing can follow.
        order: Columns to sort by, ending in the key; those that a filter pins to one value are left out.
        after: The stored values of ``order`` after which the page begins, or ``None``.
        descending: Turns the whole order round.
        limit: Rows to fetch: those of the page and one more, which tells whether another page follows.
    """

    def __init__(self, contract: Contract, query: Query, absent: Collection[str] = ()) -> None:
        """Checks the query.

        Args:
            contract: What can be asked for.
            query: What is asked for.
            absent: Fields that the contract adds and no stored row has yet: they are null.

        Raises:
            QueryError: It names what the contract does not offer.
        """
        self.contract = contract
        offered = {field.name: field for field in (*contract.fields, *SYSTEM)}
        self._fields = [self._named(name, offered) for name in query.fields or contract.schema.names]
        self._order = [contract.field(name) for name in self._order_of(query.sort)]
        if query.limit < 1:
            raise QueryError("A page has at least one row.", where=contract.name)
        self.limit, self.descending = query.limit + 1, query.descending
        self._fetched = list(dict.fromkeys((*self._fields, *self._order)))
        self._absent = [field for field in self._fetched if field.name in absent]
        self._fetched = [field for field in self._fetched if field.name not in absent]
        self.columns = tuple(field.name for field in self._fetched)
        bounds = [self._bound(one) for one in query.filters]
        self.filters = tuple(bound for bound in bounds if bound is not None)
        pinned = {column for column, operator, _ in self.filters if operator == "eq"}
        self.order = tuple(field.name for field in self._order if field.name not in pinned)
        self.after = None if query.after is None else self._position(query.after)
        self.impossible = None in bounds or self.after == () or any(f.field in absent for f in query.filters)

    def page(self, rows: Sequence[Sequence[Any]]) -> Page:
        """What a database found."""
        shown = rows[: self.limit - 1]
        stored = list(zip(*shown, strict=True)) or [()] * len(self._fetched)
        arrays = {
            field.name: decode(values, field) for field, values in zip(self._fetched, stored, strict=True)
        }
        arrays |= {field.name: pa.nulls(len(shown), field.arrow.type) for field in self._absent}
        schema = pa.schema([field.arrow for field in self._fields])
        table = pa.table([arrays[field.name] for field in self._fields], schema=schema)
        more = len(rows) == self.limit
        position = tuple(arrays[field.name][-1].as_py() for field in self._order) if more else None
        return Page(table, position)

    def _order_of(self, sort: str | None) -> tuple[str, ...]:
        if sort is not None and sort not in self.contract.sortable:
            raise QueryError(
                f"{self.contract.name} cannot be sorted by {sort}.",
                next_step=f"Sort by one of: {', '.join(self.contract.sortable)}.",
            )
        return tuple(dict.fromkeys((sort, *self.contract.key) if sort else self.contract.key))

    def _bound(self, wanted: Filter) -> tuple[str, Operator, Any] | None:
        field = self._named(wanted.field, {field.name: field for field in self.contract.fields})
        bound = encode_bound(field, wanted.operator, wanted.value)
        return None if bound is None else (field.name, *bound)

    def _position(self, after: Sequence[Any]) -> tuple[Any, ...]:
        if len(after) != len(self._order):
            raise QueryError(
                f"The position has {len(after)} values instead of {len(self._order)}.",
                next_step="Give the position of the page before, with the same sort.",
            )
        values = {f.name: encode_value(f, value) for f, value in zip(self._order, after, strict=True)}
        return tuple(values[name] for name in self.order)

    def _named(self, name: str, offered: dict[str, Field]) -> Field:
        if name not in offered:
            raise QueryError(
                f"{self.contract.name} has no field {name}.", next_step=f"Its fields: {', '.join(offered)}."
            )
        return offered[name]
