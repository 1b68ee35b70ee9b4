"""``select``: some of the columns, in the order in which they are named."""

from __future__ import annotations

from pydantic import Field, RootModel

from common.pipelines.steps import DAY, Planned, Scope, named, selected


class Step(RootModel[list[str]]):
    """Keeps the columns that are named, in this order: ``select: [date, product_id, quantity]``."""

    root: list[str] = Field(min_length=1, description="Columns that stay, in this order")

    def plan(self, scope: Scope) -> Planned:
        """Those columns."""
        kept = scope.those((), self.root)
        found = {name: scope.columns[name] for name in kept} or scope.columns
        return Planned(found, selected(named(found)), by_day=DAY in found)
