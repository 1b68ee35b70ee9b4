"""The JSON Schema of a pipeline's file, by which editors complete and check it.

It is made of the models: of the format, of the steps, and of the settings of each kind of source. What it
cannot say (whether names, types and expressions fit together) says :mod:`common.pipelines.plan`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from common.io.sources.configured import DEFAULT, kinds
from common.pipelines.format import PipelineSpec
from common.pipelines.sources import OURS
from common.pipelines.steps import steps
from common.utils.settings import REPOSITORY

PATH = REPOSITORY / "include" / "pipelines" / "pipeline.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE = "#/$defs/"
TEXT = {"type": "string"}
OPEN = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|^enc:"}
"""A value that is looked up when the pipeline runs."""

Schema = dict[str, Any]


def text() -> str:
    """The schema as its file holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def drifted() -> bool:
    """Whether the file is not what the models say now."""
    return not PATH.is_file() or PATH.read_text("utf-8") != text()


def document() -> Schema:
    """The schema."""
    found, defs = _of(PipelineSpec, "")
    defs["Steps"] = {"type": "array", "items": {"$ref": f"{REFERENCE}Step"}}
    defs["Step"] = _step(defs)
    for properties in (found["properties"], defs["Table"]["properties"]):
        described = properties["steps"].get("description")
        properties["steps"] = {"$ref": f"{REFERENCE}Steps"} | _description(described)
    fields = defs["Source"]["properties"]["fields"]
    _shorten(fields, "FieldSpec", "type", defs)
    defs["Source"] = {"anyOf": list(_sources(defs["Source"]))}
    schedule = found["properties"]["schedule"]
    schedule["anyOf"].insert(0, {"type": "string", "description": "A cron line in UTC, or @daily"})
    title = {"$schema": DIALECT, "title": "A pipeline of Vitrine"}
    return {**title, **found, "$defs": dict(sorted(defs.items()))}


def _of(model: type[BaseModel], prefix: str) -> tuple[Schema, Schema]:
    """The schema of a model, and those that it refers to, by names with a prefix."""
    found = _tidy(model.model_json_schema(ref_template=f"{REFERENCE}{prefix}{{model}}"))
    return found, {f"{prefix}{name}": one for name, one in found.pop("$defs", {}).items()}


def _step(defs: Schema) -> Schema:
    """One step: its name, and what the step's model says under it. What that refers to is added."""
    properties = {}
    for name, model in steps().items():
        properties[name], more = _of(model, f"{name}_")
        defs.update(more)
        properties[name].setdefault("description", (inspect.getdoc(model) or "").partition("\n")[0])
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _shorten(fields: Schema, name: str, key: str, defs: Schema) -> None:
    """Lets the value of one key stand for the whole: ``integer`` for ``{type: integer}``."""
    short = {"anyOf": [defs[name]["properties"][key], {"$ref": f"{REFERENCE}{name}"}]}
    fields["patternProperties"] = dict.fromkeys(fields["patternProperties"], short)


def _sources(shared: Schema) -> Iterator[Schema]:
    """A source of each kind: what all have, and the settings of that kind."""
    for kind, adapter in sorted(kinds().items(), key=lambda one: (one[0] != DEFAULT, one[0])):
        said = _attributes(adapter.settings)
        own = _tidy(adapter.settings.model_json_schema(ref_template=f"{REFERENCE}{{model}}"))
        settings = {
            name: _looked_up(one) | _description(said.get(name))
            for name, one in own["properties"].items()
            if name not in OURS
        }
        needed = [name for name in own.get("required", []) if name not in OURS]
        yield {
            "type": "object",
            "title": f"kind: {kind}",
            "properties": {**settings, **shared["properties"], "kind": {"const": kind}},
            "required": [*([] if kind == DEFAULT else ["kind"]), *shared["required"], *needed],
            "additionalProperties": False,
        }


def _looked_up(setting: Schema) -> Schema:
    """A setting as YAML may have it: as its type, or as the text that the environment would hold."""
    kept = {name: setting.pop(name) for name in ("default", "description") if name in setting}
    if setting == TEXT:
        return setting | kept
    return {"anyOf": [setting, OPEN if setting.get("type") == "string" else TEXT]} | kept


def _description(text: str | None) -> Schema:
    return {"description": text} if text else {}


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """What the docstrings of a model and its bases say of each field."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        _, _, attributes = (inspect.cleandoc(one.__doc__ or "")).partition("\nAttributes:\n")
        entries = re.findall(r"^    (\w[\w, ]*): ((?:.+\n?(?:        .*\n?)*))", attributes, re.MULTILINE)
        for names, words in entries:
            found |= dict.fromkeys(re.split(r",\s*", names), " ".join(words.split()))
    return found


def _tidy(schema: Any, named: bool = False) -> Any:
    """Without the titles that are the names again; a name that fits no pattern is wrong.

    Args:
        schema: A part of one.
        named: Its keys are names of properties or models, not words of the schema language.
    """
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {
        name: _tidy(one, named=not named and name in ("properties", "$defs"))
        for name, one in schema.items()
        if named or name != "title"
    }
    if not named and "patternProperties" in tidied:
        tidied.setdefault("additionalProperties", False)
    return tidied
