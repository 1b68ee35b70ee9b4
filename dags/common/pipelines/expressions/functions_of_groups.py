"""Functions that make one value of the rows of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from common.pipelines.expressions.function import ANY, FLAG, NUMERIC, Function, always, same
from common.pipelines.expressions.types import BOOLEAN, DIGITS, INTEGER, NUMBER, Type, decimal

MOST_FREQUENT = (
    "list_sort(list_transform(map_entries(histogram({0}) FILTER (WHERE {0} IS NOT NULL)), "
    "lambda one: {{'times': -CAST(one.value AS BIGINT), 'of': one.key}}))[1].of"
)


def _sum(types: Sequence[Type]) -> Type:
    return decimal(DIGITS, types[0].scale) if types[0].name == "decimal" else types[0]


OF_GROUPS: Mapping[str, Function] = {
    name: replace(function, aggregate=True)
    for name, function in {
        "count": Function(
            (ANY,),
            always(INTEGER),
            "count({all})",
            "how many rows, or rows in which the value is not null",
            least=0,
            null="never",
        ),
        "count_distinct": Function(
            (ANY,),
            always(INTEGER),
            "count(DISTINCT {0})",
            "how many different values that are not null",
            null="never",
        ),
        "sum": Function((NUMERIC,), _sum, "sum({0}{ordered})", "the sum; exact of integers and decimals"),
        "average": Function((NUMERIC,), always(NUMBER), "avg({0}{ordered})", "the mean, as number"),
        "median": Function(
            (NUMERIC,), always(NUMBER), "median(CAST({0} AS DOUBLE))", "the median, as number"
        ),
        "min": Function((ANY,), same(), "min({0})", "the smallest value"),
        "max": Function((ANY,), same(), "max({0})", "the largest value"),
        "most_frequent": Function(
            (ANY,),
            same(),
            MOST_FREQUENT,
            "the value that occurs most, of several the smallest",
            null="always",
        ),
        "any_true": Function((FLAG,), always(BOOLEAN), "bool_or({0})", "whether it is true in some row"),
        "all_true": Function((FLAG,), always(BOOLEAN), "bool_and({0})", "whether it is true in every row"),
        "first": Function(
            (ANY, ANY),
            same(),
            "(min({{'by': {1}, 'of': {0}}}) FILTER (WHERE {1} IS NOT NULL)).of",
            "the first argument where the second is smallest, of several the smallest",
            null="always",
        ),
        "last": Function(
            (ANY, ANY),
            same(),
            "(max({{'by': {1}, 'of': {0}}}) FILTER (WHERE {1} IS NOT NULL)).of",
            "the first argument where the second is largest, of several the largest",
            null="always",
        ),
    }.items()
}
