"""``filter``: the rows for which a condition is true; one that is null is not."""

from __future__ import annotations

from pydantic import RootModel

from common.pipelines.expressions.types import BOOLEAN
from common.pipelines.steps import Expression, Planned, Scope, braced, named, selected


class Step(RootModel[Expression]):
    """Keeps the rows for which the condition is true: ``filter: quantity > 0 and status != "void"``."""

    def plan(self, scope: Scope) -> Planned:
        """The same columns."""
        condition = scope.expression((), self.root)
        if condition and condition.type != BOOLEAN:
            scope.report((), f"a filter is true or false, and this is of type {condition.type}")
        sql = braced(condition.sql) if condition else "true"
        clock = condition is not None and condition.clock
        return Planned(
            scope.columns, selected(named(scope.columns), f"FROM {{input}} WHERE {sql}"), by_day=not clock
        )
