"""YAML files checked against pydantic models, every problem told with its line.

The models of a published format ignore keys that they do not know, so a misspelt key would vanish silently.
Here the file is walked beside the models: a key that no model has is a problem, and so is one written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin

import yaml
from pydantic import BaseModel

from common.utils.errors import ContractError, VitrineError, did_you_mean

Loader: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the C one is ten times as fast, and not everywhere


class PlainLoader(Loader):  # type: ignore[misc]
    """Reads true, false, null and numbers as such, and all else as texts."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


for _tag, _pattern, _first in (
    ("bool", "true|false|True|False", "tfTF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?([0-9]+[.][0-9]*|[.][0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", "<<", "<"),
):
    PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^({_pattern})$"), list(_first)
    )

LARGEST, DEEPEST, NODES = 1_000_000, 100, 100_000
"""Characters of a file, brackets in each other, and values with those that aliases repeat: at most."""

Place = tuple[str | int, ...]
"""The way from the root to a value: keys and positions, such as ``("schema", 0, "name")``."""


class MarkedYaml:
    """One YAML file, the line of everything in it, and what is wrong with it.

    Args:
        path: A file in UTF-8.
        kind: What it is, in words.
        error: What is raised of it.
        text: What stands in it, where it is not to be read.
        plain: As YAML 1.2 has it: ``on``, ``no`` and ``2026-01-31`` are texts.

    Attributes:
        data: The mapping that it holds.

    Raises:
        VitrineError: There is no such file, or it is not YAML, or not a mapping.
    """

    def __init__(
        self,
        path: Path,
        kind: str = "contract",
        error: type[VitrineError] = ContractError,
        *,
        text: str | None = None,
        plain: bool = False,
    ) -> None:
        self.path, self._kind, self._error = path, kind, error
        self._problems: set[tuple[int, int, str]] = set()
        try:
            text = path.read_text(encoding="utf-8") if text is None else text
            self._lines = text.splitlines()
            _demand_bounds(text)
            loader = (PlainLoader if plain else Loader)(text)
            self._root = loader.get_single_node()
            _demand_small(self._root)
            self.data: dict[str, Any] = loader.construct_document(self._root) if self._root else {}
        except OSError as wrong:
            raise error(f"The file cannot be read: {wrong.strerror}.", where=str(path)) from wrong
        except UnicodeDecodeError as wrong:
            raise error("The file is not UTF-8.", where=str(path), next_step="Save it as UTF-8.") from wrong
        except yaml.MarkedYAMLError as wrong:
            mark = wrong.problem_mark
            where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
            raise error(f"The file is not YAML: {wrong.problem}.", where=where) from wrong
        except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as wrong:
            # such as the date 2026-02-30, or a tag on what it does not fit
            raise error(f"The file is not YAML: {wrong}.", where=str(path)) from wrong
        if not isinstance(self._root, yaml.MappingNode):
            raise error("The file holds no keys.", where=str(path), next_step="Write it as key: value.")
        self._report_repeated(self._root, set())

    def report(self, place: Place, problem: str, within: tuple[int, int] | None = None) -> None:
        """Notes a problem at a place, or at the nearest place above it that stands in the file.

        Args:
            place: Of a key, or of an item of a list.
            problem: In words.
            within: Line and column, both from 0, in the text that stands at the place.
        """
        mark = self._nodes(place)[0].start_mark
        line, column = mark.line, mark.column
        if within is not None:
            line, column = self._spot(self._nodes(place)[1], *within)
        self._problems.add((line + 1, column + 1, problem))

    def report_unknown(self, place: Place, kind: str, name: object, known: Iterable[str]) -> None:
        """Notes a wrong name and the nearest right one."""
        self.report(place, f"unknown {kind} '{name}': {did_you_mean(str(name), known)}")

    def report_unknown_keys(self, model: type[BaseModel], place: Place = ()) -> None:
        """Notes each key below a place that the model does not have there."""
        for below, known in _unknown_keys(self.at(place), [model], place):
            self.report_unknown(below, "key", below[-1], known)

    def at(self, place: Place) -> Any:
        """What stands at a place.

        Raises:
            LookupError: Nothing does.
        """
        found: Any = self.data
        for step in place:
            found = found[step]
        return found

    def line(self, place: Place) -> int:
        """The line, from 1, at which a place stands."""
        return int(self._nodes(place)[0].start_mark.line) + 1

    @property
    def problems(self) -> list[str]:
        """All that was noted, in the file's order: ``file:line:column: what is wrong``."""
        return [f"{self.path}:{line}:{column}: {problem}" for line, column, problem in sorted(self._problems)]

    def demand_right(self) -> None:
        """Raises the file's error with all problems noted; nothing where there are none."""
        if self._problems:
            raise self._error("\n".join([f"The {self._kind} is not right:", *self.problems]))

    def _nodes(self, place: Place) -> tuple[yaml.Node, yaml.Node]:
        """The node at which a place begins, of a key or of an item of a list; and that of what it holds."""
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
        return mark, node

    def _spot(self, node: yaml.Node, line: int, column: int) -> tuple[int, int]:
        """Where a spot of a text stands in the file, both from 0; of a folded text its beginning."""
        mark, style = node.start_mark, getattr(node, "style", None)
        if style == "|" and mark.line + 1 + line < len(self._lines):
            found = self._lines[mark.line + 1 + line]
            return mark.line + 1 + line, len(found) - len(found.lstrip()) + column
        if style in ("|", ">") or line or node.end_mark.line != mark.line:
            return mark.line, mark.column
        return mark.line, mark.column + column + (style in ("'", '"'))

    def _report_repeated(self, node: yaml.Node, met: set[int]) -> None:
        """Notes keys that stand twice in one mapping: YAML keeps the last and says nothing."""
        if id(node) in met:  # what an alias names is there already, maybe around it
            return
        met.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                if str(key.value) in seen:
                    mark = key.start_mark
                    problem = f"the key '{key.value}' is written twice"
                    self._problems.add((mark.line + 1, mark.column + 1, problem))
                seen.add(str(key.value))
                self._report_repeated(value, met)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._report_repeated(item, met)


def _demand_bounds(text: str) -> None:
    """Raises ValueError where a text is too large or too deep for the library, which would break down."""
    if len(text) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} characters")
    depth = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if depth > DEEPEST:
            raise ValueError(f"brackets stand more than {DEEPEST} deep in each other")


def _demand_small(root: yaml.Node | None) -> None:
    """Raises ValueError where aliases make a small file large, or name what is around them."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            sizes[id(node)] = NODES  # until it is known: what is around itself has no end
            pairs = node.value if isinstance(node, yaml.CollectionNode) else []
            inside = (one for pair in pairs for one in (pair if isinstance(pair, tuple) else (pair,)))
            sizes[id(node)] = 1 + sum(map(size, inside))
        return sizes[id(node)]

    if root is not None and size(root) > NODES:
        raise ValueError(f"with its aliases it has more than {NODES:,} values")


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
