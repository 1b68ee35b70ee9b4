"""``join``: columns of another table, for each of its rows that matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from pydantic import Field

from common.pipelines.expressions.typed import cast
from common.pipelines.expressions.types import Columns, Type, common
from common.pipelines.steps import Model, Planned, Scope, braced, named, selected
from common.utils.quoting import identifier

Names = list[str] | dict[str, str]
"""Columns that are called the same here and there, or ours with theirs."""


class Step(Model):
    """Puts columns of another table beside: ``join: {with: products, on: [product_id], columns: [name]}``.

    A row that several rows of the other table match comes as often; ``lookup`` is for at most one.
    """

    table: str = Field(alias="with", description="A source or table")
    on: Names = Field(min_length=1, description="Columns that must be equal: [id], or {our_id: their_id}")
    columns: Names = Field(
        default=[], description="Columns that come along: [name], or {our_name: their_name}"
    )
    how: Literal["left", "inner"] = Field(
        default="left", description="left keeps our rows that none matches; inner leaves them out"
    )

    def plan(self, scope: Scope) -> Planned:
        """Our columns, and those that come along after them."""
        theirs = scope.table(("with",), self.table)
        found, sql = dict(scope.columns), {name: f"ours.{one}" for name, one in named(scope.columns).items()}
        keys = matched(scope, theirs, self.on)
        for ours, their in brought(scope, theirs, self.columns).items():
            column = theirs[their]
            found[ours] = replace(column, required=column.required and self.how == "inner")
            sql[ours] = f"theirs.{identifier(their)}"
        table = braced(identifier(self.table))
        condition = braced(equal(keys, [f"theirs.{identifier(key.theirs)}" for key in keys]))
        rest = f"FROM {{input}} AS ours {self.how.upper()} JOIN {table} AS theirs ON {condition}"
        return Planned(found, selected(sql, rest), by_day=False)


def pairs(names: Names) -> Iterable[tuple[str | int, str, str]]:
    """Of each its place, our name of it and theirs."""
    if isinstance(names, Mapping):
        return [(ours, ours, theirs) for ours, theirs in names.items()]
    return [(at, name, name) for at, name in enumerate(names)]


class Key(NamedTuple):
    """Columns that must be equal, in a type that holds both."""

    ours: str
    theirs: str
    type: Type


def matched(scope: Scope, theirs: Columns, on: Names) -> list[Key]:
    """What must be equal; problems are noted."""
    keys = []
    for at, our, their in pairs(on):
        place = ("on", at)
        one = scope.column(place, our)
        other = scope.column(place, their, theirs) if theirs else None
        if one is None or other is None:
            continue
        kind = common(one.type, other.type)
        if kind is None:
            scope.report(place, f"'{our}' is of type {one.type} and theirs of type {other.type}: cast one")
        else:
            keys.append(Key(our, their, kind))
    return keys


def brought(scope: Scope, theirs: Columns, columns: Names) -> dict[str, str]:
    """Our names of the columns that come along, with theirs; problems are noted."""
    found: dict[str, str] = {}
    for at, ours, their in pairs(columns):
        place = ("columns", at)
        scope.added(place, ours, {**scope.columns, **found})
        if theirs and scope.column(place, their, theirs) and ours not in scope.columns:
            found[ours] = their
    return found


def equal(keys: Sequence[Key], theirs: Sequence[str]) -> str:
    """SQL that is true where all keys are equal, with theirs as SQL; null is equal to nothing."""
    alike = [
        f"{cast(f'ours.{identifier(key.ours)}', key.type)} = {cast(their, key.type)}"
        for key, their in zip(keys, theirs, strict=True)
    ]
    return " AND ".join(alike) or "true"
