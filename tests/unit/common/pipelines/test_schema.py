from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from common.io.sources.configured import kinds
from common.pipelines import schema
from common.pipelines.steps import steps
from common.utils.marked_yaml import MarkedYaml

GOOD = """\
description: Daily revenue per product
owner: shop-data
schedule: "@daily"
sources:
  order_lines:
    path: ${ORDERS}/*.csv
    delimiter: ${DELIMITER}
    fields:
      sold_at: {type: timestamp, from: SoldAt}
      quantity: integer
      price: {type: "decimal(18,4)", min: 0}
    event_time: sold_at
  days:
    kind: rest
    connection: enc:abc
    url: /days
    max_pages: ${PAGES}
    params: {from: "{since}"}
    fields: {day: date}
    key: [day]
steps:
  - filter: quantity > 0
  - aggregate: {by: [date], columns: {revenue: sum(quantity * price)}}
collection: {key: [date], freshness: 48h}
validation:
  - range: {column: revenue, min: 0}
    on_failure: warn
targets: {files: parquet:///data/out}
"""
# What is replaced by what, and where the problem is said to be.
BAD = [
    ("owner: shop-data", "ownr: shop-data", "$"),
    ("freshness: 48h", "freshness: two days", "$.collection"),
    ("quantity: integer", "quantity: whole", "$.sources.order_lines"),
    ("event_time: sold_at", "event_tim: sold_at", "$.sources.order_lines"),
    ("kind: rest", "kind: rst", "$.sources.days"),
    ("url: /days", "urll: /days", "$.sources.days"),
    ("path: ${ORDERS}/*.csv", "", "$.sources.order_lines"),
    ("- filter: quantity > 0", "- filtr: quantity > 0", "$.steps[0]"),
    ("- filter: quantity > 0", "- {filter: quantity > 0, drop: [price]}", "$.steps[0]"),
    ("by: [date], columns", "per: [date], columns", "$.steps[1].aggregate"),
    ("on_failure: warn", "on_failure: shout", "$.validation[0].on_failure"),
    ('schedule: "@daily"', "schedule: 5", "$.schedule"),
    ("sources:\n  order_lines", "sources:\n  Order-Lines", "$.sources"),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return schema.document()


def problems(document: dict[str, Any], text: str) -> Iterator[str]:
    data = MarkedYaml(Path("pipeline.yaml"), plain=True, text=text).data  # ``on`` is a name, as for editors
    yield from (error.json_path for error in Draft202012Validator(document).iter_errors(data))


def test_it_is_a_schema_of_all_steps_and_kinds(document: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(document)
    assert set(document["$defs"]["Step"]["properties"]) == set(steps())
    offered = {one["properties"]["kind"]["const"]: one for one in document["$defs"]["Source"]["anyOf"]}
    assert set(offered) == set(kinds())
    assert "kind" not in offered["files"]["required"]
    assert offered["rest"]["properties"]["paging"]["description"].startswith("How to the next page: ``link``")


def test_everything_is_described_for_who_completes(document: dict[str, Any]) -> None:
    assert [
        name for name, one in document["$defs"]["Step"]["properties"].items() if not one["description"]
    ] == []
    for one in document["$defs"]["Source"]["anyOf"]:
        bare = [name for name, setting in one["properties"].items() if "description" not in setting]
        assert set(bare) <= {"kind"}, one["title"]


def test_right_files_pass(document: dict[str, Any], repository: Path) -> None:
    assert list(problems(document, GOOD)) == []
    files = sorted((repository / "include" / "pipelines").glob("*/*.yaml"))
    files += sorted((repository / "docs" / "examples" / "pipelines").glob("*/*.yaml"))
    assert files
    found = {path.name: list(problems(document, path.read_text("utf-8"))) for path in files}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("old", "new", "place"), BAD, ids=lambda one: one[:24])
def test_wrong_files_fail_at_their_place(document: dict[str, Any], old: str, new: str, place: str) -> None:
    assert old in GOOD
    assert place in problems(document, GOOD.replace(old, new))


def test_a_difference_is_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "PATH", tmp_path / "schema.json")
    assert schema.drifted()
    schema.PATH.write_text(schema.text(), "utf-8")
    assert not schema.drifted()
    schema.PATH.write_text(schema.text().replace("integer", "whole"), "utf-8")
    assert schema.drifted()
