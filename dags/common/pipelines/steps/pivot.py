"""``pivot``: the values of a column become columns."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from common.pipelines.expressions.literals import Value
from common.pipelines.expressions.types import STRING, Column
from common.pipelines.steps import DAY, Expression, Model, Planned, Scope, braced, listed, named, selected
from common.utils.quoting import identifier

OF, VALUE = '"pivot of"', '"pivot value"'  # no column has a name with a blank


class Step(Model):
    """One row for each group, with a column for each of some values of a column.

    ``pivot: {by: [date], column: status, values: [paid, void], value: sum(amount), prefix: amount_}`` gives
    ``date``, ``amount_paid`` and ``amount_void``; null where a group has no such row.
    """

    by: list[str] = Field(min_length=1, description="Columns whose values make a group")
    column: str = Field(description="The column whose values become columns")
    values: list[Value] | dict[str, Value] = Field(
        min_length=1, description="Its values: [paid, void], or {new_column: value}"
    )
    value: Expression = Field(description="What stands in the new columns, an expression such as sum(amount)")
    prefix: str = Field(default="", description="What the names of the new columns begin with")

    def plan(self, scope: Scope) -> Planned:
        """The columns of the groups, and one for each value."""
        by = scope.those(("by",), self.by)
        column = scope.column(("column",), self.column)
        typed = scope.expression(("value",), self.value, [*by, self.column])
        found, sql = {name: scope.columns[name] for name in by}, named(by)
        for at, name, value in self._values():
            scope.added(("values", at), name, found)
            literal = column and scope.literal(("values", at), value, column.type)
            found[name] = Column(typed.type, personal=typed.personal) if typed else Column(STRING)
            if typed and literal:
                sql[name] = f"max({VALUE}) FILTER (WHERE {OF} = {literal})"
        if column is None or typed is None or not by:
            return Planned(found, selected(named(found)), by_day=False)
        each = selected(named(by), f", {identifier(self.column)} AS {OF}, {braced(typed.sql)} AS {VALUE}")
        groups = listed(list(dict.fromkeys([*by, self.column])))
        rest = f"FROM ({each} FROM {{input}} GROUP BY {groups}) GROUP BY {listed(by)}"
        return Planned(found, selected(sql, rest), by_day=DAY in by and not typed.clock)

    def _values(self) -> list[tuple[str | int, str, Value]]:
        """Of each its place, the name of its column, and itself."""
        if isinstance(self.values, Mapping):
            return [(name, f"{self.prefix}{name}", value) for name, value in self.values.items()]
        return [(at, f"{self.prefix}{_word(value)}", value) for at, value in enumerate(self.values)]


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
