"""The everyday rules of contracts, judged on Arrow columns: as Great Expectations judges them, without it.

To import Great Expectations takes seconds, and it judges pandas frames. What it says of the rules here is
said by a few column operations too; a test compares the two. Whatever is not quite of this kind (another
argument, a value of another type, numbers that are none) is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.utils.contract import Contract, Field, Rule
from common.utils.suite import typed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found.

    Attributes:
        unexpected: Of each row, whether it breaks the rule; ``None`` where the rule is about the table.
        judged: Rows that the rule looks at.
        observed: What was found, of a rule about the table.
    """

    passed: bool
    unexpected: pa.Array[Any] | None = None
    judged: int = 0
    observed: str = ""


def judge_natively(contract: Contract, table: pa.Table, rule: Rule) -> Verdict | None:
    """The verdict on one rule; ``None`` where it is left to Great Expectations.

    Args:
        contract: Whose rule it is.
        table: At least one row, in the contract's schema.
        rule: A rule of the contract.
    """
    given = dict(rule.arguments)
    if rule.expectation == "expect_table_row_count_to_be_between":
        return _row_count(table, given)
    found = RULES.get(rule.expectation)
    mostly = given.pop("mostly", 1.0)
    if found is None or not isinstance(mostly, int | float) or not given.keys() <= found.takes:
        return None
    try:
        unexpected = found.broken(contract, table, given)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, ValueError, KeyError, re.error):
        return None  # of another kind than it looks: who knows all kinds says what is wrong
    if unexpected is None:
        return None
    mask = pc.fill_null(unexpected, False)
    judged = table.num_rows if found.of_nulls else table.num_rows - unexpected.null_count
    count = int(pc.sum(mask).as_py() or 0)
    passed = judged == 0 or (judged - count) / judged >= mostly
    return Verdict(passed, _combined(mask), judged)


def _combined(column: Any) -> pa.Array[Any]:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _row_count(table: pa.Table, given: Mapping[str, Any]) -> Verdict | None:
    least, most = given.get("min_value"), given.get("max_value")
    bounds = [bound for bound in (least, most) if bound is not None]
    if given.keys() - {"min_value", "max_value"} or not all(type(bound) is int for bound in bounds):
        return None
    rows = table.num_rows
    passed = (least is None or rows >= least) and (most is None or rows <= most)
    return Verdict(passed, observed=f"observed {rows}")


