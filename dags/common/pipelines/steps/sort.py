"""``sort``: an order, and the first rows in it."""

from __future__ import annotations

from pydantic import Field

from common.pipelines.steps import DAY, Model, Planned, Scope, listed, named, ordered, selected


class Step(Model):
    """Keeps the first rows in an order: ``sort: {by: [-revenue, name], limit: 10, per: [date]}``.

    Null comes last; among equals the other columns decide. Without a limit all rows stay.
    """

    by: list[str] = Field(
        min_length=1, description="Columns; - before one is from the largest to the smallest"
    )
    limit: int | None = Field(default=None, ge=1, description="So many rows stay")
    per: list[str] = Field(default=[], description="The limit is for each group of equal values in these")

    def plan(self, scope: Scope) -> Planned:
        """The same columns."""
        per = scope.those(("per",), self.per)
        if self.per and self.limit is None:
            scope.report(("per",), "'per' is for a limit: say under 'limit' how many rows of each group stay")
        order = []
        for at, text in enumerate(self.by):
            if scope.column(("by", at), text.removeprefix("-")):
                order.append(text)
        named_in_order = {text.removeprefix("-") for text in order}
        rest = [name for name in scope.columns if name not in named_in_order]
        by = ", ".join(
            ordered([text[1:]]) if text.startswith("-") else ordered((), [text]) for text in [*order, *rest]
        )
        if self.limit is None:
            ending = f"FROM {{input}} ORDER BY {by}"
        elif per:
            window = f"PARTITION BY {listed(per)} ORDER BY {by}"
            ending = f"FROM {{input}} QUALIFY row_number() OVER ({window}) <= {self.limit}"
        else:
            ending = f"FROM {{input}} ORDER BY {by} LIMIT {self.limit}"
        sql = selected(named(scope.columns), ending)
        return Planned(scope.columns, sql, by_day=self.limit is None or DAY in per)
