"""What all steps have in common."""

import pkgutil
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

import common.pipelines.steps as package
from common.pipelines.steps import steps
from unit.common.pipelines.steps.kit import Bench

NAMES = sorted(steps())
ROOT = Path(package.__file__).parents[4]


def test_every_module_is_a_step() -> None:
    assert sorted(module.name for module in pkgutil.iter_modules(package.__path__)) == NAMES
    assert len(NAMES) == 18


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_small_and_says_what_it_is(name: str) -> None:
    step = steps()[name]
    source = Path(package.__path__[0], f"{name}.py").read_text("utf-8")
    assert len(source.splitlines()) < 100
    schema = TypeAdapter(step).json_schema()
    assert f"``{name}:" in schema["description"], "an example stands in the first line"
    for key, one in schema.get("properties", {}).items():
        assert one.get("description"), f"{name}.{key} has no description"


@pytest.mark.parametrize(
    "step",
    [
        *("filter: a > 1", "select: [a]", "drop: [a]", "rename: {b: a}", "cast: {a: date}", "derive: {b: a}"),
        *("drop_nulls: [a]", "fill_nulls: {a: 1}", "deduplicate: {by: [a], latest: b}", "sort: {by: [-a]}"),
        *("aggregate: {by: [a], columns: {b: max(c)}}", "truncate_date: {a: day}", "mask: {a: redact}"),
        "join: {with: t, on: [a], columns: [b]}",
        "lookup: {in: t, on: [a], columns: [b], default: {b: 1}}",
        "pivot: {by: [a], column: b, values: [x, y], value: sum(c)}",
        "unpivot: {by: [a], columns: [b, c], name: d, value: e}",
        "union: {with: [t]}",
    ],
)
def test_an_input_that_is_wrong_already_is_told_once(bench: Bench, step: str) -> None:
    assert bench.plan(step, {}, {"t": {}}).problems == []


@pytest.mark.parametrize("name", NAMES)
def test_keys_that_there_are_not_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(steps()[name]).validate_python({"colums": {"a": {"b": []}}})
