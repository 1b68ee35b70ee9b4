"""``running_total``: the sum of a column up to each row."""

from __future__ import annotations

from pydantic import Field

from common.pipelines.expressions.types import INTEGER, Column, Type
from common.pipelines.steps import DAY, Model, Planned, Scope, listed, named, ordered, selected
from common.utils.quoting import identifier

DIGITS = 18  # of a decimal that every store holds


class Step(Model):
    """Adds a column: ``running_total: {of: amount, name: balance, order: [line], per: [account]}``."""

    of: str = Field(description="The column that is summed up, an exact number")
    name: str = Field(description="Of the new column")
    order: list[str] = Field(min_length=1, description="Columns that say which rows come before")
    per: list[str] = Field(default=[], description="Columns whose values have sums of their own")

    def plan(self, scope: Scope) -> Planned:
        """The same columns, and the new one."""
        order, per = scope.those(("order",), self.order), scope.those(("per",), self.per)
        column = scope.column(("of",), self.of)
        scope.new(("name",), self.name)
        if column is None:
            return Planned(scope.columns, "SELECT * FROM {input}")
        if not column.type.is_exact:
            scope.report(("of",), f"a sum is of exact numbers, and '{self.of}' is {column.type}")
        kind = INTEGER if column.type == INTEGER else Type("decimal", DIGITS, column.type.scale)
        rest = [name for name in scope.columns if name not in order]  # so that the order is always the same
        parted = f"PARTITION BY {listed(per)} " if per else ""
        window = f"{parted}ORDER BY {ordered((), [*order, *rest])} ROWS UNBOUNDED PRECEDING"
        total = f"CAST(sum({identifier(self.of)}) OVER ({window}) AS {kind.sql})"
        columns = {**scope.columns, self.name: Column(kind, column.required, column.personal)}
        return Planned(columns, selected({**named(scope.columns), self.name: total}), by_day=DAY in per)
