from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from common.utils.errors import ContractError
from common.utils.marked_yaml import MarkedYaml


class Leaf(BaseModel):
    colour: str | None = None


class Team(BaseModel):
    name: str | None = None


class Tree(BaseModel):
    leaf: Leaf | None = None
    leaves: list[Leaf] | None = None
    either: Team | list[Leaf] | None = None
    free: dict[str, str] | None = None
    schema_: str | None = Field(None, alias="schema")


def problems(folder: Path, text: str, model: type[BaseModel] = Tree) -> list[str]:
    path = folder / "tree.yaml"
    path.write_text(text, encoding="utf-8")
    file = MarkedYaml(path)
    file.report_unknown_keys(model)
    try:
        file.demand_right()
    except ContractError as error:
        return [line.removeprefix(f"{path}:") for line in str(error).splitlines()[1:]]
    return []


def test_right_keys_are_no_problem(tmp_path: Path) -> None:
    text = """
leaf: {colour: green}
leaves: [{colour: red}]
either: {name: a}
free: {anything: goes}
schema: x
"""
    assert problems(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("leaf:\n  color: green", "2:3: unknown key 'color': did you mean 'colour'?"),
        ("leaves:\n- colour: red\n- coluor: red", "3:3: unknown key 'coluor': did you mean 'colour'?"),
        ("either:\n  nam: a", "2:3: unknown key 'nam': did you mean 'name'?"),
        ("either:\n  - nam: a", "2:5: unknown key 'nam': known: colour."),
        ("either:\n  - colour: a\n    name: a", "3:5: unknown key 'name': known: colour."),
        ("shema: x", "1:1: unknown key 'shema': did you mean 'schema'?"),
        ("leef: {}\n", "1:1: unknown key 'leef': did you mean 'leaf'?"),
    ],
)
def test_a_wrong_key_is_told_with_its_line_and_the_nearest(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


def test_all_problems_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "leaves:\n- color: red\nleef: {}\nleaf:\n  colr: green"
    assert [one.partition(":")[0] for one in problems(tmp_path, text)] == ["2", "3", "5"]


def test_a_key_that_stands_twice_is_a_problem(tmp_path: Path) -> None:
    text = "leaves:\n- colour: red\n  colour: green\nleaves: []"
    assert problems(tmp_path, text) == [
        "3:3: the key 'colour' is written twice",
        "4:1: the key 'leaves' is written twice",
    ]


def test_a_place_that_is_not_in_the_file_is_told_at_the_nearest_above(tmp_path: Path) -> None:
    path = tmp_path / "tree.yaml"
    path.write_text("a: 1\nleaves:\n- colour: red\n", encoding="utf-8")
    file = MarkedYaml(path)
    for place in (("leaves", 7, "colour"), ("leaves", 0, "name"), ("leaves", 0, "colour", "deeper"), ()):
        file.report(place, f"{place}")
    with pytest.raises(ContractError) as caught:
        file.demand_right()
    assert [line.split(":")[1] for line in str(caught.value).splitlines()[1:]] == ["1", "2", "3", "3"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: [1, 2", "not YAML.*yaml:2:1"),
        (b"? [1]\n: 2", "not YAML"),
        (b"a: \xff", "not UTF-8.*Save it as UTF-8"),
        (b"", "holds no keys"),
        (b"- a\n- b", "holds no keys"),
    ],
)
def test_what_is_no_mapping_in_yaml_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "tree.yaml"
    path.write_bytes(content)
    with pytest.raises(ContractError, match=f"(?s){told}") as caught:
        MarkedYaml(path)
    assert caught.value.where.startswith(str(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="No such file"):
        MarkedYaml(tmp_path / "absent.yaml")
