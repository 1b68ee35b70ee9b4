import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.utils.contract import Field, Rule
from common.utils.errors import ContractError
from common.utils.suite import expectations, great_expectations
from unit.common.contract_kit import contract, small

FIELDS = (
    Field("id", "integer", required=True),
    Field("price", "decimal", precision=18, scale=4),
    Field("day", "date"),
    Field("at", "timestamp"),
    Field("name", "string"),
)
BETWEEN = "expect_column_values_to_be_between"


def arguments(expectation: str, **given: Any) -> dict[str, Any]:
    (made,) = expectations(small(FIELDS, Rule("r", expectation, given)))
    assert made.meta == {"rule": "r"}
    return made.kwargs


def refused(*rules: Rule) -> str:
    with pytest.raises(ContractError) as caught:
        expectations(small(FIELDS, *rules))
    return str(caught.value)


def test_every_rule_of_our_own_contract_is_an_expectation() -> None:
    made = expectations(contract())
    assert [one.meta["rule"] for one in made] == [rule.name for rule in contract().rules]


def test_the_packages_chatter_is_silenced(caplog: pytest.LogCaptureFixture) -> None:
    great_expectations()
    with caplog.at_level(logging.INFO):
        great_expectations().get_context(mode="ephemeral")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("expectation", "given", "told"),
    [
        ("expect_column_values_to_not_be_nul", {"column": "id"}, "'expect_column_values_to_not_be_null'?"),
        (BETWEEN, {"column": "id", "min_valu": 0}, f"{BETWEEN} takes no 'min_valu': did you mean 'min_"),
        (BETWEEN, {"column": "id"}, "cannot both be None"),
        (BETWEEN, {"min_value": 1}, "column: field required"),
        (BETWEEN, {"column": "id", "min_value": 0, "severity": "info"}, "takes no 'severity'"),
        (BETWEEN, {"column": "id", "min_value": "low"}, "'low' is no integer, and id is one"),
        (BETWEEN, {"column": "price", "min_value": float("inf")}, "inf is no decimal, and price is one"),
        (BETWEEN, {"column": "day", "min_value": "2026-13-01"}, "'2026-13-01' is no date, and day is one"),
        (BETWEEN, {"column": "at", "min_value": "noon"}, "'noon' is no timestamp, and at is one"),
        (BETWEEN, {"column": "id", "min_value": 2**53}, "more digits than can be compared exactly"),
        (BETWEEN, {"column": "price", "min_value": "99999999999999.0001"}, "has more digits than"),
        (
            "expect_column_sum_to_be_between",
            {"column": "price", "max_value": 1},
            "in floats, and price is exact",
        ),
        ("expect_column_values_to_not_be_null", {"column": "id", "mostly": 7}, "mostly: "),
    ],
)
def test_a_wrong_name_or_argument_is_told(expectation: str, given: dict[str, Any], told: str) -> None:
    error = refused(Rule("odd", expectation, given))
    assert "rule odd: " in error
    assert told in error


def test_all_wrong_rules_are_told_together() -> None:
    error = refused(Rule("one", "expect_a", {}), Rule("two", "expect_b", {}))
    assert [line.partition(":")[0] for line in error.splitlines()[1:]] == ["rule one", "rule two"]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("bound", ["0.1", "0.7", "2.3", "-0.1", "1234567890.1234", "90071992547.0001"])
def test_a_bound_lets_through_exactly_what_the_written_one_would(bound: str, strict: bool) -> None:
    exact, step = Decimal(bound), Decimal("0.0001")
    low = arguments(BETWEEN, column="price", min_value=float(bound), strict_min=strict)["min_value"]
    high = arguments(BETWEEN, column="price", max_value=float(bound), strict_max=strict)["max_value"]
    for value in (exact - step, exact, exact + step):
        assert (value > low if strict else value >= low) == (value > exact if strict else value >= exact)
        assert (value < high if strict else value <= high) == (value < exact if strict else value <= exact)


def test_values_have_the_columns_type() -> None:
    assert arguments(BETWEEN, column="day", min_value="2026-01-31")["min_value"] == date(2026, 1, 31)
    assert arguments(BETWEEN, column="day", min_value=date(2026, 1, 31))["min_value"] == date(2026, 1, 31)
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert arguments(BETWEEN, column="at", min_value="2026-01-31 12:00")["min_value"] == noon
    assert arguments(BETWEEN, column="at", min_value="2026-01-31T13:00+01:00")["min_value"] == noon
    in_set = "expect_column_values_to_be_in_set"
    assert arguments(in_set, column="price", value_set=[0.1, "2.5"])["value_set"] == [
        Decimal("0.1"),
        Decimal("2.5"),
    ]
    assert arguments(in_set, column="name", value_set=["a", "b"])["value_set"] == ["a", "b"]


def test_bounds_that_are_no_values_stay_as_they_are() -> None:
    lengths = arguments("expect_column_value_lengths_to_be_between", column="name", min_value=1, max_value=9)
    assert (lengths["min_value"], lengths["max_value"]) == (1, 9)
    share = arguments(
        "expect_column_proportion_of_unique_values_to_be_between", column="price", min_value=0.1
    )
    assert share["min_value"] == 0.1
