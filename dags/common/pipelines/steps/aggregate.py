"""``aggregate``: one row for each group of rows."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from common.pipelines.expressions.types import Column
from common.pipelines.steps import DAY, Expression, Model, Planned, Scope, listed, named, selected


class Step(Model):
    """One row for each group: ``aggregate: {by: [date, product_id], columns: {revenue: sum(price)}}``."""

    by: list[str] = Field(default=[], description="Columns whose values make a group; none: all rows are one")
    columns: dict[str, Expression] = Field(
        min_length=1, description="Columns of the result, each an expression such as sum(quantity * price)"
    )

    def plan(self, scope: Scope) -> Planned:
        """The columns of the groups, and the computed ones."""
        by = scope.those(("by",), self.by)
        found, sql = {name: scope.columns[name] for name in by}, named(by)
        clock, columns = False, scope.columns
        if not by:  # of no rows at all a sum is null, and only a count is not
            columns = {name: replace(column, required=False) for name, column in columns.items()}
        for name, text in self.columns.items():
            place = ("columns", name)
            scope.added(place, name, by)
            if typed := scope.expression(place, text, by, columns):
                found[name] = Column(typed.type, typed.required, typed.personal)
                sql[name] = typed.sql
                clock = clock or typed.clock
        grouped = f"FROM {{input}} GROUP BY {listed(by) or '()'}"
        return Planned(found, selected(sql, grouped), by_day=DAY in by and not clock)
