"""``drop_nulls``: the rows that have a value in some columns."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field, RootModel

from common.pipelines.steps import Planned, Scope, braced, named, selected
from common.utils.quoting import identifier


class Step(RootModel[list[str]]):
    """Leaves out rows that are null in one of the columns: ``drop_nulls: [customer_id]``."""

    root: list[str] = Field(min_length=1, description="Columns in which no row may be null")

    def plan(self, scope: Scope) -> Planned:
        """The same columns; those named are never null."""
        names = scope.those((), self.root)
        found = dict(scope.columns) | {name: replace(scope.columns[name], required=True) for name in names}
        there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in names) or "true"
        return Planned(found, selected(named(found), f"FROM {{input}} WHERE {braced(there)}"))
