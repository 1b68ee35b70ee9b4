"""``a < b <= c``, ``a in ("x", "y")``, ``a is null``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from common.pipelines.expressions.context import Context
from common.pipelines.expressions.typed import Typed, cast, made_of, moment
from common.pipelines.expressions.types import BOOLEAN, DATE, NOTHING, TIMESTAMP, common
from common.pipelines.values import is_open
from common.utils.quoting import literal

SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
IS_NULL = {ast.Is: "IS NULL", ast.Eq: "IS NULL", ast.IsNot: "IS NOT NULL", ast.NotEq: "IS NOT NULL"}


def compare(context: Context, node: ast.Compare) -> Typed:
    """One or more comparisons, of which all must hold."""
    parts, at, left = [], node.left, context.typed(node.left)
    for sign, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(sign, ast.In | ast.NotIn):
            parts.append(_among(context, left, right, "NOT IN" if isinstance(sign, ast.NotIn) else "IN"))
            if right is not node.comparators[-1]:
                context.wrong(right, "after a list nothing more is compared: write 'and'")
            break
        other = context.typed(right)
        parts.append(_compared(context, (at, right), left, sign, other))
        at, left = right, other
    return parts[0] if len(parts) == 1 else made_of(f"({' AND '.join('{}' for _ in parts)})", BOOLEAN, parts)


def _compared(
    context: Context, at: tuple[ast.expr, ast.expr], one: Typed, sign: ast.cmpop, other: Typed
) -> Typed:
    if NOTHING in (one.type, other.type) or isinstance(sign, ast.Is | ast.IsNot):
        if other.type != NOTHING or type(sign) not in IS_NULL:
            problem = "'is' and 'is not' stand before null alone, and nothing else is compared with it"
            context.wrong(at[1], problem)
        return replace(made_of(f"({{}} {IS_NULL[type(sign)]})", BOOLEAN, [one]), required=True)
    return made_of(f"({{}} {SIGNS[type(sign)]} {{}})", BOOLEAN, _alike(context, at, one, other))


def _among(context: Context, one: Typed, right: ast.expr, word: str) -> Typed:
    if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
        context.wrong(right, "after 'in' stands a list of values: ('a', 'b')")
    others = []
    for each in right.elts:
        other = context.typed(each)
        if other.type == NOTHING:
            context.wrong(each, "null is in no list: write 'x is null'")
        others.append(_alike(context, (each, each), one, other)[1])
    return made_of(f"({{}} {word} ({', '.join('{}' for _ in others)}))", BOOLEAN, [one, *others])


def _alike(context: Context, at: tuple[ast.expr, ast.expr], one: Typed, other: Typed) -> tuple[Typed, Typed]:
    """Two values that can be compared; a text in quotes is a date beside a date."""
    one, other = _moment(context, at[0], one, other), _moment(context, at[1], other, one)
    if common(one.type, other.type) is None:
        context.wrong(at[1], f"{one.type} and {other.type} cannot be compared")
    return one, other


def _moment(context: Context, node: ast.expr, text: Typed, beside: Typed) -> Typed:
    if beside.type not in (DATE, TIMESTAMP) or not isinstance(text.constant, str):
        return text
    if is_open(text.constant):
        return replace(text, sql=cast(text.sql, beside.type), type=beside.type, constant=None)
    try:
        at = datetime.fromisoformat(text.constant)
        if len(text.constant) == len("2026-01-31"):
            return Typed(f"DATE {literal(at.date().isoformat())}", DATE, required=True)
        return moment(at)
    except (ValueError, OverflowError):
        wanted = f"no {beside.type}: write it as 2026-01-31 or 2026-01-31T08:00:00Z"
        context.wrong(node, f"'{text.constant}' is {wanted}")
