"""What a reader may ask of a collection, from the parameters of a URL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from common.io.collections.protocol import Filter, Operator, Query, QueryError
from common.utils.contract import Contract, Field
from common.utils.errors import did_you_mean
from dashboards.cursor import Cursor
from dashboards.values import parse as parse_value
from dashboards.values import text

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
OPERATORS: tuple[Operator, ...] = get_args(Operator)
CONTROLS = ("sort", "fields", "limit", "cursor", "version")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of one listing.

    Attributes:
        query: For the store.
        version: The version that the reader pins, by ``version`` or by the cursor; ``None`` for the live one.
        fingerprint: Of collection, filters and order: what must not change while a cursor is followed.
    """

    query: Query
    version: int | None
    fingerprint: str


def parse(contract: Contract, parameters: Sequence[tuple[str, str]]) -> Listing:
    """The page that the parameters of a URL ask for.

    Raises:
        QueryError: A parameter is unknown, repeated or wrong; it names the nearest right one.
    """
    given = once(parameters)
    filters = tuple(_filter(contract, name, value) for name, value in given.items() if name not in CONTROLS)
    sort, descending = _sort(contract, given.get("sort"))
    fingerprint = _fingerprint(contract, filters, sort, descending)
    version = None if "version" not in given else natural("version", given["version"], 2**63 - 1)
    after = None
    if "cursor" in given:
        cursor = Cursor.decode(given["cursor"])
        _demand_same_listing(cursor, fingerprint, version)
        version, after = cursor.version, cursor.position(contract, sort)
    query = Query(
        filters=filters,
        sort=sort,
        descending=descending,
        fields=_fields(contract, given.get("fields")),
        limit=natural("limit", given["limit"], MAX_LIMIT) if "limit" in given else DEFAULT_LIMIT,
        after=after,
    )
    return Listing(query, version, fingerprint)


def once(parameters: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The parameters by name; QueryError where one is given twice."""
    names = [name for name, _ in parameters]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise QueryError(
            f"{', '.join(repeated)} is given more than once.",
            next_step="Give each parameter once; a range has two, such as date__gte and date__lt.",
        )
    return dict(parameters)


def _filter(contract: Contract, parameter: str, value: str) -> Filter:
    fields = {field.name: field for field in contract.fields}
    name, _, operator = (parameter, "", "eq") if parameter in fields else parameter.rpartition("__")
    if name and name not in fields and operator in OPERATORS:
        raise _unknown_field(contract, name)
    if name not in fields:
        raise _unknown_parameter(contract, parameter)
    field = fields[name]
    for comparison in comparisons(field):
        if operator == comparison:
            return Filter(name, comparison, parse_value(field, value))
    if not comparisons(field):
        raise QueryError(f"{name} is an {field.type}: it cannot be compared.")
    raise QueryError(
        f"{name} cannot be compared by {operator!r}.",
        next_step=f"Use one of: {', '.join(parameter_name(name, known) for known in comparisons(field))}.",
    )


def comparisons(field: Field) -> tuple[Operator, ...]:
    """How a field can be compared; true is not above false, and objects and arrays are not compared."""
    if field.type in ("object", "array"):
        return ()
    return OPERATORS[:1] if field.type == "boolean" else OPERATORS


def parameter_name(field: str, operator: Operator) -> str:
    """The parameter of a comparison; that of equality may also be written ``field__eq``."""
    return field if operator == "eq" else f"{field}__{operator}"


def _unknown_parameter(contract: Contract, parameter: str) -> QueryError:
    known = [parameter_name(field.name, one) for field in contract.fields for one in comparisons(field)]
    near = did_you_mean(parameter, [*CONTROLS, *known])
    if near.startswith("known:"):  # the whole list has five names a field
        near = (
            f"filter by {', '.join(field.name for field in contract.fields)} (alone or with __"
            f"{', __'.join(OPERATORS[1:])}), or use {', '.join(CONTROLS)}."
        )
    return QueryError(f"There is no parameter {parameter!r}: {near}")


def _unknown_field(contract: Contract, name: str) -> QueryError:
    near = did_you_mean(name, (field.name for field in contract.fields))
    return QueryError(f"{contract.name} has no field {name!r}: {near}")


def _sort(contract: Contract, asked: str | None) -> tuple[str | None, bool]:
    if asked is None:
        return None, False
    name = asked.removeprefix("-")
    if name not in contract.sortable:
        near = did_you_mean(name, contract.sortable)
        raise QueryError(f"{contract.name} has no index that begins with {name!r} to sort by: {near}")
    return name, asked.startswith("-")


def _fields(contract: Contract, asked: str | None) -> tuple[str, ...]:
    if asked is None:
        return ()
    known = [field.name for field in contract.fields]
    names = tuple(name.strip() for name in asked.split(","))
    for name in names:
        if name not in known:
            raise _unknown_field(contract, name)
    if len(set(names)) < len(names):
        raise QueryError("fields names a field twice.", next_step="Name each once, such as fields=a,b.")
    return names


def natural(parameter: str, asked: str, most: int) -> int:
    """A whole number from 1 to ``most``; QueryError where it is none."""
    if asked.isascii() and asked.isdigit() and len(asked) < 20 and 1 <= int(asked) <= most:
        return int(asked)
    bound = f" to {most}" if most < 2**32 else " or more"
    raise QueryError(f"{parameter} is not right.", next_step=f"Write a whole number, 1{bound}.")


def _fingerprint(contract: Contract, filters: Sequence[Filter], sort: str | None, descending: bool) -> str:
    """The same for the same listing, in whatever order its filters are written."""
    plain = sorted([one.field, one.operator, text(one.value)] for one in filters)
    document = json.dumps([contract.name, plain, sort, descending])
    return hashlib.sha256(document.encode()).hexdigest()[:16]


def _demand_same_listing(cursor: Cursor, fingerprint: str, version: int | None) -> None:
    if cursor.listing != fingerprint:
        raise QueryError(
            "The cursor belongs to a listing with other filters or another order.",
            next_step="Repeat the filters and sort of the page before, or start again without cursor.",
        )
    if version not in (None, cursor.version):
        raise QueryError(
            f"The cursor belongs to version {cursor.version}, and version={version} is asked for.",
            next_step="Leave version out, or start again without cursor.",
        )
