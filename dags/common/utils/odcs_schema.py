"""The schema of a contract's file: fields, key, partitions, indexes and quality rules."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, cast, get_args

from open_data_contract_standard.model import CustomProperty, DataQuality, SchemaObject, SchemaProperty
from pydantic import BaseModel

from common.utils.contract import BUILT_IN_RULES, Field, FieldType, OnFailure, Rule
from common.utils.marked_yaml import MarkedYaml, Place

ENGINE = "greatExpectations"
PHYSICAL_TYPES: dict[FieldType, str] = {
    "string": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "object": "json",
    "array": "json",
}
"""Logical type to the one physical type it may name; a number may be decimal(precision,scale) too."""

LAYOUT = ("indexes", "partitionBy", "buckets", "unique", "chart", "roles")
"""The custom properties of a schema object."""

DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
OBJECT: Place = ("schema", 0)

# Keys of the standard that look like a promise, and that nothing here would keep.
IDLE_FIELD_KEYS = ("logicalTypeOptions", "unique", "enum", "items", "properties", "map")
IDLE_RULE_KEYS = (
    *("severity", "schedule", "scheduler", "metric", "rule", "arguments", "query"),
    *(key for key in DataQuality.model_fields if key.startswith("must")),
)


class SchemaReader:
    """Reads one schema object; what cannot be used is reported to the file, and reading goes on."""

    def __init__(self, file: MarkedYaml, schema: SchemaObject) -> None:
        self.file, self.schema = file, schema
        self.properties: list[tuple[Place, SchemaProperty]] = [
            ((*OBJECT, "properties", position), field)
            for position, field in enumerate(schema.properties or [])
        ]
        self.layout = custom_properties(file, OBJECT, schema.customProperties, LAYOUT)
        self.fields = tuple(self._field(place, field) for place, field in self.properties)
        self.names = [field.name for field in self.fields]
        report_repeated(file, "field", [(place, field.name) for place, field in self.properties])

    def key(self) -> tuple[str, ...]:
        """The fields of the primary key, in its order."""
        parts = [(place, field) for place, field in self.properties if field.primaryKey]
        for place, field in parts:
            if not field.required:
                self.file.report(place, f"{field.name} is of the key, so it needs required: true")
        positions = [field.primaryKeyPosition or 0 for _, field in parts]
        if not parts or sorted(positions) != [*range(1, len(parts) + 1)]:
            self.file.report(
                (*OBJECT, "properties"),
                f"the key needs primaryKey: true and primaryKeyPosition 1, 2, …; here they are {positions}",
            )
        return tuple(name or "" for _, name in sorted((f.primaryKeyPosition or 0, f.name) for _, f in parts))

    def indexes(self) -> tuple[tuple[str, ...], ...]:
        """The declared secondary indexes."""
        return self._lists_of_fields("indexes", "index")

    def unique(self) -> tuple[tuple[str, ...], ...]:
        """The declared sets of fields, beside the key, that no two rows have alike."""
        partitioned = {field.name for _, field in self.properties if field.partitioned}
        found = self._lists_of_fields("unique", "unique set")
        place, _ = self.layout.get("unique", (OBJECT, []))
        for position, names in enumerate(found):
            if not partitioned & set(names):
                self.file.report(
                    (*place, position),
                    f"a unique set needs the partitioned field {', '.join(map(str, partitioned))}: "
                    "rows of two partitions are not compared"
                    if partitioned
                    else "rows of two buckets are not compared: check a unique set by a rule",
                )
        return found

    def _lists_of_fields(self, key: str, what: str) -> tuple[tuple[str, ...], ...]:
        place, value = self.layout.get(key, (OBJECT, []))
        if not (isinstance(value, list) and all(isinstance(names, list) and names for names in value)):
            self.file.report(
                place, f"{key} is a list of lists of fields, such as [[product_id, date], [revenue]]"
            )
            return ()
        nested = [field.name for field in self.fields if field.type in ("object", "array")]
        for position, names in enumerate(value):
            for name in (name for name in names if name not in self.names):
                self.file.report_unknown((*place, position), f"field of an {what}", name, self.names)
            for name in (name for name in names if name in nested):
                self.file.report(
                    (*place, position), f"{name} is an object or array, which no {what} can hold"
                )
        report_repeated(
            self.file, what, [((*place, at), ", ".join(map(str, one))) for at, one in enumerate(value)]
        )
        return tuple(tuple(names) for names in value)

    def rules(self) -> tuple[Rule, ...]:
        """The rules of each field, which are about that field, and then those of the whole."""
        found = [
            ((*place, "quality", position), column, rule)
            for place, column, rules in [
                *((place, field.name, field.quality) for place, field in self.properties),
                (OBJECT, None, self.schema.quality),
            ]
            for position, rule in enumerate(rules or [])
        ]
        report_repeated(
            self.file, "rule", [(place, rule.name) for place, _, rule in found], taken=BUILT_IN_RULES
        )
        return tuple(self._rule(*one) for one in found)

    def _field(self, place: Place, field: SchemaProperty) -> Field:
        demand_name(self.file, (*place, "name"), field.name)
        custom_properties(self.file, place, field.customProperties, ())
        _report_idle(self.file, place, field, IDLE_FIELD_KEYS)
        kind, precision, scale = self._type(place, field)
        return Field(
            name=field.name or "",
            type=kind,
            required=bool(field.required),
            precision=precision,
            scale=scale,
            description=field.description or "",
            examples=tuple(field.examples or ()),
        )

    def _type(self, place: Place, field: SchemaProperty) -> tuple[FieldType, int, int]:
        """Type, precision and scale."""
        logical = cast(FieldType, field.logicalType)
        if logical not in PHYSICAL_TYPES:
            self.file.report_unknown((*place, "logicalType"), "logicalType", logical, PHYSICAL_TYPES)
            return "string", 18, 2
        exact = DECIMAL.fullmatch(field.physicalType or "") if logical == "number" else None
        if exact:
            precision, scale = int(exact[1]), int(exact[2])
            if not (1 <= precision <= 38 and scale <= precision):
                self.file.report(
                    (*place, "physicalType"), "a decimal has 1 to 38 digits, and no more of them decimals"
                )
            return "decimal", precision, scale
        if field.physicalType not in (None, PHYSICAL_TYPES[logical]):
            known = [PHYSICAL_TYPES[logical], *(["decimal(18,4)"] if logical == "number" else [])]
            self.file.report_unknown((*place, "physicalType"), "physicalType", field.physicalType, known)
        return logical, 18, 2

    def _rule(self, place: Place, column: str | None, rule: DataQuality) -> Rule:
        demand_name(self.file, (*place, "name"), rule.name)
        _report_idle(self.file, place, rule, IDLE_RULE_KEYS)
        if (rule.type, rule.engine) != ("custom", ENGINE):
            self.file.report(
                place, f"a rule has type: custom and engine: {ENGINE}; nothing here runs another"
            )
        custom = custom_properties(self.file, place, rule.customProperties, ("onFailure",))
        where, on_failure = custom.get("onFailure", (place, "fail"))
        if on_failure not in get_args(OnFailure):
            self.file.report_unknown(where, "onFailure", on_failure, get_args(OnFailure))
        expectation, arguments = self._implementation((*place, "implementation"), rule.implementation)
        if column is not None and arguments.setdefault("column", column) != column:
            self.file.report(place, f"the rule stands under {column} and is about {arguments['column']}")
        read = Rule(rule.name or "", expectation, arguments, on_failure, rule.description or "")
        for name in (name for name in read.columns if name not in self.names):
            self.file.report_unknown((*place, "implementation"), "field", name, self.names)
        return read

    def _implementation(
        self, place: Place, written: str | dict[str, Any] | None
    ) -> tuple[str, dict[str, Any]]:
        """The expectation and its arguments; whether there is such a one, the suite's builder says."""
        known = {"type": "", "kwargs": {}}
        given = written if isinstance(written, dict) else {}
        for key in given.keys() - known.keys():
            self.file.report_unknown((*place, key), "key", key, known)
        expectation, arguments = ({**known, **given}[key] for key in known)
        if not re.fullmatch(r"expect_[a-z0-9_]+", str(expectation)) or not isinstance(arguments, dict):
            self.file.report(place, "an implementation has type: expect_… and kwargs: {argument: value}")
            return "", {}
        return str(expectation), dict(arguments)


