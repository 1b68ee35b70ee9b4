"""``rename``: other names for columns."""

from __future__ import annotations

from pydantic import Field, RootModel

from common.pipelines.steps import DAY, Planned, Scope, selected
from common.utils.quoting import identifier


class Step(RootModel[dict[str, str]]):
    """Gives columns new names, which stand before the old ones: ``rename: {product_id: sku}``."""

    root: dict[str, str] = Field(min_length=1, description="New names, each with the column that gets it")

    def plan(self, scope: Scope) -> Planned:
        """The same columns in the same order."""
        renamed: dict[str, str] = {}
        for new, old in self.root.items():
            if old in renamed:
                scope.report((new,), f"'{old}' gets two names: '{renamed[old]}' and '{new}'")
            elif scope.column((new,), old):
                renamed[old] = new
        stay = [name for name in scope.columns if name not in renamed]
        for new in self.root:
            scope.added((new,), new, stay)
        names = {renamed.get(name, name): name for name in scope.columns}
        found = {new: scope.columns[old] for new, old in names.items()}
        sql = selected({new: identifier(old) for new, old in names.items()})
        return Planned(found, sql, by_day=DAY not in self.root and DAY not in renamed)
