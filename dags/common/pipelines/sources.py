"""The sources of a pipeline, checked: their columns, and what their kind needs."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from common.pipelines.expressions.literals import is_of
from common.pipelines.expressions.patterns import is_pattern
from common.pipelines.expressions.types import DATE, STRING, TIMESTAMP, Type
from common.pipelines.format import FieldSpec, Source
from common.pipelines.read import PipelineFile
from common.pipelines.steps import DAY
from common.pipelines.values import IN_CLEAR, has_password, is_open
from common.utils.errors import SettingsError, VitrineError, did_you_mean
from common.utils.marked_yaml import MarkedYaml, Place

WIDEST = Type("decimal", 38, 12)
"""What bounds of exact numbers are compared in."""

OURS = ("columns", "key", "updated_at", "types", "shape")
"""Settings of every kind that a pipeline says by its fields."""


def check_sources(pipeline: PipelineFile) -> None:
    """Notes what is wrong with the sources."""
    for name, source in pipeline.spec.sources.items():
        at = ("sources", name)
        for field, spec in source.fields.items():
            _check_field(pipeline.file, (*at, "fields", field), spec)
        _check_roles(pipeline.file, at, source)
        _check_kind(pipeline, at, source)


def _check_roles(file: MarkedYaml, at: Place, source: Source) -> None:
    named: list[tuple[Place, str]] = [(("key", place), one) for place, one in enumerate(source.key)]
    named += [((role,), one) for role in ("event_time", "updated_at") if (one := getattr(source, role))]
    for place, one in named:
        if one not in source.fields:
            file.report_unknown((*at, *place), "field", one, source.fields)
    for role in ("event_time", "updated_at"):
        field = source.fields.get(getattr(source, role))
        if field and Type.of(field.type) not in (DATE, TIMESTAMP):
            file.report(
                (*at, role), f"'{getattr(source, role)}' is {field.type}, and must be a date or timestamp"
            )
    if DAY in source.fields and (source.event_time != DAY or source.fields[DAY].type != "date"):
        file.report(
            (*at, "fields", DAY),
            "'date' is the day of a record's event_time: say event_time: date and type date, or call the "
            "field otherwise (other_name: {type: …, from: date})",
        )


def _check_field(file: MarkedYaml, at: Place, field: FieldSpec) -> None:
    kind = Type.of(field.type)
    for name in ("min", "max", "pattern", "one_of"):
        if is_open(getattr(field, name)):
            file.report((*at, name), f"{name} is written out here: nothing is looked up in it")
    for side in ("min", "max"):
        value = getattr(field, side)
        if value is not None and not _fits(value, kind):
            file.report((*at, side), f"{value!r} is no {kind}, or {kind} has no order")
    if field.pattern and kind != STRING:
        file.report((*at, "pattern"), f"a pattern is of a string, and this is {kind}")
    if field.pattern and not is_pattern(field.pattern):
        file.report((*at, "pattern"), "is no regular expression that the engine takes (RE2: no look-around)")
    if field.one_of and kind.name not in ("string", "integer"):
        file.report((*at, "one_of"), f"one_of is of a string or integer, and this is {kind}")
    for value in field.one_of:
        if kind.name in ("string", "integer") and not is_of(value, kind):
            file.report((*at, "one_of"), f"{value!r:.40} is no {kind}")


def _fits(value: Any, kind: Type) -> bool:
    if not kind.is_number and kind not in (DATE, TIMESTAMP):
        return False
    exact = str(value) if kind.name == "decimal" else value
    return is_of(exact, WIDEST if kind.is_exact else kind)


def _check_kind(pipeline: PipelineFile, at: Place, source: Source) -> None:
    """Whether there is such a kind, and its settings are right as far as they are known."""
    from common.io.sources.configured import adapter  # noqa: PLC0415 (the adapters' drivers)

    file = pipeline.file
    try:
        found = adapter(source.kind)
    except SettingsError as error:
        file.report((*at, "kind"), error.what)
        return
    known = [name for name in found.settings.model_fields if name not in OURS]
    for name in (name for name in source.settings if name not in known):
        also = "it follows from the fields" if name in OURS else did_you_mean(name, known)
        file.report((*at, name), f"unknown setting '{name}' of the kind {source.kind}: {also}")
    for name, value in source.settings.items():
        if not is_open(value) and has_password(value):
            file.report((*at, name), IN_CLEAR)
    prefix = "VITRINE_NO_SUCH_SOURCE_"  # so that nothing of the environment is taken
    try:
        settings = found.settings(
            _env_prefix=prefix, **{n: v for n, v in source.settings.items() if n in known}
        )  # type: ignore[call-arg]
    except ValidationError as error:
        for wrong in error.errors():
            name = str(wrong["loc"][0]) if wrong["loc"] else ""
            if not is_open(source.settings.get(name, "")):
                text = wrong["msg"].removeprefix("Value error, ").removeprefix("Input ")
                missing = f"the kind {source.kind} needs '{name}'"
                told = missing if wrong["type"] == "missing" else f"{name}: {text}".removeprefix(": ")
                file.report((*at, *wrong["loc"][:1]), told)
        return
    if not is_open(source.settings) and ("://" in settings.connection or not settings.connection):
        try:
            found.open(settings, f"sources.{at[-1]}.")
        except VitrineError as error:
            where = re.sub(r"^sources\.\w+\.", "", error.where).lower()
            file.report((*at, where), f"{error.what} {error.next_step}".strip())
