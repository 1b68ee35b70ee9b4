from pathlib import Path

import pytest

from common.utils.errors import ContractError
from common.utils.odcs import load_contract
from unit.common.contract_kit import contract, line, written

UNITS = "        examples: [54, -2]\n"
RULE = "          - name: order_lines_at_least_one"


def refused(path: Path) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    return str(caught.value).splitlines()[1:]


# What stands in the contract, what is written instead, what is told, and a text of the line that is named.
WRONG = [
    (
        "        logicalType: date\n",
        "        logicaltype: date\n",
        "unknown key 'logicaltype': did you mean 'logicalType'?",
        "logicaltype",
    ),
    (
        "logicalType: integer",
        "logicalType: int",
        "logicalType 'int': did you mean 'integer'?",
        "logicalType: int",
    ),
    ("decimal(18,4)", "decmal(18,4)", "physicalType 'decmal(18,4)': did you mean 'decimal(18,4)'?", "decmal"),
    ("decimal(18,4)", "decimal(39,4)", "a decimal has 1 to 38 digits", "decimal(39"),
    ("decimal(18,4)", "decimal(4,5)", "a decimal has 1 to 38 digits", "decimal(4,5"),
    (
        "logicalType: integer\n",
        "logicalType: integer\n        physicalType: int\n",
        "physicalType 'int': did you mean 'bigint'?",
        "physicalType: int",
    ),
    (
        "- name: quantity\n",
        "- name: Quantity\n",
        "the name 'Quantity' must be small letters",
        "- name: Quantity",
    ),
    ("- name: returned_quantity\n", "- name: quantity\n", "field 'quantity' is there already", None),
    (
        "        required: true\n",
        "        required: false\n",
        "date is of the key, so it needs required: true",
        "- name: date",
    ),
    (
        "primaryKeyPosition: 2",
        "primaryKeyPosition: 3",
        "primaryKeyPosition 1, 2, …; here they are [1, 3]",
        "    properties:",
    ),
    (
        UNITS,
        f"{UNITS}        logicalTypeOptions: {{minimum: 0}}\n",
        "nothing here acts on 'logicalTypeOptions'",
        "logicalTypeOptions",
    ),
    (UNITS, f"{UNITS}        unique: false\n", "nothing here acts on 'unique'", "unique: false"),
    (
        UNITS,
        f"{UNITS}        customProperties: [{{property: pii}}]\n",
        "unknown custom property 'pii': known: none.",
        "pii",
    ),
    (
        "property: partitionBy",
        "property: partitonBy",
        "unknown custom property 'partitonBy': did you mean 'partitionBy'?",
        "partitonBy",
    ),
    (
        "[product_id, date]\n          - [revenue]",
        "[product, date]\n          - [revenue]",
        "unknown field of an index 'product': did you mean",
        None,
    ),
    ("          - [quantity]\n", "          - [revenue]\n", "index 'revenue' is there already", None),
    ("          - [quantity]\n", "          - quantity\n", "indexes is a list of lists", None),
    (RULE, "          - name: key_unique", "rule 'key_unique' is there already", None),
    (RULE, "          - name: schema", "rule 'schema' is there already", "- name: schema"),
    (RULE, "          - description: Twice", "the name None must be small letters", None),
    (
        "engine: greatExpectations",
        "engine: great-expectations",
        "nothing here runs another",
        "- name: date_given",
    ),
    (
        "            type: custom",
        "            type: library",
        "nothing here runs another",
        "- name: date_given",
    ),
    (
        "              type: expect_column",
        "              typ: expect_column",
        "unknown key 'typ': did you mean 'type'?",
        "typ: expect",
    ),
    (
        "type: expect_column_values_to_not_be_null",
        "type: not_null",
        "an implementation has type: expect_…",
        "implementation:",
    ),
    (
        "kwargs: {min_value: 1, max_value: 128}",
        "kwargs: [1, 128]",
        "an implementation has type: expect_…",
        None,
    ),
    (
        "kwargs: {mostly: 0.95}",
        "kwargs: {mostly: 0.95, column: quantity}",
        "stands under product_name and is about quantity",
        "product_name_mostly_given",
    ),
    (
        "column_A: gross_revenue",
        "column_A: gros_revenue",
        "unknown field 'gros_revenue': did you mean 'gross_revenue'?",
        None,
    ),
    (
        "column_list: [date, product_id]",
        "column_list: [date, product]",
        "unknown field 'product': did you mean",
        None,
    ),
    (
        "property: onFailure",
        "property: onFailed",
        "unknown custom property 'onFailed': did you mean 'onFailure'?",
        "onFailed",
    ),
    ("value: warn", "value: warning", "unknown onFailure 'warning': did you mean 'warn'?", None),
    (
        "            dimension: accuracy",
        "            severity: error\n            dimension: accuracy",
        "nothing here acts on 'severity'",
        "severity",
    ),
    (
        "            dimension: accuracy",
        "            mustBe: 3\n            dimension: accuracy",
        "nothing here acts on 'mustBe'",
        "mustBe",
    ),
]


@pytest.mark.parametrize(("old", "new", "told", "place"), WRONG)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, old: str, new: str, told: str, place: str | None
) -> None:
    path = written(tmp_path, (old, new))
    problems = refused(path)
    matching = [one for one in problems if told in one]
    assert matching, problems
    if place is not None:
        assert matching[0].startswith(f"{path}:{line(path, place)}:")


def test_a_number_may_be_a_float(tmp_path: Path) -> None:
    path = written(tmp_path, ("        physicalType: decimal(18,4)\n", ""))
    assert load_contract(path).field("revenue").type == "number"


def test_precision_and_scale_come_from_the_physical_type(tmp_path: Path) -> None:
    money = load_contract(written(tmp_path, ("decimal(18,4)", "decimal(30, 6)"))).field("revenue")
    assert (money.type, money.precision, money.scale) == ("decimal", 30, 6)


def test_a_rule_under_a_field_is_about_it_and_fails_unless_it_says_otherwise() -> None:
    rules = {rule.name: rule for rule in contract().rules}
    assert rules["date_given"].arguments == {"column": "date"}
    assert rules["date_given"].on_failure == "fail"
    assert rules["product_name_mostly_given"].arguments == {"column": "product_name", "mostly": 0.95}
    assert rules["product_name_mostly_given"].on_failure == "warn"
    assert rules["key_unique"].arguments == {"column_list": ["date", "product_id"]}
