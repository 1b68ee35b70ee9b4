"""What is asked of MongoDB: placeholders filled in, from a cursor value on, and after a document read before.

MongoDB compares values of one type with an operator such as ``$gt``, and sorts values of all types; both are
brought together here, so that no document is passed over because of its type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bson import DatetimeMS, Decimal128, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.code import Code
from bson.dbref import DBRef

from common.utils.errors import SourceError

Clause = dict[str, Any]

TYPES: tuple[tuple[int, ...], ...] = (
    (-1,),  # MinKey
    (10, 6),  # null
    (1, 16, 18, 19),  # numbers
    (2, 14),  # text
    (3,),  # objects
    (4,),  # arrays
    (5,),  # bytes
    (7,),  # ObjectId
    (8,),  # booleans
    (9,),  # dates
    (17,),  # Timestamp
    (11,),  # regular expressions
    (12, 13, 15),  # references, code
    (127,),  # MaxKey
)
"""The codes of MongoDB's types in the order in which it sorts values of different ones."""
NULL, NUMBER, TEXT, OBJECT, ARRAY, BYTES, OBJECT_ID, BOOLEAN, DATE = range(1, 10)
EXACT = {
    MinKey: 0,
    type(None): NULL,
    Decimal128: NUMBER,
    bool: BOOLEAN,
    Timestamp: 10,
    Regex: 11,
    Code: 12,
    MaxKey: 13,
    ObjectId: OBJECT_ID,
    DatetimeMS: DATE,
    DBRef: OBJECT,
}
BASES = ((int | float, NUMBER), (str, TEXT), (Mapping, OBJECT), (list, ARRAY), (bytes, BYTES))

UNIQUE = frozenset(["$match", "$lookup", "$graphLookup", "$redact"])
"""Stages that leave each document one with the ``_id`` it has."""
RESHAPING = frozenset(["$project", "$addFields", "$set", "$unset"])
"""Stages that do so where they do not speak of ``_id``."""


def rank(value: Any) -> int:
    """Where MongoDB sorts a value's type: the index in ``TYPES``."""
    exact = EXACT.get(type(value))
    if exact is not None:
        return exact
    return next((rank for base, rank in BASES if isinstance(value, base)), DATE)


def beyond(path: str, value: Any) -> list[Clause]:
    """Alternatives that together are all documents that MongoDB sorts after a value of a field."""
    at = rank(value)
    later = [code for codes in TYPES[at + 1 :] for code in codes]
    clauses: list[Clause] = [{path: {"$type": later}}] if later else []
    if at == 0:  # a field that is missing is sorted as null
        return [*clauses, {path: None}]
    return [*clauses, {path: {"$gte": -math.inf} if _is_nan(value) else {"$gt": value}}]


def since(path: str, low: Any) -> Clause:
    """Documents from a cursor value on, and those whose cursor cannot be compared with it."""
    others = [code for codes in TYPES for code in codes if codes != TYPES[rank(low)] and codes != TYPES[NULL]]
    clauses: list[Clause] = [{path: {"$gte": low}}, {path: None}, {path: {"$type": others}}]
    if rank(low) == NUMBER:
        clauses.append({path: {"$in": [math.nan, -math.inf]}})
    return {"$or": clauses}


def after(cursor: str, values: Mapping[str, Any]) -> Clause:
    """Documents that come later than one, by cursor (where there is one) and ``_id``."""
    by_id = beyond("_id", values["_id"])
    if not cursor:
        return {"$or": by_id}
    tied = {"$and": [{cursor: values["cursor"]}, {"$or": by_id}]}
    return {"$or": [*beyond(cursor, values["cursor"]), tied]}


def keeps_ids(pipeline: list[Clause]) -> bool:
    """Whether what a pipeline gives has, in no order of its own, an ``_id`` each that no other has."""
    stages = [next(iter(stage.items()), ("", None)) for stage in pipeline]
    grouped = max((at + 1 for at, (name, _) in enumerate(stages) if name == "$group"), default=0)
    return all(
        name in UNIQUE or (name in RESHAPING and "_id" not in _names(spec)) for name, spec in stages[grouped:]
    )


def filled(value: Any, placeholders: Mapping[str, Any], where: str) -> Any:
    """A filter or pipeline with the values of its placeholders.

    Raises:
        SourceError: A placeholder is only a part of a text.
    """
    if isinstance(value, dict):
        return {name: filled(one, placeholders, where) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, placeholders, where) for one in value]
    if not isinstance(value, str):
        return value
    if value in placeholders:
        return placeholders[value]
    part = next((name for name in placeholders if name in value), None)
    if part:
        raise SourceError(
            f"{part} stands for a value of its own, not for a part of a text.",
            where=where,
            next_step=f'Write "{part}" alone; $dateToString makes text of a date.',
        )
    return value


def mentions(value: Any, *wanted: str) -> bool:
    """Whether a filter or pipeline has one of some texts as a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value in wanted if isinstance(value, str) else any(mentions(one, *wanted) for one in inner)


def _names(spec: Any) -> set[str]:
    """The fields that a stage speaks of."""
    listed = [spec] if isinstance(spec, str) else spec
    return {str(name).partition(".")[0] for name in listed}


def _is_nan(value: Any) -> bool:
    if isinstance(value, Decimal128):
        return bool(value.to_decimal().is_nan())
    return isinstance(value, float) and math.isnan(value)
