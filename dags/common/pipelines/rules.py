"""The rules of a pipeline, checked against the columns that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from common.pipelines.expressions.literals import is_of
from common.pipelines.expressions.types import STRING, Type
from common.pipelines.format_rules import OneOf, Pattern, Range, RowCount, Rule
from common.pipelines.plan import Plan
from common.pipelines.read import PipelineFile
from common.utils.marked_yaml import Place

Problem = tuple[Place, str]
ORDERED = ("integer", "decimal", "number", "date", "timestamp")


def check_rules(pipeline: PipelineFile, planned: Plan) -> None:
    """Notes rules that could not be judged, or that say nothing."""
    seen = False
    for at, rule in enumerate(pipeline.spec.validation):
        for place, problem in _problems(rule, planned):
            pipeline.file.report(("validation", at, *place), problem)
        if rule.freshness and seen:
            pipeline.file.report(("validation", at, "freshness"), "there is a rule of freshness already")
        seen = seen or rule.freshness is not None


def _problems(rule: Rule, planned: Plan) -> Iterator[Problem]:
    kinds = {name: column.type for name, column in planned.columns.items()}
    if rule.not_null == [] or rule.unique == []:
        yield (rule.kind,), "name at least one column"
    if rule.range and (kind := kinds.get(rule.range.column)):
        yield from _of_range(rule.range, kind)
    if rule.pattern and (kind := kinds.get(rule.pattern.column)):
        yield from _of_pattern(rule.pattern, kind)
    if rule.one_of and (kind := kinds.get(rule.one_of.column)):
        yield from _of_set(rule.one_of, kind)
    if rule.row_count:
        yield from _of_count(rule.row_count)


def _of_range(rule: Range, kind: Type) -> Iterator[Problem]:
    if kind.name not in ORDERED:
        yield ("range", "column"), f"a range is of numbers, dates or timestamps, and this is {kind}"
        return
    if rule.min is None and rule.max is None:
        yield ("range",), "say min, max or both"
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is not None and not is_of(bound, Type("decimal", 38, 12) if kind.is_number else kind):
            yield ("range", side), f"{bound!r} is no {kind}"


def _of_pattern(rule: Pattern, kind: Type) -> Iterator[Problem]:
    if kind != STRING:
        yield ("pattern", "column"), f"a pattern is of a string, and this is {kind}"
    try:
        re.compile(rule.regex)
    except re.error as error:
        yield ("pattern", "regex"), f"is no regular expression: {error}"


def _of_set(rule: OneOf, kind: Type) -> Iterator[Problem]:
    for value in rule.values:
        if not is_of(value, kind):
            yield ("one_of", "values"), f"{value!r:.40} is no {kind}"


def _of_count(rule: RowCount) -> Iterator[Problem]:
    if rule.min is None and rule.max is None:
        yield ("row_count",), "say min, max or both"
    elif rule.min is not None and rule.max is not None and rule.min > rule.max:
        yield ("row_count",), f"no number is at least {rule.min} and at most {rule.max}"
