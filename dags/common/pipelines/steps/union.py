"""``union``: the rows of other tables below."""

from __future__ import annotations

from pydantic import Field

from common.pipelines.expressions.types import Column, Columns, common
from common.pipelines.steps import Model, Planned, Scope, braced, selected
from common.utils.quoting import identifier


class Step(Model):
    """Puts rows of other tables below, column by column of the same name: ``union: {with: [returns]}``.

    A column that one of the tables does not have is null in its rows.
    """

    tables: list[str] = Field(alias="with", min_length=1, description="Sources or tables")

    def plan(self, scope: Scope) -> Planned:
        """Our columns, and those that only others have after them."""
        others = {name: scope.table(("with", at), name) for at, name in enumerate(self.tables)}
        found = dict(scope.columns)
        for at, columns in enumerate(others.values()):
            for name, column in columns.items():
                found[name] = self._both(scope, at, name, found.get(name), column)
            for name in found.keys() - columns.keys():
                found[name] = Column(found[name].type, personal=found[name].personal)
        parts = [_as(found, scope.columns, "{input}")]
        parts += [_as(found, others[name], braced(identifier(name))) for name in self.tables]
        return Planned(found, " UNION ALL ".join(parts), by_day=False)

    def _both(self, scope: Scope, at: int, name: str, one: Column | None, other: Column) -> Column:
        if one is None:  # of the rows so far it is null
            return Column(other.type, personal=other.personal)
        kind = common(one.type, other.type)
        if kind is None:
            table = self.tables[at]
            problem = f"'{name}' is of type {one.type} here and {other.type} in '{table}': cast one of them"
            scope.report(("with", at), problem)
        return Column(kind or one.type, one.required and other.required, one.personal or other.personal)


def _as(wanted: Columns, given: Columns, table: str) -> str:
    """Rows of one table with the columns of all."""
    sql = {
        name: f"CAST({identifier(name) if name in given else 'NULL'} AS {column.type.sql})"
        for name, column in wanted.items()
    }
    return selected(sql, f"FROM {table}")