def custom_properties(
    file: MarkedYaml, place: Place, properties: Sequence[CustomProperty] | None, known: Sequence[str]
) -> dict[str, tuple[Place, Any]]:
    """The custom properties at a place, each with where its value stands; reports what nothing knows."""
    found: dict[str, tuple[Place, Any]] = {}
    for position, one in enumerate(properties or []):
        where, name = (*place, "customProperties", position), one.property or ""
        if name not in known:
            file.report_unknown((*where, "property"), "custom property", name, known)
        elif name in found:
            file.report((*where, "property"), f"the custom property '{name}' is given twice")
        found[name] = ((*where, "value"), one.value)
    return found


def demand_name(file: MarkedYaml, place: Place, name: str | None) -> None:
    """Reports a name that is missing, or that cannot be one of a table, a column and an address at once."""
    if not NAME.fullmatch(name or ""):
        file.report(place, f"the name {name!r} must be small letters, digits and _, and begin with a letter")


def report_repeated(
    file: MarkedYaml, kind: str, names: Iterable[tuple[Place, Hashable]], taken: Iterable[Hashable] = ()
) -> None:
    """Reports names that stand twice, or that are taken."""
    seen = set(taken)
    for place, name in names:
        if name in seen:
            file.report(place, f"{kind} '{name}' is there already")
        seen.add(name)


def _report_idle(file: MarkedYaml, place: Place, model: BaseModel, idle: Iterable[str]) -> None:
    for key in idle:
        if getattr(model, key) is not None:
            file.report(
                (*place, key), f"nothing here acts on '{key}'; write a rule with engine: {ENGINE} instead"
            )
