"""Whatever a source calls its columns, YAML and Python have the same text."""

import ast
from pathlib import Path

import pytest
import yaml

from common.pipelines.checked import checked
from common.pipelines.expressions.types import INTEGER, STRING, TIMESTAMP
from vitrine.new import rendering
from vitrine.new.drafts import Column, Draft

NAMES = [
    "plain",
    "two words",
    "true",
    "yes",
    "null",
    "12",
    "a: b",
    "a #b",
    "'single'",
    '"double"',
    "both ' and \"",
    "- dash",
    "{brace}",
    "a\\b",
    "tab\there",
    "line\nbreak",
    "Größe €",
    "Ω \u2013 价格",
    "\U0001f642",
    "=a,b",
    "w" * 120,
    "",
]


def draft(*theirs: str) -> Draft:
    columns = [Column(f"c{at}", name, INTEGER) for at, name in enumerate(theirs)]
    identity = (Column("id", "id", STRING, required=True), Column("at", "at", TIMESTAMP, required=True))
    return Draft(
        "shop", "things", "Things: a row a record", "data/a.csv", (*identity, *columns), "at", ("id",)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_name_survives_in_both(name: str) -> None:
    written = yaml.safe_load(rendering.pipeline(draft(name)))["sources"]["records"]["fields"]["c0"]
    assert written == {"type": "integer", "from": name}
    tree = ast.parse(rendering.transform(draft(name)))
    (columns,) = [
        ast.literal_eval(value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "COLUMNS"
    ]
    assert columns == {"c0": name}


def test_the_pipeline_is_right_whatever_its_columns_are_called(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "things_v1.yaml"
    path.parent.mkdir()
    path.write_text(rendering.pipeline(draft(*filter(None, NAMES))), "utf-8")
    found = checked(path)
    assert found.contract.key == ("date", "id")
    assert [field.name or name for name, field in found.pipeline.spec.sources["records"].fields.items()][
        2:
    ] == list(filter(None, NAMES))


def test_the_contract_is_that_of_the_pipeline(tmp_path: Path) -> None:
    document = yaml.safe_load(rendering.contract_of(draft("n")))
    assert [one["name"] for one in document["schema"][0]["properties"]] == ["date", "id", "at", "c0"]
    assert document["schema"][0]["customProperties"] == [{"property": "partitionBy", "value": "day"}]


def test_a_long_module_says_why() -> None:
    assert "# long because of its columns" in rendering.transform(draft(*(f"C{at}" for at in range(100))))
    assert "# long because" not in rendering.transform(draft("n"))
