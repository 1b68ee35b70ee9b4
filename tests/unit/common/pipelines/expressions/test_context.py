from common.pipelines.expressions.context import DEEPEST, described
from common.pipelines.expressions.typed import Typed
from common.pipelines.expressions.types import INTEGER, NOTHING, STRING
from unit.common.pipelines.expressions.kit import typed, wrong


def test_an_expression_has_an_end() -> None:
    deep = "(" * 40 + "+".join("i" * DEEPEST) + ")" * 40
    assert typed(deep).columns == {"i"}
    assert wrong("+".join("i" * (DEEPEST + 1))) == (0, 0, "the expression is nested more than 50 deep")


def test_sql_has_an_end() -> None:
    text = "i"
    for _ in range(15):
        text = f"1 if 0 < ({text}) < 2 else 0"
    assert wrong(text)[2] == "the expression is too large"


def test_columns_of_groups_and_of_rows() -> None:
    assert typed("i + sum(j)", ("i",)).columns == {"i"}
    assert "'i' has a value for each row" in wrong("i + sum(j)", ())[2]


def test_values_as_errors_speak_of_them() -> None:
    assert described(Typed("NULL", NOTHING)) == "null"
    assert described(Typed("'x'", STRING, constant="x")) == "'x'"
    assert described(Typed("1", INTEGER, constant=1)) == "a value of type integer"
