"""``drop``: all columns but some."""

from __future__ import annotations

from pydantic import Field, RootModel

from common.pipelines.steps import DAY, Planned, Scope, named, selected


class Step(RootModel[list[str]]):
    """Leaves columns out: ``drop: [note, email]``."""

    root: list[str] = Field(min_length=1, description="Columns that go")

    def plan(self, scope: Scope) -> Planned:
        """The other columns."""
        gone = scope.those((), self.root)
        found = {name: column for name, column in scope.columns.items() if name not in gone}
        if not found and scope.columns:
            scope.report((), "no column is left")
            found = dict(scope.columns)
        return Planned(found, selected(named(found)), by_day=DAY not in gone)
