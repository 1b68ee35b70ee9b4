"""The records of a pipeline's source: typed by its fields, and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import narwhals.stable.v2 as nw

from common.pipelines.expressions.literals import sql_of
from common.pipelines.expressions.types import DATE, TIMESTAMP, Type
from common.pipelines.format import FieldSpec, Source
from common.pipelines.steps import DAY
from common.transforms import engine
from common.transforms.operations import Check, Frame, judged
from common.utils.quoting import identifier, literal

EPOCH = date(1970, 1, 1)
"""Where records without an event time stand in silver: they are always computed all together."""

Broken = tuple[str, str, str, str]
"""One way in which a record can be wrong: rule, field, SQL that is true then, and what is wrong."""

PARSERS: Mapping[str, Callable[[str], str]] = {
    "string": identifier,
    "integer": engine.whole_number,
    "number": engine.number,
    "boolean": engine.boolean,
    "date": lambda name: f"CAST({engine.timestamp(name)} AS DATE)",
    "timestamp": engine.timestamp,
}
KINDS = {
    "integer": "is not a whole number of 64 bits",
    "number": "is not a number",
    "boolean": "is neither true nor false",
    "date": "is no date; write it as 2026-01-31",
    "timestamp": "is no date or time; write it as 2026-01-31T08:26:00Z",
    "object": "is no JSON object",
    "array": "is no JSON list",
}


def clean(source: Source, received: Frame) -> Frame:
    """Types the records of a source.

    Args:
        source: Its fields, as the pipeline has them.
        received: The fields as text, null where blank.

    Returns:
        The fields typed (null where they cannot be), ``date``, ``_event_at``, the verdict, and the columns
        that came with them. No number is rounded.
    """
    typed = {_typed(name): parsed(name, Type.of(field.type)) for name, field in source.fields.items()}
    moment = source.event_time or source.updated_at
    typed["_event_at"] = engine.timestamp(moment) if moment else "CAST(NULL AS TIMESTAMPTZ)"
    found = [one for name, field in source.fields.items() for one in _checks(source, name, field)]
    flags = {f"_broken_{at}": sql for at, (_, _, sql, _) in enumerate(found)}
    typed_frame = engine.with_sql(received, **typed)
    frame = engine.with_sql(typed_frame, **flags) if flags else typed_frame
    checks = [
        Check(rule, name, nw.col(flag), reason)
        for flag, (rule, name, _, reason) in zip(flags, found, strict=True)
    ]
    day = nw.col("_event_at").cast(nw.Date()) if source.event_time else nw.lit(EPOCH)
    columns = {name: nw.col(_typed(name)) for name in source.fields}
    own = [*(_typed(name) for name in source.fields), *flags]
    return judged(frame, checks).with_columns(**{**columns, DAY: day}).drop(own)


def _typed(name: str) -> str:
    return f"_typed_{name}"


def parsed(name: str, kind: Type) -> str:
    """SQL that parses a column of texts; null where one is no such value."""
    if kind.name == "decimal":
        return engine.exact_number(name, kind.precision, kind.scale)
    if kind.name in ("object", "array"):
        text = identifier(name)
        return f"CASE WHEN try(json_type({text})) = {literal(kind.name.upper())} THEN {text} END"
    return PARSERS[kind.name](name)


def _checks(source: Source, name: str, field: FieldSpec) -> Iterator[Broken]:
    """In which ways a field can be wrong."""
    text, value, kind = identifier(name), identifier(_typed(name)), Type.of(field.type)
    if field.required or name == source.event_time or name in source.key:
        yield f"{name}_missing", name, f"{text} IS NULL", "is missing"
    if kind.name != "string":
        reason = KINDS.get(kind.name) or f"does not fit {kind}: {kind.scale} digits after the point"
        yield f"{name}_type", name, f"{text} IS NOT NULL AND {value} IS NULL", reason
    if field.min is not None:
        yield f"{name}_min", name, f"{value} < {bound(field.min, kind)}", f"is less than {field.min}"
    if field.max is not None:
        yield f"{name}_max", name, f"{value} > {bound(field.max, kind)}", f"is more than {field.max}"
    if field.pattern:
        fits = f"regexp_full_match({text}, {literal(field.pattern)})"
        yield f"{name}_pattern", name, f"NOT {fits}", f"does not fit {field.pattern}"
    if field.one_of:
        listed = ", ".join(literal(one) if isinstance(one, str) else str(one) for one in field.one_of)
        shown = ", ".join(map(str, field.one_of))
        yield f"{name}_one_of", name, f"{value} NOT IN ({listed})", f"is none of {shown}"


def bound(value: float | str, kind: Type) -> str:
    """A bound as SQL of a column's type."""
    if kind in (DATE, TIMESTAMP):
        return sql_of(value, kind)
    return f"CAST({literal(value)} AS {'DOUBLE' if kind.name == 'number' else 'DECIMAL(38, 12)'})"
