"""``deduplicate``: one row of each key, or of all that are equal."""

from __future__ import annotations

from pydantic import Field

from common.pipelines.steps import DAY, Model, Planned, Scope, listed, named, ordered, selected


class Step(Model):
    """Keeps of each key the latest row: ``deduplicate: {by: [order_id], latest: updated_at}``.

    Without both, rows that are equal in all columns are kept once: ``deduplicate: {}``.
    """

    by: list[str] = Field(default=[], description="Columns that identify a row")
    latest: str = Field(
        default="", description="The column that tells the later of two; null is the earliest"
    )

    def plan(self, scope: Scope) -> Planned:
        """The same columns."""
        by = scope.those(("by",), self.by)
        latest = scope.column(("latest",), self.latest) if self.latest else None
        columns = named(scope.columns)
        if self.by and not self.latest:
            scope.report((), "say under 'latest' by which column one of the rows with the same 'by' stays")
        if self.latest and not self.by:
            scope.report(("latest",), "say under 'by' which columns identify a row")
        if not by or latest is None:
            sql = selected(columns, f"FROM {{input}} GROUP BY {listed(list(columns))}")
            return Planned(scope.columns, sql, by_day=DAY in scope.columns)
        rest = [name for name in columns if name not in (*by, self.latest)]
        window = f"PARTITION BY {listed(by)} ORDER BY {ordered([self.latest, *rest])}"
        sql = selected(columns, f"FROM {{input}} QUALIFY row_number() OVER ({window}) = 1")
        return Planned(scope.columns, sql, by_day=DAY in by)
