"""``derive``: new columns, computed from those that there are."""

from __future__ import annotations

from pydantic import Field, RootModel

from common.pipelines.expressions.types import Column
from common.pipelines.steps import DAY, Expression, Planned, Scope, named, selected


class Step(RootModel[dict[str, Expression]]):
    """Computes columns: ``derive: {amount: quantity * unit_price, tax: amount * 0.2}``.

    One that is there already is replaced; a later one may use an earlier one.
    """

    root: dict[str, Expression] = Field(min_length=1, description="Columns, each with its expression")

    def plan(self, scope: Scope) -> Planned:
        """The columns of the input, and the new ones after them."""
        columns, source, clock = dict(scope.columns), "{input}", False
        level: dict[str, str] = {}  # those that one SELECT computes
        for name, text in self.root.items():
            if name not in scope.columns:
                scope.new((name,), name)
            typed = scope.expression((name,), text, columns=columns)
            if typed is None:
                continue
            if typed.columns & level.keys():
                source, level = f"({selected({**named(columns), **level}, f'FROM {source}')})", {}
            columns[name] = Column(typed.type, typed.required, typed.personal)
            level[name] = typed.sql
            clock = clock or typed.clock
        sql = selected({**named(columns), **level}, f"FROM {source}")
        return Planned(columns, sql, by_day=DAY not in self.root and not clock)
