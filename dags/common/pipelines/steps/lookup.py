"""``lookup``: columns of the one row of another table that matches."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from common.pipelines.expressions.literals import Value
from common.pipelines.expressions.typed import cast
from common.pipelines.expressions.types import Column
from common.pipelines.steps import Model, Planned, Scope, braced, named, selected
from common.pipelines.steps.join import Key, Names, brought, equal, matched, pairs
from common.pipelines.values import is_open
from common.utils.errors import did_you_mean
from common.utils.quoting import identifier, literal


class Step(Model):
    """Looks up columns: ``lookup: {in: products, on: [product_id], columns: [category]}``.

    There are as many rows after it as before: the run fails where the other table has two rows of one key.
    """

    table: str = Field(alias="in", description="A source or table, with one row for each key")
    on: Names = Field(min_length=1, description="Columns that must be equal: [id], or {our_id: their_id}")
    columns: Names = Field(min_length=1, description="Columns to look up: [name], or {our_name: their_name}")
    default: dict[str, Value] = Field(
        default={}, description="Our columns, each with its value where there is none to be found"
    )

    def plan(self, scope: Scope) -> Planned:
        """Our columns, and those that were looked up after them."""
        theirs = scope.table(("in",), self.table)
        found, sql = dict(scope.columns), {name: f"ours.{one}" for name, one in named(scope.columns).items()}
        keys = matched(scope, theirs, self.on)
        columns = brought(scope, theirs, self.columns)
        for at, (ours, their) in enumerate(columns.items()):
            found[ours], sql[ours] = self._looked_up(scope, ours, theirs[their], f"theirs.value_{at}")
        for name in self.default:
            if theirs and name not in {ours for _, ours, _ in pairs(self.columns)}:
                scope.report(("default", name), f"'{name}' is not looked up: {did_you_mean(name, columns)}")
        shown = not any(theirs[their].personal for _, _, their in pairs(self.on) if their in theirs)
        inner = self._unique(keys, list(columns.values()), shown=shown)
        condition = equal(keys, [f"theirs.key_{at}" for at in range(len(keys))])
        rest = f"FROM {{input}} AS ours LEFT JOIN ({inner}) AS theirs ON {braced(condition)}"
        return Planned(found, selected(sql, rest), by_day=False)

    def _looked_up(self, scope: Scope, name: str, column: Column, sql: str) -> tuple[Column, str]:
        if name not in self.default:
            return replace(column, required=False), sql
        value = scope.literal(("default", name), self.default[name], column.type) or "NULL"
        secret = column.personal or is_open(self.default[name])
        return replace(column, required=True, personal=secret), f"coalesce({sql}, {value})"

    def _unique(self, keys: list[Key], values: list[str], *, shown: bool) -> str:
        """One row for each key that is not null, in the types in which keys are equal; more are an error."""
        if not keys:
            return "SELECT 1"
        names = [cast(identifier(key.theirs), key.type) for key in keys]
        columns = {f"key_{at}": name for at, name in enumerate(names)}
        columns |= {f"value_{at}": f"any_value({identifier(name)})" for at, name in enumerate(values)}
        on = ", ".join(key.theirs for key in keys)
        what = literal(f"lookup: '{self.table}' has more than one row of the same key ({on})")
        which = f" || ': ' || concat_ws(', ', {', '.join(names)})" if shown else ""
        once = f"CASE WHEN count(*) = 1 THEN true ELSE error({what}{which}) END"
        known = " AND ".join(f"{name} IS NOT NULL" for name in names)
        rest = f"FROM {identifier(self.table)} WHERE {known} GROUP BY {', '.join(names)} HAVING {once}"
        return selected(columns, braced(rest))