def _not_null(_: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
    return pc.is_null(table.column(given["column"]), nan_is_null=True)


def _between(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
    field, column = _column(contract, table, given)
    if column is None or field.type not in ("integer", "decimal", "number", "date", "timestamp"):
        return None
    broken: Any = None
    for side, strict, inside, edge in (
        ("min_value", "strict_min", pc.less, pc.less_equal),
        ("max_value", "strict_max", pc.greater, pc.greater_equal),
    ):
        if given.get(side) is None:
            continue
        bound = _scalar(field, given[side])
        if bound is None:
            return None
        beyond = (edge if given.get(strict) else inside)(column, bound)
        broken = beyond if broken is None else pc.or_(broken, beyond)
    return broken


def _lengths(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
    field, column = _column(contract, table, given)
    bounds = given.get("min_value"), given.get("max_value")
    if (
        column is None
        or field.type != "string"
        or not all(bound is None or type(bound) is int for bound in bounds)
    ):
        return None
    length, broken = pc.utf8_length(column), None
    if bounds[0] is not None:
        broken = pc.less(length, bounds[0])
    if bounds[1] is not None:
        long = pc.greater(length, bounds[1])
        broken = long if broken is None else pc.or_(broken, long)
    return broken


def _matching(*, wanted: bool) -> Callable[..., Any]:
    """Rows in whose text a regular expression finds nothing, or something; each text is looked at once."""

    def broken(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
        field, column = _column(contract, table, given)
        if column is None or field.type != "string":
            return None
        finds = re.compile(given["regex"]).search
        texts = _combined(column).dictionary_encode()
        told = pa.array(
            [bool(finds(text)) is not wanted for text in texts.dictionary.to_pylist()], pa.bool_()
        )
        return told.take(texts.indices)

    return broken


def _in_set(*, wanted: bool) -> Callable[..., Any]:
    def broken(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
        field, column = _column(contract, table, given)
        if column is None or field.type not in ("string", "integer", "date"):
            return None
        scalars = [_scalar(field, value) for value in given["value_set"]]
        if not scalars or any(one is None for one in scalars):
            return None
        values = pa.array([one.as_py() for one in scalars if one is not None], column.type)
        found = pc.is_in(column, value_set=values)
        told = pc.invert(found) if wanted else found
        return pc.if_else(pc.is_valid(column), told, pa.scalar(None, pa.bool_()))

    return broken


def _unique(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
    field, column = _column(contract, table, given)
    if column is None or field.type not in ("string", "integer", "date", "timestamp"):
        return None
    again = _again(table, [given["column"]])
    return pc.if_else(pc.is_valid(column), again, pa.scalar(None, pa.bool_()))


def _together_unique(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
    names = given["column_list"]
    kinds = {contract.field(name).type for name in names}
    nulls = any(table.column(name).null_count for name in names)
    if nulls or not kinds <= {"string", "integer", "date", "timestamp"}:
        return None
    return _again(table, names)


def _again(table: pa.Table, names: list[str]) -> Any:
    """Of each row, whether another one has the same values in some columns."""
    place = pa.array(range(table.num_rows))
    rows = table.select(names).append_column("_place", place)
    counts = rows.group_by(names).aggregate([("_place", "count"), ("_place", "list")])
    several = counts.filter(pc.greater(counts.column("_place_count"), pa.scalar(1))).column("_place_list")
    places = pc.list_flatten(several)
    return pc.is_in(place, value_set=_combined(places))


def _pair(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> Any:
    names = given["column_A"], given["column_B"]
    one, other = (table.column(name) for name in names)
    kinds = {contract.field(name).type for name in names}
    if one.null_count or other.null_count or len(kinds) > 1 or not kinds <= {"integer", "decimal", "date"}:
        return None
    return (pc.less if given.get("or_equal") else pc.less_equal)(one, other)


def _column(contract: Contract, table: pa.Table, given: Mapping[str, Any]) -> tuple[Field, Any]:
    """A rule's column; none where it holds numbers that are none, which pandas takes for nulls."""
    field, column = contract.field(given["column"]), table.column(given["column"])
    if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
        return field, None
    return field, column


def _scalar(field: Field, value: Any) -> pa.Scalar[Any] | None:
    """A value of a rule in its column's type; ``None`` where it has none there."""
    exact = typed(field, value)
    if field.type == "integer":
        whole = isinstance(exact, Decimal) and exact == exact.to_integral_value()
        return pa.scalar(int(exact), pa.int64()) if whole else None
    if field.type == "number":
        return pa.scalar(float(exact), pa.float64()) if type(exact) in (int, float) else None
    if field.type == "decimal":
        return pa.scalar(exact, pa.decimal128(38, max(field.scale, -int(exact.as_tuple().exponent), 0)))
    found: pa.Scalar[Any] = pa.scalar(exact, field.arrow.type)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """An expectation that is judged here.

    Attributes:
        takes: Its arguments, beside ``mostly``.
        broken: Of each row whether it breaks the rule, null where it is not judged; ``None``: not here.
        of_nulls: It judges rows that are null, too.
    """

    takes: frozenset[str]
    broken: Callable[[Contract, pa.Table, Mapping[str, Any]], Any]
    of_nulls: bool = False


def _known(broken: Callable[..., Any], *takes: str, of_nulls: bool = False) -> _Known:
    return _Known(frozenset(takes), broken, of_nulls)


RULES: Mapping[str, _Known] = {
    "expect_column_values_to_not_be_null": _known(_not_null, "column", of_nulls=True),
    "expect_column_values_to_be_between": _known(
        _between, "column", "min_value", "max_value", "strict_min", "strict_max"
    ),
    "expect_column_value_lengths_to_be_between": _known(_lengths, "column", "min_value", "max_value"),
    "expect_column_values_to_match_regex": _known(_matching(wanted=True), "column", "regex"),
    "expect_column_values_to_not_match_regex": _known(_matching(wanted=False), "column", "regex"),
    "expect_column_values_to_be_in_set": _known(_in_set(wanted=True), "column", "value_set"),
    "expect_column_values_to_not_be_in_set": _known(_in_set(wanted=False), "column", "value_set"),
    "expect_column_values_to_be_unique": _known(_unique, "column"),
    "expect_compound_columns_to_be_unique": _known(_together_unique, "column_list"),
    "expect_column_pair_values_a_to_be_greater_than_b": _known(_pair, "column_A", "column_B", "or_equal"),
}
