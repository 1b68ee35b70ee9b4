"""``cast``: columns in another type, exactly."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field, RootModel

from common.pipelines.expressions.casts import exactly
from common.pipelines.steps import DAY, Planned, Scope, named, selected
from common.utils.quoting import identifier

INSTEAD = {
    ("timestamp", "date"): ": its day is date(…), in the step 'derive'",
}


class Step(RootModel[dict[str, str]]):
    """Gives columns another type: ``cast: {revenue: "decimal(18,4)"}``.

    A value that does not fit, or that would be rounded, fails the run: ``round(revenue, 4)`` comes before.
    """

    root: dict[str, str] = Field(min_length=1, description="Columns, each with its new type")

    def plan(self, scope: Scope) -> Planned:
        """The same columns; those named in their new types."""
        found, sql = dict(scope.columns), named(scope.columns)
        for name, text in self.root.items():
            column, kind = scope.column((name,), name), scope.type((name,), text)
            if column is None or kind is None:
                continue
            what = f"cast: the column '{name}'"
            changed = exactly(identifier(name), column.type, kind, what, shown=not column.personal)
            if changed is None:
                hint = INSTEAD.get((column.type.name, kind.name), "")
                scope.report((name,), f"'{name}' is of type {column.type}, which cannot become {kind}{hint}")
            found[name] = replace(column, type=kind)
            sql[name] = changed or sql[name]
        return Planned(found, selected(sql), by_day=DAY not in self.root)
