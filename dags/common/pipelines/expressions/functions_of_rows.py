"""Functions of one row."""

from __future__ import annotations

from collections.abc import Mapping

from common.pipelines.expressions.function import (
    ANY,
    MOMENT,
    NUMERIC,
    PATTERN,
    PLACES,
    TEXT,
    UNIT,
    VALUE,
    WHEN,
    WHOLE,
    Function,
    always,
    same,
    together,
)
from common.pipelines.expressions.types import BOOLEAN, DATE, INTEGER, STRING, TIMESTAMP

BETWEEN = "date_sub({0}, CAST({1} AS TIMESTAMPTZ), CAST({2} AS TIMESTAMPTZ))"
BLANKS = "' ' || chr(9) || chr(10) || chr(13)"

_OF_TEXTS: Mapping[str, Function] = {
    "lower": Function((TEXT,), always(STRING), "lower({0})", "in small letters"),
    "upper": Function((TEXT,), always(STRING), "upper({0})", "in capital letters"),
    "trim": Function(
        (TEXT,), always(STRING), f"trim({{0}}, {BLANKS})", "without blanks, tabs and line ends around it"
    ),
    "length": Function((TEXT,), always(INTEGER), "length({0})", "how many characters"),
    "concat": Function(
        (ANY, ANY),
        always(STRING),
        "concat({texts})",
        "the values as texts, one after the other; null is nothing",
        many=True,
        null="never",
    ),
    "replace": Function(
        (TEXT, TEXT, TEXT),
        always(STRING),
        "replace({0}, {1}, {2})",
        "the text with every second argument replaced by the third",
    ),
    "substring": Function(
        (TEXT, WHOLE, WHOLE),
        always(STRING),
        "substring({0}, greatest({1}, 1), greatest({2}, 0))",
        "from a position, counted from 1, so many characters",
    ),
    "contains": Function(
        (TEXT, TEXT), always(BOOLEAN), "contains({0}, {1})", "whether the second text is in the first"
    ),
    "starts_with": Function(
        (TEXT, TEXT), always(BOOLEAN), "starts_with({0}, {1})", "whether the text begins so"
    ),
    "ends_with": Function((TEXT, TEXT), always(BOOLEAN), "ends_with({0}, {1})", "whether the text ends so"),
    "matches": Function(
        (TEXT, PATTERN),
        always(BOOLEAN),
        "regexp_full_match({0}, {1})",
        "whether all of the text fits the regular expression",
    ),
    "extract": Function(
        (TEXT, PATTERN),
        always(STRING),
        "nullif(regexp_extract({0}, {1}, 1), '')",
        "what the first group of the regular expression finds; null for nothing",
        null="always",
    ),
    "text": Function((ANY,), always(STRING), "CAST({0} AS VARCHAR)", "as text"),
}

_OF_MOMENTS: Mapping[str, Function] = {
    "date": Function((MOMENT,), always(DATE), "CAST({0} AS DATE)", "the day, in UTC"),
    "truncate": Function(
        (UNIT, MOMENT),
        same(1),
        "date_trunc({0}, {1})",
        "the beginning of the unit that a moment is in, in UTC; weeks begin on Monday",
    ),
    "year": Function((MOMENT,), always(INTEGER), "year({0})", "the year"),
    "month": Function((MOMENT,), always(INTEGER), "month({0})", "the month, 1 to 12"),
    "day": Function((MOMENT,), always(INTEGER), "day({0})", "the day of the month"),
    "hour": Function((WHEN,), always(INTEGER), "hour({0})", "the hour, 0 to 23, in UTC"),
    "weekday": Function(
        (MOMENT,), always(INTEGER), "isodow({0})", "the day of the week, 1 for Monday to 7 for Sunday"
    ),
    "between": Function(
        (UNIT, MOMENT, MOMENT),
        always(INTEGER),
        BETWEEN,
        "whole units from one moment to another, less than 0 if it is earlier",
    ),
    "add": Function(
        (UNIT, MOMENT, WHOLE),
        same(1),
        "({1} + {2} * CAST('1 ' || {0} AS INTERVAL))",
        "a moment so many units later; of a month that is shorter its last day",
    ),
    "now": Function(
        (),
        always(TIMESTAMP),
        "{now}",
        "when the sources were read, or the end of the window where that is past",
        null="never",
    ),
}

OF_ROWS: Mapping[str, Function] = {
    "coalesce": Function(
        (VALUE, VALUE),
        together,
        "coalesce({alike})",
        "the first argument that is not null",
        many=True,
        null="all",
    ),
    "abs": Function((NUMERIC,), same(), "abs({0})", "without its sign"),
    "round": Function(
        (NUMERIC, PLACES),
        same(),
        "round({0}, CAST({1} AS INTEGER))",
        "rounded, half away from zero, to so many decimals; to tens for -1",
    ),
    "floor": Function((NUMERIC,), always(INTEGER), "floor({0})", "the next whole number below"),
    "ceil": Function((NUMERIC,), always(INTEGER), "ceil({0})", "the next whole number above"),
    **_OF_TEXTS,
    **_OF_MOMENTS,
}
