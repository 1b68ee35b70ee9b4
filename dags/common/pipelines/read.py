"""A pipeline's file as its models have it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from common.pipelines.format import PipelineSpec
from common.utils.errors import VitrineError
from common.utils.marked_yaml import MarkedYaml, Place
from common.utils.settings import REPOSITORY

FILE = re.compile(r"(?P<subject>[a-z][a-z0-9_]*)_v(?P<major>[1-9]\d{0,3})\.yaml")
DOMAIN = re.compile(r"[a-z][a-z0-9_]*")
DEEPEST = 20  # keys and positions on the way to a value
HALVED = re.compile(r"decimal\(\d+")


class PipelineError(VitrineError):
    """A pipeline's file is wrong."""


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """One file.

    Attributes:
        domain, subject, major: As its folder and its name say.
        file: Its text, and what is wrong with it.
    """

    path: Path
    domain: str
    subject: str
    major: int
    spec: PipelineSpec
    file: MarkedYaml

    @property
    def name(self) -> str:
        """``domain/subject``."""
        return f"{self.domain}/{self.subject}"

    @property
    def dag_id(self) -> str:
        """``vitrine_<domain>_<subject>_v<major>``."""
        return dag_id(self.domain, self.subject, self.major)


def dag_id(domain: str, subject: str, major: int) -> str:
    """``vitrine_<domain>_<subject>_v<major>``."""
    return f"vitrine_{domain}_{subject}_v{major}"


def folder() -> Path:
    """Where pipelines stand: what ``VITRINE_PIPELINES`` says, else the repository's."""
    return Path(os.environ.get("VITRINE_PIPELINES") or REPOSITORY / "include" / "pipelines")


def paths(below: Path) -> list[Path]:
    """The files of all pipelines, by domain and name."""
    return sorted([*below.glob("*/*.yaml"), *below.glob("*/*.yml")])


def subject_of(path: Path) -> str:
    """The subject that a file is named after, whatever else is wrong with its name."""
    return path.stem.rpartition("_v")[0]


def name_of(path: Path) -> str:
    """``domain/subject`` of a file, as far as its place tells."""
    return f"{path.parent.name}/{subject_of(path)}"


def path_of(domain: str, subject: str, major: int) -> Path:
    """Where the pipeline of a subject stands, if it is one."""
    return folder() / domain / f"{subject}_v{major}.yaml"


def read(path: Path) -> PipelineFile:
    """Reads a file into its models.

    Raises:
        PipelineError: Naming file, line, column and what is wrong, for all errors of the format.
    """
    file = MarkedYaml(path, "pipeline", PipelineError, plain=True)
    found, domain = FILE.fullmatch(path.name), path.parent.name
    if not found:
        file.report((), f"a pipeline's file is named <subject>_v<major>.yaml, and this one is '{path.name}'")
    if not DOMAIN.fullmatch(domain):
        file.report((), f"the folder of a pipeline is its domain, in small letters; '{domain}' is none")
    if _report_halved(file, file.data, ()):
        file.demand_right()  # what else there is to say of such a file would be puzzling
    spec = _validated(file)
    if not found:
        file.demand_right()
    assert found  # noqa: S101 (for the types: else the line before has raised)
    return PipelineFile(path, domain, found["subject"], int(found["major"]), spec, file)


def _validated(file: MarkedYaml) -> PipelineSpec:
    """The models of a file.

    What is wrong is noted; where only keys are unknown they are done without, so that what else is wrong can
    be found in the same go.
    """
    try:
        return PipelineSpec.model_validate(file.data)
    except ValidationError as error:
        wrong = error.errors()
    data = deepcopy(file.data)
    for one in wrong:
        place = _place(one["loc"])
        _report(file, place, one["type"], one["msg"], one["input"])
        holder = _at(data, place[:-1])
        if one["type"] == "extra_forbidden" and isinstance(holder, dict):
            holder.pop(place[-1], None)
    try:
        return PipelineSpec.model_validate(data)
    except ValidationError:
        file.demand_right()
        raise  # never reached: an invalid file has a problem to tell


def _report_halved(file: MarkedYaml, data: Any, place: Place) -> bool:
    """Notes types that a comma has cut in two, for which the models have but puzzling words."""
    if isinstance(data, str) and HALVED.fullmatch(data):
        file.report(place, 'put the type in quotes, "decimal(18,4)": within {…} a comma ends a value')
        return True
    if not isinstance(data, dict | list) or len(place) > DEEPEST:  # an alias may name what is around it
        return False
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    return any([_report_halved(file, value, (*place, step)) for step, value in inside])


def _at(data: Any, place: Place) -> Any:
    """What stands at a place; nothing below a text."""
    for step in place:
        data = None if isinstance(data, str) else data[step]
    return data


def _place(loc: Place) -> Place:
    """Where an error of the models stands in the file."""
    return tuple(one for one in loc if one != "[key]" and not str(one).startswith("function-"))


def _report(file: MarkedYaml, place: Place, kind: str, message: str, given: Any) -> None:
    """One error of the models, in the words of somebody who writes such files."""
    if kind == "extra_forbidden":
        file.report_unknown(place, "key", place[-1], _keys_at(PipelineSpec, place[:-1]))
    elif kind == "missing":
        file.report(place[:-1], f"'{place[-1]}' is missing")
    elif kind == "string_pattern_mismatch" and given == place[-1]:
        problem = f"the name '{given}' must be small letters, digits and _, and begin with a letter"
        file.report(place, problem)
    elif kind == "value_error":
        file.report(place, message.removeprefix("Value error, "))
    else:
        shown = f"{given!r:.60} " if isinstance(given, str | int | float | bool) else ""
        name = f"{place[-1]}: " if place and isinstance(place[-1], str) else ""
        file.report(place, f"{name}{shown}{message.removeprefix('Input ')}")


def _keys_at(model: type[BaseModel], place: Iterable[Any]) -> list[str]:
    """The keys that may stand at a place."""
    found: Any = model
    for step in place:
        if isinstance(found, type) and issubclass(found, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in found.model_fields.items()}
            found = fields.get(str(step))
        else:
            found = get_args(found)[-1] if get_args(found) else None
        found = _inner(found)
    is_model = isinstance(found, type) and issubclass(found, BaseModel)
    return [field.alias or name for name, field in found.model_fields.items()] if is_model else []


def _inner(annotation: Any) -> Any:
    """An annotation without ``Annotated`` and ``None``."""
    while hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    others = [one for one in get_args(annotation) if one is not type(None)]
    if get_origin(annotation) not in (dict, list) and others:
        models = [one for one in others if isinstance(one, type) and issubclass(one, BaseModel)]
        return models[0] if models else _inner(others[0])
    return annotation
