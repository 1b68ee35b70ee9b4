"""The contract of a pipeline: what its file says of the collection, as a document of the standard (ODCS)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from common.pipelines.expressions.types import Column, Columns
from common.pipelines.format import CollectionSpec, PipelineSpec
from common.pipelines.format_rules import Rule
from common.pipelines.format_values import seconds
from common.pipelines.plan import Plan
from common.pipelines.read import PipelineFile
from common.pipelines.steps import DAY
from common.utils.contract import PartitionBy
from common.utils.odcs_schema import PHYSICAL_TYPES

HOUR = 3600


def document(pipeline: PipelineFile, plan: Plan) -> dict[str, Any]:
    """The contract of a pipeline that has ``collection``, ready to be written as YAML."""
    spec, collection = pipeline.spec, _collection(pipeline)
    levels = [_hours("freshness", collection.freshness)]
    late = next((rule for rule in spec.validation if rule.freshness), None)
    if late and late.freshness:
        levels.append(_hours("latency", late.freshness.within))
    if collection.retention:
        levels.append({"property": "retention", "value": int(collection.retention[:-1]), "unit": "d"})
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"vitrine.{pipeline.domain}.{pipeline.subject}",
        "name": pipeline.subject.replace("_", " ").capitalize(),
        "version": collection.version or f"{pipeline.major}.0.0",
        "status": "active",
        "domain": pipeline.domain,
        "dataProduct": pipeline.subject,
        **({"tags": list(spec.tags)} if spec.tags else {}),
        "description": {"purpose": spec.description},
        "team": {"name": spec.owner},
        "schema": [_schema(pipeline, collection, plan)],
        "slaProperties": levels,
        "customProperties": _properties(_promised(spec, collection)),
    }


def _hours(level: str, duration: str) -> dict[str, Any]:
    hours = seconds(duration) / HOUR
    return {"property": level, "value": int(hours) if hours == int(hours) else hours, "unit": "h"}


def partition_by(collection: CollectionSpec, plan: Plan) -> PartitionBy:
    """How the rows are spread: as said, else by days where the steps keep them apart."""
    return collection.partition_by or ("day" if plan.by_day and DAY in collection.key else "hash")


def _collection(pipeline: PipelineFile) -> CollectionSpec:
    assert pipeline.spec.collection is not None  # noqa: S101 (for the types: checked before)
    return pipeline.spec.collection


def _promised(spec: PipelineSpec, collection: CollectionSpec) -> dict[str, Any]:
    promised: dict[str, Any] = {
        "maxRowDrop": collection.max_row_drop,
        "maxRejected": spec.dead_letters.max_share,
    }
    if collection.drift != "evolve":
        promised["drift"] = collection.drift
    late = [rule.on_failure for rule in spec.validation if rule.freshness]
    if late and late[0] != "fail":
        promised["onLate"] = late[0]
    if collection.deletions != "ignore":
        promised["deletions"] = collection.deletions
    return promised


def _schema(pipeline: PipelineFile, collection: CollectionSpec, plan: Plan) -> dict[str, Any]:
    by = partition_by(collection, plan)
    layout: dict[str, Any] = {"partitionBy": by}
    if collection.chart:
        layout["chart"] = {name: value for name, value in collection.chart.model_dump().items() if value}
    if collection.roles != ["viewer"]:
        layout["roles"] = list(collection.roles)
    for name in ("indexes", "unique"):
        if value := getattr(collection, name):
            layout[name] = [list(one) for one in value]
    rules = [rule for one in pipeline.spec.validation for rule in rules_of(one)]
    return {
        "name": pipeline.subject,
        "physicalType": "table",
        "logicalType": "object",
        "description": pipeline.spec.description,
        "properties": [
            _property(collection, by, name, column) for name, column in _in_order(collection, plan.columns)
        ],
        **({"quality": _unlike(rules)} if rules else {}),
        "customProperties": _properties(layout),
    }


def _in_order(collection: CollectionSpec, columns: Columns) -> Iterator[tuple[str, Column]]:
    """The columns of the key, then the others."""
    yield from ((name, columns[name]) for name in collection.key if name in columns)
    yield from ((name, column) for name, column in columns.items() if name not in collection.key)


def _property(collection: CollectionSpec, by: PartitionBy, name: str, column: Column) -> dict[str, Any]:
    kind = column.type
    found: dict[str, Any] = {
        "name": name,
        "logicalType": "number" if kind.name == "decimal" else kind.name,
        "physicalType": str(kind) if kind.name == "decimal" else PHYSICAL_TYPES[kind.name],
    }
    if description := collection.descriptions.get(name):
        found["description"] = description
    if name in collection.key:
        found |= {"required": True, "primaryKey": True, "primaryKeyPosition": collection.key.index(name) + 1}
    elif column.required:
        found["required"] = True
    if name == DAY and by != "hash":
        found |= {"partitioned": True, "partitionKeyPosition": 1}
    return found | {"classification": "restricted" if column.personal else "internal"}


def rules_of(rule: Rule) -> Iterator[dict[str, Any]]:
    """One rule of a file as rules of the contract."""
    for name, kind, arguments in _implementations(rule):
        found: dict[str, Any] = {
            "name": rule.name or name,
            **({"description": rule.description} if rule.description else {}),
            "type": "custom",
            "engine": "greatExpectations",
            "implementation": {"type": kind, "kwargs": arguments},
        }
        if rule.on_failure != "fail":
            found["customProperties"] = [{"property": "onFailure", "value": rule.on_failure}]
        yield found


def _implementations(rule: Rule) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, expectation and arguments."""
    if rule.not_null:
        for one in rule.not_null:
            yield f"{one}_not_null", "expect_column_values_to_not_be_null", {"column": one}
    elif rule.unique:
        alone = len(rule.unique) == 1
        arguments: dict[str, Any] = (
            {"column": rule.unique[0]} if alone else {"column_list": list(rule.unique)}
        )
        kind = "expect_column_values_to_be_unique" if alone else "expect_compound_columns_to_be_unique"
        yield f"{'_'.join(rule.unique)}_unique", kind, arguments
    elif rule.range:
        name = rule.range.column
        bounds = _given(min_value=rule.range.min, max_value=rule.range.max)
        yield f"{name}_in_range", "expect_column_values_to_be_between", {"column": name, **bounds}
    elif rule.pattern:
        name, regex = rule.pattern.column, f"^(?:{rule.pattern.regex})$"
        yield f"{name}_fits", "expect_column_values_to_match_regex", {"column": name, "regex": regex}
    elif rule.one_of:
        name, values = rule.one_of.column, list(rule.one_of.values)
        yield f"{name}_known", "expect_column_values_to_be_in_set", {"column": name, "value_set": values}
    elif rule.null_share:
        name, mostly = rule.null_share.column, round(1 - rule.null_share.most, 12)
        yield (
            f"{name}_mostly_given",
            "expect_column_values_to_not_be_null",
            {"column": name, "mostly": mostly},
        )
    elif rule.row_count:
        bounds = _given(min_value=rule.row_count.min, max_value=rule.row_count.max)
        yield "row_count", "expect_table_row_count_to_be_between", bounds
    elif rule.expectation:
        yield (
            rule.expectation.type.removeprefix("expect_"),
            rule.expectation.type,
            dict(rule.expectation.kwargs),
        )


def columns_of(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The columns that a rule names, each with its place below the rule."""
    for name in ("not_null", "unique"):
        yield from (((name, at), column) for at, column in enumerate(getattr(rule, name) or []))
    for name in ("range", "pattern", "one_of", "null_share"):
        if part := getattr(rule, name):
            yield (name, "column"), part.column


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _unlike(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules with a number after names that stand more than once."""
    seen: dict[str, int] = {}
    for rule in rules:
        seen[rule["name"]] = times = seen.get(rule["name"], 0) + 1
        if times > 1:
            rule["name"] = f"{rule['name']}_{times}"
    return rules


def _properties(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in values.items()]
