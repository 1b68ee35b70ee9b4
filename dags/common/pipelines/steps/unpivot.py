"""``unpivot``: columns become rows."""

from __future__ import annotations

from pydantic import Field

from common.pipelines.expressions.types import STRING, Column, common
from common.pipelines.steps import DAY, Model, Planned, Scope, selected
from common.utils.quoting import identifier, literal


class Step(Model):
    """Columns become rows: ``unpivot: {by: [date], columns: [paid, void], name: state, value: n}``.

    Columns that are named nowhere go; values that are null stay.
    """

    by: list[str] = Field(default=[], description="Columns that stay")
    columns: list[str] = Field(
        min_length=1, description="Columns that become rows, of types that go together"
    )
    name: str = Field(description="The new column with the name of the column")
    value: str = Field(description="The new column with its value")

    def plan(self, scope: Scope) -> Planned:
        """The columns that stay, the name and the value."""
        by, turned = scope.those(("by",), self.by), scope.those(("columns",), self.columns)
        found = {name: scope.columns[name] for name in by}
        scope.added(("name",), self.name, by)
        scope.added(("value",), self.value, [*by, self.name])
        value = self._value(scope, turned)
        found |= {self.name: Column(STRING, required=True), self.value: value}
        cases = " ".join(f"WHEN {at} THEN {_as(name, value)}" for at, name in enumerate(turned))
        names = " ".join(f"WHEN {at} THEN {literal(name)}" for at, name in enumerate(turned))
        sql = {name: f"ours.{identifier(name)}" for name in by}
        if turned:
            sql |= {self.name: f"CASE turned.place {names} END", self.value: f"CASE turned.place {cases} END"}
        rest = f"FROM {{input}} AS ours CROSS JOIN range({len(turned)}) AS turned(place)"
        return Planned(found, selected(sql, rest), by_day=DAY in by)

    def _value(self, scope: Scope, turned: list[str]) -> Column:
        """What holds the values of all columns."""
        columns = [scope.columns[name] for name in turned]
        kind = columns[0].type if columns else STRING
        for name, column in zip(turned, columns, strict=True):
            both = common(kind, column.type)
            if both is None:
                problem = f"'{name}' is of type {column.type} and those before it of type {kind}: cast one"
                scope.report(("columns", self.columns.index(name)), problem)
            kind = both or kind
        return Column(kind, all(one.required for one in columns), any(one.personal for one in columns))


def _as(name: str, value: Column) -> str:
    return f"CAST(ours.{identifier(name)} AS {value.type.sql})"
