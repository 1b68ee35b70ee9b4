"""From the text of an expression to typed SQL."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from common.pipelines.expressions.calls import call
from common.pipelines.expressions.comparisons import compare
from common.pipelines.expressions.context import Context
from common.pipelines.expressions.operators import binary, boolean, unary
from common.pipelines.expressions.patterns import is_pattern
from common.pipelines.expressions.reading import parsed
from common.pipelines.expressions.typed import ExpressionError, Typed, cast
from common.pipelines.expressions.types import NOTHING, STRING, Columns
from common.pipelines.expressions.values import constant, either, name

__all__ = ["ExpressionError", "Typed", "compiled", "is_pattern"]

NODES: Mapping[type[ast.expr], Callable[[Context, Any], Typed]] = {
    ast.Constant: constant,
    ast.Name: name,
    ast.BoolOp: boolean,
    ast.UnaryOp: unary,
    ast.BinOp: binary,
    ast.Compare: compare,
    ast.IfExp: either,
    ast.Call: call,
}


def compiled(text: str, columns: Columns, *, now: datetime, groups: Collection[str] | None = None) -> Typed:
    """An expression over some columns.

    Args:
        text: As the user wrote it.
        columns: That it may name.
        now: What ``now()`` is.
        groups: Where rows are grouped, the columns by which; ``None`` where they are not.

    Raises:
        ExpressionError: Naming what is wrong and where.
    """
    typed = Context(text, columns, now, groups, NODES).typed(parsed(text))
    if typed.type == NOTHING:  # of no type yet, so of the one that holds anything
        return replace(typed, type=STRING, sql=cast(typed.sql, STRING))
    return typed
