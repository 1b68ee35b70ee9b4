"""``mask``: personal data that nobody can read any more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, RootModel, SecretStr

from common.pipelines.expressions.types import STRING, Column
from common.pipelines.steps import DAY, Model, Planned, Scope, named, selected
from common.utils.quoting import identifier, literal

SHORT = 8  # of a text with fewer letters the last four would tell half of it, or more


class Hash(Model):
    """The same text for the same value, from which nobody finds the value without the key."""

    hash: SecretStr = Field(description="The key, such as ${MASK_KEY}")


class Step(RootModel[dict[str, Hash | Literal["hash", "redact", "last4"] | None]]):
    """Hides values: ``mask: {email: {hash: "${KEY}"}, name: redact, phone: null}``.

    All but ``null`` give texts, and null stays null. What is masked is no personal data any more.
    """

    root: dict[str, Hash | Literal["hash", "redact", "last4"] | None] = Field(
        min_length=1,
        description="Columns, each with {hash: key}, redact (***), last4 (****1234) or null (no value)",
    )

    def plan(self, scope: Scope) -> Planned:
        """The same columns; those named are no personal data."""
        found, sql = dict(scope.columns), named(scope.columns)
        for name, how in self.root.items():
            column = scope.column((name,), name)
            if how == "hash" or (isinstance(how, Hash) and not how.hash.get_secret_value()):
                scope.report((name,), "a hash needs a key, or anybody can try values: {hash: ${MASK_KEY}}")
            elif column:
                kind = column.type if how is None else STRING
                found[name] = Column(kind, required=column.required and how is not None)
                sql[name] = f"CAST({_masked(identifier(name), how)} AS {kind.sql})"
        return Planned(found, selected(sql), by_day=DAY not in self.root)


def _masked(column: str, how: Hash | str | None) -> str:
    text = f"CAST({column} AS VARCHAR)"
    match how:
        case Hash():
            return f"sha256(sha256({literal(how.hash.get_secret_value())}) || {text})"
        case "redact":
            return f"CASE WHEN {column} IS NOT NULL THEN '***' END"
        case "last4":
            shown = f"CASE WHEN length({text}) < {SHORT} THEN '' ELSE right({text}, 4) END"
            return f"'****' || {shown}"
        case _:
            return "NULL"
