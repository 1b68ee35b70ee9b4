from decimal import Decimal

import pytest

from unit.common.pipelines.steps.kit import Bench

GIVEN = {"id": "integer!", "sku": "string", "date": "date!"}
ROWS = [(1, "a", "2026-01-01"), (2, "b", "2026-01-01"), (3, None, "2026-01-02"), (4, "x", "2026-01-02")]
OTHERS = {"sku": "string!", "name": "string!*", "price": "decimal(6,2)"}
THEIRS = [("a", "Ale", "1.25"), ("a", "Ale 2", "1.50"), ("b", "Bun", None)]
PRODUCTS = {"products": (OTHERS, THEIRS)}


def test_a_row_comes_as_often_as_it_matches(bench: Bench) -> None:
    step = "join: {with: products, on: [sku], columns: {product: name, price: price}}"
    assert [(row[0], *row[3:]) for row in bench.run(step, GIVEN, ROWS, PRODUCTS)] == [
        (1, "Ale 2", Decimal("1.50")),
        (1, "Ale", Decimal("1.25")),
        (2, "Bun", None),
        (3, None, None),
        (4, None, None),
    ]
    done = bench.plan(step, GIVEN, {"products": OTHERS})
    assert done.columns == {**GIVEN, "product": "string*", "price": "decimal(6,2)"}
    assert not done.planned.by_day


def test_an_inner_join_leaves_out_what_matches_nothing(bench: Bench) -> None:
    step = "join: {with: products, on: {sku: sku}, columns: [name], how: inner}"
    assert [(row[0], row[3]) for row in bench.run(step, GIVEN, ROWS, PRODUCTS)] == [
        (1, "Ale 2"),
        (1, "Ale"),
        (2, "Bun"),
    ]
    assert bench.plan(step, GIVEN, {"products": OTHERS}).columns["name"] == "string!*"


def test_numbers_of_several_types_are_equal(bench: Bench) -> None:
    theirs = {"prices": ({"of": "decimal(4,2)", "n": "integer"}, [("1.00", 10), ("1.50", 20)])}
    step = "join: {with: prices, on: {id: of}, columns: [n], how: inner}"
    assert [(row[0], row[3]) for row in bench.run(step, GIVEN, ROWS, theirs)] == [(1, 10)]


@pytest.mark.parametrize(
    ("step", "problems"),
    [
        (
            "join: {with: product, on: [sku]}",
            ["2:12: unknown source or table 'product': did you mean 'products'?"],
        ),
        (
            "join: {with: products, on: {skuu: sku, id: sku}}",
            [
                "2:33: unknown column 'skuu': did you mean 'sku'?",
                "2:44: 'id' is of type integer and theirs of type string: cast one",
            ],
        ),
        (
            "join: {with: products, on: [sku], columns: [nam, sku]}",
            [
                "2:49: unknown column 'nam': did you mean 'name'?",
                "2:54: 'sku' is a column already: give this one another name",
            ],
        ),
    ],
)
def test_what_is_wrong(bench: Bench, step: str, problems: list[str]) -> None:
    assert bench.plan(step, GIVEN, {"products": OTHERS}).problems == problems
