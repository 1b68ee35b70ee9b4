"""The types of columns, as contracts name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from common.utils.contract import FieldType
from common.utils.errors import did_you_mean

DECIMAL = re.compile(r"decimal\(([0-9]{1,2}), ?([0-9]{1,2})\)")
DIGITS = 38
"""Of a decimal at most."""

SQL: Mapping[FieldType, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "object": "VARCHAR",
    "array": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a column.

    Attributes:
        precision, scale: Of a decimal: its digits, and how many of them are after the point.
    """

    name: FieldType
    precision: int = 0
    scale: int = 0

    @classmethod
    def of(cls, text: str) -> Type:
        """The type that a text names.

        Raises:
            ValueError: None is called so.
        """
        if exact := DECIMAL.fullmatch(text):
            precision, scale = int(exact[1]), int(exact[2])
            if not 1 <= precision <= DIGITS or scale > precision:
                raise ValueError(f"a decimal has 1 to {DIGITS} digits, and no more of them after the point")
            return cls("decimal", precision, scale)
        for name in (name for name in get_args(FieldType) if name == text and name != "decimal"):
            return cls(name)
        known = [name for name in get_args(FieldType) if name != "decimal"]
        raise ValueError(f"unknown type '{text}': {did_you_mean(text, [*known, 'decimal(18,4)'])}")

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name

    @property
    def sql(self) -> str:
        """As the engine names it."""
        return f"DECIMAL({self.precision}, {self.scale})" if self.name == "decimal" else SQL[self.name]

    @property
    def is_number(self) -> bool:
        """Whether one can count with it."""
        return self.name in ("integer", "decimal", "number")

    @property
    def is_exact(self) -> bool:
        """Whether it is a number that is never rounded."""
        return self.name in ("integer", "decimal")


STRING, INTEGER, NUMBER, BOOLEAN = Type("string"), Type("integer"), Type("number"), Type("boolean")
DATE, TIMESTAMP = Type("date"), Type("timestamp")
NOTHING = Type("string", precision=-1)
"""Of ``null``, which is of any type."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of a column.

    Attributes:
        required: Never null.
        personal: It holds data of persons.
    """

    type: Type
    required: bool = False
    personal: bool = False


Columns = Mapping[str, Column]
"""Columns by name, in their order."""


def common(one: Type, other: Type) -> Type | None:
    """The type that holds the values of two exactly; ``None`` where there is none.

    A decimal and a number have number: what was rounded already cannot be exact again.
    """
    if NOTHING in (one, other):
        return other if one == NOTHING else one
    if one == other:
        return one
    if one.is_number and other.is_number:
        if NUMBER in (one, other):
            return NUMBER
        return decimal(
            max(_whole(one), _whole(other)) + max(one.scale, other.scale), max(one.scale, other.scale)
        )
    if {one, other} == {DATE, TIMESTAMP}:
        return TIMESTAMP
    return None


def decimal(precision: int, scale: int) -> Type:
    """A decimal of so many digits, or of the most there can be."""
    return Type("decimal", min(precision, DIGITS), min(scale, DIGITS))


def _whole(exact: Type) -> int:
    """Digits before the point."""
    return 19 if exact.name == "integer" else exact.precision - exact.scale
