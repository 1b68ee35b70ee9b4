"""Typed SQL: what an expression, and each part of one, is compiled to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from common.pipelines.expressions.types import TIMESTAMP, Type
from common.utils.quoting import literal


class ExpressionError(ValueError):
    """An expression that cannot be used.

    Attributes:
        line, column: Where in its text, both from 0.
    """

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression, or a part of one.

    Attributes:
        sql: For the engine; of the type.
        required: Never null where no column that must not be null is.
        personal: It comes from personal data.
        aggregate: It is of a group of rows.
        clock: It depends on when it is computed.
        constant: A text or whole number that stands in the expression itself.
        columns: Of rows, not of groups, that it reads.
    """

    sql: str
    type: Type
    required: bool = False
    personal: bool = False
    aggregate: bool = False
    clock: bool = False
    constant: str | int | None = None
    columns: frozenset[str] = field(default_factory=frozenset)


def made_of(template: str, kind: Type, parts: Sequence[Typed]) -> Typed:
    """What is made of parts, with what they have together.

    Args:
        template: SQL with a ``{}`` for each part.
        kind: The type of what it gives.
        parts: In their order.
    """
    return joined(template.format(*(one.sql for one in parts)), kind, parts)


def joined(sql: str, kind: Type, parts: Sequence[Typed]) -> Typed:
    """SQL that was made of parts, with what they have together."""
    return Typed(
        sql,
        kind,
        required=all(one.required for one in parts),
        personal=any(one.personal for one in parts),
        aggregate=any(one.aggregate for one in parts),
        clock=any(one.clock for one in parts),
        columns=frozenset().union(*(one.columns for one in parts)),
    )


def cast(sql: str, kind: Type) -> str:
    """SQL whose result is of a type."""
    return f"CAST({sql} AS {kind.sql})"


def moment(at: datetime) -> Typed:
    """A moment; one without a zone is in UTC.

    Raises:
        OverflowError: It is before the year 1 or after 9999 in UTC.
    """
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Typed(f"TIMESTAMPTZ {literal(utc.isoformat(' '))}", TIMESTAMP, required=True)
