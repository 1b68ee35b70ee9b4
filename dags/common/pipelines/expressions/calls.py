"""Calls of the language's functions."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from common.pipelines.expressions.context import Context, described
from common.pipelines.expressions.functions import (
    ANY,
    DAYS,
    FLAG,
    FUNCTIONS,
    MOMENT,
    NUMERIC,
    PATTERN,
    PLACES,
    TEXT,
    UNIT,
    UNITS,
    VALUE,
    WHEN,
    WHOLE,
    Function,
)
from common.pipelines.expressions.patterns import groups, is_pattern
from common.pipelines.expressions.typed import Typed, cast, joined, moment
from common.pipelines.expressions.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    NOTHING,
    NUMBER,
    STRING,
    TIMESTAMP,
    Type,
)
from common.pipelines.values import is_open
from common.utils.errors import did_you_mean

MANY = 99  # arguments at most


def call(context: Context, node: ast.Call) -> Typed:
    """A function, or a column by ``column("its name")``."""
    if not isinstance(node.func, ast.Name):
        context.wrong(node, "only functions of the language can be called")
    name = node.func.id
    if name == "column":
        return _column(context, node)
    function = FUNCTIONS.get(name)
    if function is None:
        context.wrong(node, f"unknown function '{name}': {did_you_mean(name, [*FUNCTIONS, 'column'])}")
    _demand_arguments(context, node, name, function)
    if function.aggregate:
        _demand_group(context, node, name)
        context.within = name
    takes = [*function.takes, *(function.takes[-1:] * (len(node.args) - len(function.takes)))]
    arguments = [_argument(context, *one) for one in zip(node.args, takes, strict=False)]
    _demand_sense(context, node, name, arguments)
    if function.aggregate:
        context.within = ""
    return _called(context, node, function, arguments)


def _column(context: Context, node: ast.Call) -> Typed:
    """``column("class")``, for names that the grammar does not take."""
    (one,) = node.args if len(node.args) == 1 else (None,)
    if not (isinstance(one, ast.Constant) and isinstance(one.value, str)) or node.keywords:
        context.wrong(node, "column(…) takes the name of a column in quotes")
    if one.value not in context.columns:
        context.wrong(one, f"unknown column '{one.value}': {did_you_mean(one.value, context.columns)}")
    return context.column(one, one.value)


def _demand_arguments(context: Context, node: ast.Call, name: str, function: Function) -> None:
    least = len(function.takes) if function.least is None else function.least
    given, most = len(node.args), MANY if function.many else len(function.takes)
    if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
        context.wrong(node, f"{name}(…) takes its arguments in their order, without names")
    if not least <= given <= most:
        wanted = f"{least} to {most}" if least < most else str(least)
        context.wrong(
            node, f"{name}(…) takes {wanted} argument{'s' * (wanted != '1')}, and here {_are(given)}"
        )


def _are(given: int) -> str:
    return "is 1" if given == 1 else f"are {given or 'none'}"


def _demand_group(context: Context, node: ast.Call, name: str) -> None:
    if context.groups is None:
        context.wrong(node, f"{name}(…) is of a group of rows: it stands in the step 'aggregate'")
    if context.within:
        context.wrong(node, f"{name}(…) stands within {context.within}(…), and both are of a group")


def _argument(context: Context, node: ast.expr, takes: str) -> Typed:
    typed = context.typed(node)
    kind, constant = typed.type, typed.constant
    fits: Mapping[str, bool] = {
        VALUE: True,
        ANY: kind != NOTHING,
        NUMERIC: kind.is_number,
        WHOLE: kind == INTEGER,
        PLACES: isinstance(constant, int) and -18 <= constant <= 18,
        MOMENT: kind in (DATE, TIMESTAMP),
        WHEN: kind == TIMESTAMP,
        TEXT: kind == STRING,
        FLAG: kind == BOOLEAN,
        UNIT: constant in UNITS,
        PATTERN: isinstance(constant, str) and (is_open(constant) or is_pattern(constant)),
    }
    if not fits[takes]:
        wanted = "a value" if takes == ANY else takes
        context.wrong(node, f"here stands {described(typed)}, and it must be {wanted}")
    return typed


def _demand_sense(context: Context, node: ast.Call, name: str, arguments: Sequence[Typed]) -> None:
    """What the kinds of the arguments alone do not tell."""
    if name in ("truncate", "add") and arguments[1].type == DATE and arguments[0].constant not in DAYS:
        context.wrong(node.args[0], f"a date has no {arguments[0].constant}s: it is {', '.join(DAYS)}")
    regex = str(arguments[1].constant) if name == "extract" else ""
    if regex and not is_open(regex) and groups(regex) == 0:
        context.wrong(node.args[1], "the regular expression has no group: put ( ) around what is wanted")


def _called(context: Context, node: ast.expr, function: Function, arguments: Sequence[Typed]) -> Typed:
    try:
        kind = function.gives([one.type for one in arguments])
    except ValueError as error:
        context.wrong(node, str(error))
    found = joined(cast(_sql(context, function, arguments, kind), kind), kind, arguments)
    required = {
        "any": found.required,
        "all": any(one.required for one in arguments),
        "never": True,
        "always": False,
    }
    counts = function.aggregate and function.null == "never"  # how many there are says nothing of a person
    return replace(
        found,
        required=required[function.null],
        aggregate=found.aggregate or function.aggregate,
        clock=found.clock or "{now}" in function.sql,
        personal=found.personal and not counts,
    )


def _sql(context: Context, function: Function, arguments: Sequence[Typed], kind: Type) -> str:
    parts = [one.sql for one in arguments]
    return function.sql.format(
        *parts,
        all=", ".join(parts) or "*",
        texts=", ".join(f"CAST({one} AS VARCHAR)" for one in parts),
        alike=", ".join(cast(one, kind) for one in parts),
        ordered=f" ORDER BY {parts[0]}" if arguments and arguments[0].type == NUMBER else "",
        now=moment(context.now).sql,
    )
