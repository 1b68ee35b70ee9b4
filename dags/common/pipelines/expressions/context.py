"""What the parts of the compiler share: one expression on its way to SQL."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from common.pipelines.expressions.reading import source, spot
from common.pipelines.expressions.typed import ExpressionError, Typed
from common.pipelines.expressions.types import BOOLEAN, NOTHING, Columns
from common.utils.quoting import identifier

DEEPEST = 50  # nested brackets, operators and calls
LARGEST = 100_000  # characters of SQL; what stands between two comparisons is written twice


@dataclass(slots=True)
class Context:
    """One expression.

    Attributes:
        text: As the user wrote it.
        columns: That it may name.
        now: What ``now()`` is.
        groups: Where rows are grouped, the columns by which; ``None`` where they are not.
        nodes: What compiles each kind of node.
        within: The function of a group that is being compiled; empty where none is.
    """

    text: str
    columns: Columns
    now: datetime
    groups: Collection[str] | None
    nodes: Mapping[type[ast.expr], Callable[[Context, Any], Typed]]
    within: str = ""
    _depth: int = field(default=0, init=False)

    def typed(self, node: ast.expr) -> Typed:
        """The SQL of a node.

        Raises:
            ExpressionError: It is not of the language, or types do not fit.
        """
        compiles = self.nodes.get(type(node))
        if compiles is None:
            self.wrong(node, f"'{type(node).__name__}' is not of the language of expressions")
        self._depth += 1
        if self._depth > DEEPEST:
            self.wrong(node, f"the expression is nested more than {DEEPEST} deep")
        typed = compiles(self, node)
        self._depth -= 1
        if len(typed.sql) > LARGEST:
            self.wrong(node, "the expression is too large")
        return typed

    def wrong(self, node: ast.expr, problem: str) -> NoReturn:
        """Raises it that something is wrong at a node."""
        raise ExpressionError(problem, *spot(self.text, node))

    def source(self, node: ast.expr) -> str:
        """What the user wrote for a node."""
        return source(self.text, node)

    def column(self, node: ast.expr, name: str) -> Typed:
        """A column that there is."""
        column = self.columns[name]
        if self.groups is not None and not self.within and name not in self.groups:
            problem = f"'{name}' has a value for each row, and here rows are grouped"
            self.wrong(node, f"{problem}: put it into a function such as sum or max, or into 'by'")
        loose = frozenset() if self.within else frozenset({name})
        return Typed(identifier(name), column.type, column.required, column.personal, columns=loose)

    def flag(self, node: ast.expr) -> Typed:
        """A part that must be true or false."""
        typed = self.typed(node)
        if typed.type not in (BOOLEAN, NOTHING):
            self.wrong(node, f"here stands a value of type {typed.type}, and it must be true or false")
        return typed

    def number(self, node: ast.expr, typed: Typed | None = None) -> Typed:
        """A part that must be a number."""
        typed = typed or self.typed(node)
        if not typed.type.is_number:
            self.wrong(node, f"here stands {described(typed)}, and it must be a number")
        return typed


def described(typed: Typed) -> str:
    """A value as errors speak of it."""
    if typed.type == NOTHING:
        return "null"
    return f"'{typed.constant}'" if isinstance(typed.constant, str) else f"a value of type {typed.type}"
