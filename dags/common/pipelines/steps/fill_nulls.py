"""``fill_nulls``: a value where there is none."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field, RootModel

from common.pipelines.expressions.literals import Value
from common.pipelines.steps import DAY, Planned, Scope, named, selected
from common.pipelines.values import is_open
from common.utils.quoting import identifier


class Step(RootModel[dict[str, Value]]):
    """Puts a value where a column is null: ``fill_nulls: {discount: 0, country: unknown}``."""

    root: dict[str, Value] = Field(
        min_length=1, description="Columns, each with a value of its type; dates and times as texts"
    )

    def plan(self, scope: Scope) -> Planned:
        """The same columns; those named are never null."""
        found, sql = dict(scope.columns), named(scope.columns)
        for name, value in self.root.items():
            column = scope.column((name,), name)
            literal = column and scope.literal((name,), value, column.type)
            if column and literal:
                found[name] = replace(column, required=True, personal=column.personal or is_open(value))
                sql[name] = f"coalesce({identifier(name)}, {literal})"
        return Planned(found, selected(sql), by_day=DAY not in self.root)
