"""The functions of the language: what each takes, what it gives, and its SQL."""

from __future__ import annotations

from collections.abc import Mapping

from common.pipelines.expressions.function import (
    ANY,
    DAYS,
    FLAG,
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
from common.pipelines.expressions.functions_of_groups import OF_GROUPS
from common.pipelines.expressions.functions_of_rows import OF_ROWS

__all__ = [
    "ANY",
    "DAYS",
    "FLAG",
    "FUNCTIONS",
    "MOMENT",
    "NUMERIC",
    "PATTERN",
    "PLACES",
    "TEXT",
    "UNIT",
    "UNITS",
    "VALUE",
    "WHEN",
    "WHOLE",
    "Function",
]

FUNCTIONS: Mapping[str, Function] = {**OF_GROUPS, **OF_ROWS}
"""All there are, by name. Another one is a line in one of the two and its test."""
