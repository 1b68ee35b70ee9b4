import duckdb
import pytest

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"id": "integer!", "sku": "string", "date": "date!"}
ROWS = [(1, "a", "2026-01-01"), (2, "b", "2026-01-01"), (3, None, "2026-01-02"), (4, "x", "2026-01-02")]
OTHERS = {"code": "string", "name": "string!", "kind": "string*"}
THEIRS = [("a", "Ale", None), ("b", "Bun", "food"), (None, "Nil", None), (None, "Nil", None)]
STEP = "lookup: {in: products, on: {sku: code}, columns: {product: name, kind: kind}, default: {kind: none}}"


def test_each_row_stays_one_row(bench: Bench) -> None:
    found = bench.run(STEP, GIVEN, ROWS, {"products": (OTHERS, THEIRS)})
    assert [(row[0], *row[3:]) for row in found] == [
        (1, "Ale", "none"),
        (2, "Bun", "food"),
        (3, None, "none"),
        (4, None, "none"),
    ]
    done = bench.plan(STEP, GIVEN, {"products": OTHERS})
    assert done.columns == {**GIVEN, "product": "string", "kind": "string!*"}
    assert not done.planned.by_day


def test_two_rows_of_one_key_fail_the_run(bench: Bench) -> None:
    twice = [*THEIRS, ("b", "Bun", "food")]
    with pytest.raises(duckdb.InvalidInputException) as raised:
        bench.run(STEP, GIVEN, ROWS, {"products": (OTHERS, twice)})
    assert "lookup: 'products' has more than one row of the same key (code): b" in str(raised.value)


def test_keys_that_are_equal_as_numbers_are_one_key(bench: Bench) -> None:
    near = {"near": ({"of": "decimal(38,20)", "n": "integer"}, [("0.1", 1), ("0.10000000000000000001", 2)])}
    with pytest.raises(duckdb.InvalidInputException, match="more than one row of the same key"):
        bench.run("lookup: {in: near, on: {x: of}, columns: [n]}", {"x": "number"}, [("0.1",)], near)


def test_the_error_shows_no_personal_data(bench: Bench) -> None:
    people = {"people": ({"mail": "string*", "n": "integer"}, [("x@y", 1), ("x@y", 2)])}
    with pytest.raises(duckdb.InvalidInputException) as raised:
        bench.run(
            "lookup: {in: people, on: {sku: mail}, columns: [n]}", GIVEN, [(1, "x@y", "2026-01-01")], people
        )
    assert "more than one row of the same key (mail)" in str(raised.value)
    assert "x@y" not in str(raised.value)


def test_a_key_of_several_columns(bench: Bench) -> None:
    rates = {"rates": ({"day": "date", "of": "integer", "rate": "number"}, [("2026-01-01", 2, 0.5)])}
    step = "lookup: {in: rates, on: {date: day, id: of}, columns: [rate], default: {rate: 1}}"
    assert [(row[0], row[3]) for row in bench.run(step, GIVEN, ROWS, rates)] == [
        (1, 1.0),
        (2, 0.5),
        (3, 1.0),
        (4, 1.0),
    ]


@pytest.mark.parametrize(
    ("step", "problems"),
    [
        (
            "lookup: {in: prod, on: [sku], columns: [x]}",
            ["2:14: unknown source or table 'prod': did you mean 'products'?"],
        ),
        (
            "lookup: {in: products, on: {sku: cod}, columns: [nam], default: {kin: 1}}",
            [
                "2:33: unknown column 'cod': did you mean 'code'?",
                "2:54: unknown column 'nam': did you mean 'name'?",
                "2:70: 'kin' is not looked up: known: none.",
            ],
        ),
        (
            "lookup: {in: products, on: {sku: code}, columns: [name], default: {name: 1}}",
            ["2:72: 1 is no value of type string"],
        ),
    ],
)
def test_what_is_wrong(bench: Bench, step: str, problems: list[str]) -> None:
    assert bench.plan(step, GIVEN, {"products": OTHERS}).problems == problems
