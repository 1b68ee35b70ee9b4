"""The page about the language names all there is, and what it shows is right."""

import re
from pathlib import Path

import pytest

from common.pipelines.expressions.compiler import compiled
from common.pipelines.expressions.functions import FUNCTIONS
from common.pipelines.steps import steps
from unit.common.pipelines.steps.kit import NOW, Bench, columns

PAGE = Path(__file__).parents[5].joinpath("docs/pipeline-language.md").read_text("utf-8")
EXAMPLES = re.findall(r"^- (\w+: .*?)(?: +#.*)?$", PAGE.split("```")[1], re.MULTILINE)
ROWS = re.findall(r"^\| `(\w+)\((.*)\)` \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
GIVEN = {
    **{"date": "date!", "product_id": "string!", "quantity": "integer", "unit_price": "decimal(18,4)"},
    **{
        "status": "string",
        "note": "string",
        "customer_id": "string",
        "discount": "integer",
        "amount": "number",
    },
    **{"country": "string", "order_id": "string", "updated_at": "timestamp", "sold_at": "timestamp"},
    **{"email": "string*", "name": "string*", "card": "string*"},
}
TABLES = {
    "prices": {"product_id": "string", "price": "decimal(6,2)"},
    "products": {"id": "string", "kind": "string"},
    "returns": {"product_id": "string", "quantity": "integer"},
}
ARGUMENTS = {
    **{
        "n": "quantity",
        "x": "status",
        "y": "note",
        "s": "status",
        "i": "quantity",
        "b": "true",
        "by": "date",
    },
    **{
        "at": "sold_at",
        "from": "date",
        "to": "sold_at",
        "part": "note",
        "old": "note",
        "new": "name",
        "many": "3",
    },
}


def test_every_step_has_an_example() -> None:
    assert sorted(example.split(":")[0] for example in EXAMPLES) == sorted(steps())


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_right(bench: Bench, example: str) -> None:
    given = {name: one for name, one in GIVEN.items() if name != "amount" or "unpivot" not in example}
    tables = {"a { table": given, **TABLES}
    assert bench.plan(example, given, tables).problems == []
    others = {name: (one, []) for name, one in TABLES.items()}
    assert bench.run(example, given, [], others) == []


def test_every_function_stands_there_with_its_meaning() -> None:
    assert {name: meaning for name, _, _, meaning in ROWS} == {
        name: function.meaning for name, function in FUNCTIONS.items()
    }


@pytest.mark.parametrize(("name", "arguments", "gives", "meaning"), ROWS)
def test_a_function_gives_what_the_page_says(name: str, arguments: str, gives: str, meaning: str) -> None:
    given = [one for one in arguments.split(", ") if one not in ("", "…")]
    if name == "substring":
        given = ["s", "i", "i"]
    text = f"{name}({', '.join(ARGUMENTS.get(one, one) for one in given)})"
    found = compiled(text, columns(GIVEN), now=NOW, groups=list(GIVEN)).type
    of = {"as x": "string", "what holds all": "string", "as at": "timestamp", "as n": "integer"}
    assert str(found) == of.get(gives.split(";", maxsplit=1)[0], gives), meaning
