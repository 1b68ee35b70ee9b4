"""``truncate_date``: moments become the beginning of their month, week or another unit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, RootModel

from common.pipelines.expressions.function import DAYS
from common.pipelines.expressions.types import DATE, TIMESTAMP
from common.pipelines.steps import DAY, Planned, Scope, named, selected
from common.utils.quoting import identifier, literal

Unit = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]


class Step(RootModel[dict[str, Unit]]):
    """Cuts dates and timestamps to the beginning of a unit, in UTC: ``truncate_date: {sold_at: month}``."""

    root: dict[str, Unit] = Field(
        min_length=1, description="Columns, each with its unit; weeks begin on Monday"
    )

    def plan(self, scope: Scope) -> Planned:
        """The same columns of the same types."""
        sql = named(scope.columns)
        for name, unit in self.root.items():
            column = scope.column((name,), name)
            if column is None:
                continue
            if column.type not in (DATE, TIMESTAMP):
                scope.report((name,), f"'{name}' is of type {column.type}, and no date or timestamp")
            elif column.type == DATE and unit not in DAYS:
                scope.report((name,), f"'{name}' is a date and has no {unit}s: it is {', '.join(DAYS)}")
            cut = f"date_trunc({literal(unit)}, {identifier(name)})"
            sql[name] = f"CAST({cut} AS {column.type.sql})"
        return Planned(scope.columns, selected(sql), by_day=DAY not in self.root)
