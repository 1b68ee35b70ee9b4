"""Signs between and before values: ``a + b``, ``-a``, ``a and b``, ``not a``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from common.pipelines.expressions.context import Context
from common.pipelines.expressions.typed import Typed, made_of
from common.pipelines.expressions.types import (
    BOOLEAN,
    DIGITS,
    INTEGER,
    NUMBER,
    STRING,
    Type,
    common,
    decimal,
)
from common.pipelines.expressions.values import constant

SIGNS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
}
INSTEAD: Mapping[type[ast.operator], str] = {
    ast.BitAnd: "write 'and'",
    ast.BitOr: "write 'or'",
    ast.FloorDiv: "write floor(a / b)",
}


def boolean(context: Context, node: ast.BoolOp) -> Typed:
    """``a and b``, ``a or b``."""
    word = " AND " if isinstance(node.op, ast.And) else " OR "
    parts = [context.flag(one) for one in node.values]
    return made_of(f"({word.join('{}' for _ in parts)})", BOOLEAN, parts)


def unary(context: Context, node: ast.UnaryOp) -> Typed:
    """``not a``, ``-a``."""
    if isinstance(node.op, ast.Not):
        return made_of("(NOT {})", BOOLEAN, [context.flag(node.operand)])
    if not isinstance(node.op, ast.USub):
        context.wrong(node, "of the signs before a value there are only '-' and 'not'")
    if isinstance(node.operand, ast.Constant) and type(node.operand.value) is int:
        return constant(context, ast.copy_location(ast.Constant(-node.operand.value), node))
    operand = context.number(node.operand)
    return made_of(f"CAST(-{{}} AS {operand.type.sql})", operand.type, [operand])


def binary(context: Context, node: ast.BinOp) -> Typed:
    """``a + b`` and its like: of exact numbers exact, but for the quotient.

    ``a / b`` is of type number, and null where ``b`` is 0; so is ``a % b`` there.
    """
    sign = SIGNS.get(type(node.op))
    if sign is None:
        hint = INSTEAD.get(type(node.op), "there are + - * / %")
        context.wrong(node, f"this sign is not of the language: {hint}")
    one, other = context.typed(node.left), context.typed(node.right)
    if sign == "+" and STRING in (one.type, other.type):
        context.wrong(node, "texts are put together by concat(…)")
    parts = [context.number(node.left, one), context.number(node.right, other)]
    if sign == "/":
        quotient = made_of("(CAST({} AS DOUBLE) / nullif(CAST({} AS DOUBLE), 0))", NUMBER, parts)
        return replace(quotient, required=False)
    kind = _result(context, node, sign, one.type, other.type)
    if sign == "%":
        return replace(made_of(f"CAST({{}} % nullif({{}}, 0) AS {kind.sql})", kind, parts), required=False)
    return made_of(f"CAST({{}} {sign} {{}} AS {kind.sql})", kind, parts)


def _result(context: Context, node: ast.expr, sign: str, one: Type, other: Type) -> Type:
    """The type of a sum, difference, product or remainder; what overflows it fails when it is computed."""
    if NUMBER in (one, other):
        return NUMBER
    if one == other == INTEGER:
        return INTEGER
    if sign == "*":
        if one.scale + other.scale > DIGITS:
            context.wrong(
                node, f"{one} times {other} has too many digits after the point: round and cast one of them"
            )
        precision = sum(19 if kind == INTEGER else kind.precision for kind in (one, other))
        return decimal(precision, one.scale + other.scale)
    kind = common(one, other) or NUMBER
    return kind if sign == "%" else decimal(kind.precision + 1, kind.scale)
