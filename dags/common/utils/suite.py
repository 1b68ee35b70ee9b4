"""The Great Expectations suite of a contract: its rules, their names checked, their bounds made exact."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any

from common.utils.contract import Contract, Field, Rule
from common.utils.errors import ContractError, did_you_mean

if TYPE_CHECKING:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

# What every expectation takes, and a contract says in its own words or never.
NOT_ARGUMENTS = {
    *("id", "meta", "notes", "description", "severity", "windows", "batch_id"),
    *("result_format", "catch_exceptions", "rendered_content"),
}
BOUNDED_BY_VALUE = {f"expect_column_{what}_to_be_between" for what in ("values", "min", "max")}
IN_FLOATS = {f"expect_column_{what}_to_be_between" for what in ("sum", "mean", "stdev")}


def great_expectations() -> ModuleType:
    """The package, imported now and without its chatter: dozens of log lines about its own decorators."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    import great_expectations as gx  # noqa: PLC0415

    for name in list(logging.root.manager.loggerDict):  # some of its modules set a level of their own
        if name.startswith("great_expectations."):
            logging.getLogger(name).setLevel(logging.ERROR)
    return gx


def expectations(contract: Contract) -> list[ExpectationConfiguration]:
    """The contract's rules as expectations; ``meta["rule"]`` is the rule's name.

    Raises:
        ContractError: Naming, for all rules, each wrong expectation or argument and the nearest right one.
    """
    great_expectations()
    from great_expectations.expectations.expectation_configuration import (  # noqa: PLC0415
        ExpectationConfiguration,
    )

    found, problems = [], []
    for rule in contract.rules:
        try:
            arguments = _exact(contract, rule)
            _demand_known(rule, arguments)
            found.append(ExpectationConfiguration(rule.expectation, arguments, meta={"rule": rule.name}))
        except ValueError as error:
            problems.append(f"rule {rule.name}: {error}")
    if problems:
        raise ContractError("\n".join([f"The contract of {contract.name} is not right:", *problems]))
    return found


def _demand_known(rule: Rule, arguments: Mapping[str, Any]) -> None:
    """Raises ValueError where there is no such expectation, or it does not take these arguments."""
    from great_expectations.expectations.registry import (  # noqa: PLC0415
        get_expectation_impl,
        list_registered_expectation_implementations,
    )
    from pydantic.v1 import ValidationError  # noqa: PLC0415

    known = list_registered_expectation_implementations()
    if rule.expectation not in known:
        raise ValueError(f"unknown expectation '{rule.expectation}': {did_you_mean(rule.expectation, known)}")
    kind: Any = get_expectation_impl(rule.expectation)
    takes = kind.__fields__.keys() - NOT_ARGUMENTS
    if wrong := sorted(arguments.keys() - takes):
        told = (f"{rule.expectation} takes no '{name}': {did_you_mean(name, takes)}" for name in wrong)
        raise ValueError("; ".join(told))
    try:
        kind(**arguments)
    except ValidationError as error:
        told = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError(f"{rule.expectation}: {'; '.join(told)}") from error


def _exact(contract: Contract, rule: Rule) -> dict[str, Any]:
    """The rule's arguments with values of the column's type, so that nothing is compared roughly.

    Raises:
        ValueError: A value is not of the column's type, or cannot be compared exactly.
    """
    arguments = dict(rule.arguments)
    if not isinstance(arguments.get("column"), str):
        return arguments
    field = contract.field(arguments["column"])
    if field.type == "decimal" and rule.expectation in IN_FLOATS:
        raise ValueError(
            f"{rule.expectation} computes in floats, and {field.name} is exact: bound its values"
        )
    if "value_set" in arguments:
        arguments["value_set"] = [typed(field, value) for value in arguments["value_set"]]
    if rule.expectation in BOUNDED_BY_VALUE:
        for side, strict in (("min_value", "strict_min"), ("max_value", "strict_max")):
            if arguments.get(side) is not None:
                down = (side == "min_value") != bool(arguments.get(strict))
                arguments[side] = _bound(field, typed(field, arguments[side]), down=down)
    return arguments


def typed(field: Field, value: Any) -> Any:
    """A value as the contract's file has it, in the column's type."""
    try:
        if field.type in ("decimal", "integer"):
            number = Decimal(str(value))
            if number.is_finite():
                return number
            raise ValueError("not finite")
        if field.type == "date" and isinstance(value, str):
            return date.fromisoformat(value)
        if field.type == "timestamp":
            moment = datetime.fromisoformat(str(value))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"{value!r} is no {field.type}, and {field.name} is one") from error
    return value


def _bound(field: Field, value: Any, *, down: bool) -> Any:
    """A bound that compares as the exact one would, though Great Expectations makes floats of all numbers.

    The values of a decimal column stand on a grid of ``10**-scale``. The float next to the bound, on the side
    where it lets the same values through, serves as well as the bound if it is less than one step away.

    Args:
        field: Of the column.
        value: The exact bound.
        down: Whether that side is below the bound.
    """
    if not isinstance(value, Decimal):
        return value
    near = float(value)
    if (Decimal(near) > value) if down else (Decimal(near) < value):
        near = math.nextafter(near, -math.inf if down else math.inf)
    step = Decimal(1).scaleb(-field.scale) if field.type == "decimal" else Decimal(1)
    rounded = field.type == "integer" and abs(near) >= 2**53  # an integer column is itself compared as floats
    if rounded or abs(Decimal(near) - value) >= step:
        raise ValueError(f"the bound {value} has more digits than can be compared exactly")
    return near
