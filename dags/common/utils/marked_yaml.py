"""YAML files checked against pydantic models, every problem told with its line.

The models of a published format ignore keys that they do not know, so a misspelt key would vanish silently.
Here the file is walked beside the models: a key that no model has is a problem, and so is one written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel

from common.utils.errors import ContractError, did_you_mean

Loader: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the C one is ten times as fast, and not everywhere

Place = tuple[str | int, ...]
"""The way from the root to a value: keys and positions, such as ``("schema", 0, "name")``."""


class MarkedYaml:
    """One YAML file, the line of everything in it, and what is wrong with it.

    Attributes:
        path: A file in UTF-8.
        data: The mapping that it holds.

    Raises:
        ContractError: There is no such file, or it is not YAML, or not a mapping.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._problems: set[tuple[int, str]] = set()
        try:
            loader = Loader(path.read_text(encoding="utf-8"))
            self._root = loader.get_single_node()
            self.data: dict[str, Any] = loader.construct_document(self._root) if self._root else {}
        except OSError as error:
            raise ContractError(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
        except UnicodeDecodeError as error:
            raise ContractError(
                "The file is not UTF-8.", where=str(path), next_step="Save it as UTF-8."
            ) from error
        except yaml.YAMLError as error:
            raise ContractError(f"The file is not YAML: {error}.", where=str(path)) from error
        if not isinstance(self._root, yaml.MappingNode):
            raise ContractError(
                "The file holds no keys.", where=str(path), next_step="Write it as key: value."
            )
        self._report_repeated(self._root)

    def report(self, place: Place, problem: str) -> None:
        """Notes a problem at a place, or at the nearest place above it that stands in the file."""
        self._problems.add((self._mark(place).start_mark.line + 1, problem))

    def report_unknown(self, place: Place, kind: str, name: object, known: Iterable[str]) -> None:
        """Notes a wrong name and the nearest right one."""
        self.report(place, f"unknown {kind} '{name}': {did_you_mean(str(name), known)}")

    def report_unknown_keys(self, model: type[BaseModel]) -> None:
        """Notes each key that the model does not have at that place."""
        for place, known in _unknown_keys(self.data, [model], ()):
            self.report_unknown(place, "key", place[-1], known)

    def demand_right(self) -> None:
        """Raises ContractError with all problems noted, in the file's order; nothing where there are none."""
        if self._problems:
            lines = [f"{self.path}:{line}: {problem}" for line, problem in sorted(self._problems)]
            raise ContractError("\n".join(["The contract is not right:", *lines]))

    def _mark(self, place: Place) -> yaml.Node:
        """The node at which a place begins: of a key, or of an item of a list."""
        mark: yaml.Node = self._root
        node: Any = self._root
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = [(key, value) for key, value in node.value if key.value == step]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                found = [(item, item) for item in node.value[step : step + 1]]
            else:
                found = []
            if not found:
                break
            mark, node = found[-1]
        return mark

    def _report_repeated(self, node: yaml.Node) -> None:
        """Notes keys that stand twice in one mapping: YAML keeps the last and says nothing."""
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                if key.value in seen:
                    self._problems.add((key.start_mark.line + 1, f"the key '{key.value}' is written twice"))
                seen.add(key.value)
                self._report_repeated(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._report_repeated(item)


def _unknown_keys(
    data: Any, models: list[type[BaseModel]], place: Place
) -> Iterator[tuple[Place, list[str]]]:
    """The places of keys that none of the models has, each with the keys that they have."""
    if not models or not isinstance(data, dict):
        return
    annotations = {
        field.alias or name: field.annotation
        for model in models
        for name, field in model.model_fields.items()
    }
    for key, value in data.items():
        if key not in annotations:
            yield (*place, key), sorted(annotations)
        elif isinstance(value, list):
            inside = _models(annotations[key], in_list=True)
            for position, item in enumerate(value):
                yield from _unknown_keys(item, inside, (*place, key, position))
        else:
            yield from _unknown_keys(value, _models(annotations[key], in_list=False), (*place, key))


def _models(annotation: Any, *, in_list: bool) -> list[type[BaseModel]]:
    """The models that an annotation allows as a mapping, or as the items of a list."""
    if get_origin(annotation) is list:
        return _models(get_args(annotation)[0], in_list=False) if in_list else []
    if get_args(annotation) and get_origin(annotation) is not dict:
        return [model for part in get_args(annotation) for model in _models(part, in_list=in_list)]
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return [annotation] if is_model and not in_list else []
