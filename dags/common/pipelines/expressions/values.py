"""Values and columns, and the choice between two values."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

from common.pipelines.expressions.context import Context
from common.pipelines.expressions.functions import FUNCTIONS
from common.pipelines.expressions.typed import Typed, cast, made_of
from common.pipelines.expressions.types import (
    BOOLEAN,
    DIGITS,
    INTEGER,
    NOTHING,
    NUMBER,
    STRING,
    Type,
    common,
    decimal,
)
from common.pipelines.values import is_open
from common.utils.errors import did_you_mean
from common.utils.quoting import literal

WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


def constant(context: Context, node: ast.Constant) -> Typed:
    """A number, a text, true, false or null."""
    match node.value:
        case None:
            return Typed("NULL", NOTHING)
        case bool():
            return Typed(str(node.value).lower(), BOOLEAN, required=True)
        case int():
            if not -(2**63) <= node.value < 2**63:
                context.wrong(node, "a whole number has at most 64 bits: write one with a point, 1.0")
            return Typed(f"CAST({node.value} AS BIGINT)", INTEGER, required=True, constant=node.value)
        case float():
            return _fraction(context, node, node.value)
        case str():
            if "\0" in node.value or any("\ud800" <= letter <= "\udfff" for letter in node.value):
                context.wrong(node, "a text holds neither zero bytes nor halves of letters")
            secret = is_open(node.value)  # nobody is to see it in an error
            sql = literal(node.value)
            return Typed(sql, STRING, required=True, personal=secret, constant=node.value)
    context.wrong(node, f"{node.value!r} is no value of the language")


def _fraction(context: Context, node: ast.Constant, value: float) -> Typed:
    """A number with a point is exact; one with an exponent is not."""
    text = context.source(node).replace("_", "")
    if "e" in text.lower():
        if math.isinf(value):
            context.wrong(node, "the number is too large")
        return Typed(f"CAST({value!r} AS DOUBLE)", NUMBER, required=True)
    whole, _, fraction = text.partition(".")
    digits = max(len(whole.lstrip("0")), 1) + len(fraction)  # 0.5 as a text has its 0
    if digits > DIGITS:
        context.wrong(node, f"an exact number has at most {DIGITS} digits: write one with an exponent, 1.5e3")
    kind = decimal(digits, len(fraction))
    return Typed(cast(literal(f"{whole}.{fraction}"), kind), kind, required=True)


def name(context: Context, node: ast.Name) -> Typed:
    """A column, or one of the words true, false and null."""
    if node.id in context.columns:
        return context.column(node, node.id)
    if node.id in WORDS:
        return constant(context, ast.copy_location(ast.Constant(WORDS[node.id]), node))
    called = f" {node.id}(…) is a function." if node.id in FUNCTIONS else ""
    context.wrong(node, f"unknown column '{node.id}': {did_you_mean(node.id, context.columns)}{called}")


def either(context: Context, node: ast.IfExp) -> Typed:
    """``a if condition else b``."""
    test, one, other = context.flag(node.test), context.typed(node.body), context.typed(node.orelse)
    kind = common(one.type, other.type)
    if kind is None:
        context.wrong(node, f"the two values have no type together: {one.type} and {other.type}")
    return _chosen(kind, test, one, other)


def _chosen(kind: Type, test: Typed, one: Typed, other: Typed) -> Typed:
    if kind == NOTHING:
        return made_of("CASE WHEN {} THEN {} ELSE {} END", kind, [test, one, other])
    # each by itself: the engine's own type of the two may hold less than this one
    sql = f"CASE WHEN {test.sql} THEN {cast(one.sql, kind)} ELSE {cast(other.sql, kind)} END"
    found = made_of("{}{}{}", kind, [test, one, other])
    return Typed(
        sql,
        kind,
        one.required and other.required,
        found.personal,
        found.aggregate,
        found.clock,
        columns=found.columns,
    )
