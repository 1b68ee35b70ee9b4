"""What is said of a function of the language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from common.pipelines.expressions.types import NOTHING, STRING, Type, common

UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
DAYS = UNITS[:5]
"""Those units that a date has."""

ANY, VALUE, NUMERIC, TEXT = "anything", "a value, or null", "a number", "a text"
MOMENT, WHEN, UNIT = "a date or timestamp", "a timestamp", "one of " + ", ".join(UNITS)
WHOLE, PLACES = "a whole number", "a whole number in digits, -18 to 18"
FLAG, PATTERN = "true or false", "a regular expression in quotes"

Result = Callable[[Sequence[Type]], Type]


@dataclass(frozen=True, slots=True)
class Function:
    """One function, and its SQL.

    Attributes:
        takes: Of each argument, what it must be; the last stands for all further ones where ``many``.
        gives: The type of the result by those of the arguments; raises ValueError where they do not fit.
        sql: With ``{0}``, ``{1}`` for the arguments. ``{all}`` is all with commas between, ``{texts}``
            all as texts, and ``{alike}`` all in the type of the result; ``{ordered}`` orders what is added up
            where it is rounded, so that the result is the same in any order of the rows.
        meaning: For the documentation.
        least: Arguments that must be given; without it all.
        many: The last argument may stand any number of times.
        aggregate: It makes one value of all rows of a group.
        null: When the result may be null: where ``any`` argument is, where ``all`` are, ``never``, or
            ``always``.
    """

    takes: tuple[str, ...]
    gives: Result
    sql: str
    meaning: str
    least: int | None = None
    many: bool = False
    aggregate: bool = False
    null: Literal["any", "all", "never", "always"] = "any"


def always(kind: Type) -> Result:
    """The same type whatever the arguments are."""
    return lambda _: kind


def same(at: int = 0) -> Result:
    """The type of an argument."""
    return lambda types: types[at]


def together(types: Sequence[Type]) -> Type:
    """The type that holds all arguments."""
    found: Type | None = types[0]
    for one in types[1:]:
        found = common(found, one) if found else None
    if found is None:
        raise ValueError(f"the types do not go together: {', '.join(map(str, types))}")
    return STRING if found == NOTHING else found
