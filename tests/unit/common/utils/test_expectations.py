import os
import socket
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.utils.contract import Field, Rule
from common.utils.errors import ContractError
from common.utils.expectations import RuleResult, judge
from unit.common.contract_kit import contract, gold, small

BETWEEN = "expect_column_values_to_be_between"
FIELDS = (
    Field("id", "integer", required=True),
    Field("price", "decimal", precision=18, scale=4),
    Field("at", "timestamp"),
    Field("paid", "boolean"),
)


def by_name(results: list[RuleResult]) -> dict[str, RuleResult]:
    return {result.name: result for result in results}


def judged(column: str, values: list[Any], expectation: str, **arguments: Any) -> RuleResult:
    """The result of one rule on one column."""
    made = small(FIELDS, Rule("r", expectation, {"column": column, **arguments}))
    table = pa.table({"id": range(len(values))}).to_pylist()
    rows = [{**row, column: value} for row, value in zip(table, values, strict=True)]
    return judge(made, pa.Table.from_pylist(rows, made.schema))[-1]


def test_good_gold_passes_every_rule_in_the_contracts_order() -> None:
    results = judge(contract(), gold({}, {"product_id": "POST"}, {"product_id": "BANK CHARGES"}))
    assert [result.name for result in results] == ["schema", *(rule.name for rule in contract().rules)]
    assert {result.status for result in results} == {"passed"}
    assert by_name(results)["key_unique"].observed == "0 of 3 rows unexpected"


@pytest.mark.parametrize(
    ("row", "rule", "status"),
    [
        ({"date": date(1969, 12, 31)}, "date_within_sane_bounds", "failed"),
        ({"date": date(2100, 1, 1)}, "date_within_sane_bounds", "failed"),
        ({"product_id": "x" * 129}, "product_id_length", "failed"),
        ({"product_id": " x"}, "product_id_trimmed", "warned"),
        ({"product_id": "x\n"}, "product_id_trimmed", "warned"),
        ({"product_name": None}, "product_name_mostly_given", "warned"),
        ({"quantity": -1}, "quantity_net_not_negative", "noted"),
        ({"returned_quantity": -1}, "returned_quantity_not_negative", "failed"),
        (
            {"gross_revenue": Decimal("-0.0001"), "revenue": Decimal(-1)},
            "gross_revenue_not_negative",
            "warned",
        ),
        ({"order_lines": 0}, "order_lines_at_least_one", "failed"),
        ({"revenue": Decimal("10.0001")}, "revenue_not_above_gross", "warned"),
    ],
)
def test_each_rule_of_our_own_contract_sees_its_breach(row: dict[str, Any], rule: str, status: str) -> None:
    results = by_name(judge(contract(), gold({"product_id": "other"}, row)))
    assert results[rule].status == status
    assert (results[rule].unexpected_count, results[rule].unexpected_share) == (1, 0.5)
    assert results[rule].observed == "1 of 2 rows unexpected (50 %)"
    assert {name for name, result in results.items() if not result.passed} == {rule}


def test_odd_but_real_rows_break_no_required_rule() -> None:
    odd = [
        {"product_id": code}
        for code in ("POST", "D", "M", "m", "BANK CHARGES", "gift_0001_80", "15056bl", "É 1")
    ]
    back = {"quantity": -74215, "returned_quantity": 74215, "revenue": Decimal("-77183.6000")}
    debt = {"product_id": "B", "revenue": Decimal("-11062.0600"), "gross_revenue": Decimal("-11062.0600")}
    results = judge(contract(), gold(*odd, {**back, "gross_revenue": Decimal(0)}, debt))
    assert "failed" not in {result.status for result in results}


def test_rows_that_break_a_rule_are_shown_by_key_and_columns_concerned() -> None:
    rows = [{"product_id": f"P{at}", "order_lines": 0} for at in range(7)]
    result = by_name(judge(contract(), gold({}, *rows)))["order_lines_at_least_one"]
    assert result.examples == tuple(f"date 2026-01-31, product_id P{at}, order_lines 0" for at in range(5))


def test_a_long_value_is_cut_in_examples() -> None:
    result = by_name(judge(contract(), gold({"product_id": "x" * 500})))["product_id_length"]
    assert result.examples == (f"date 2026-01-31, product_id {'x' * 80}…",)


def test_a_repeated_key_is_seen_and_both_rows_are_shown() -> None:
    result = by_name(judge(contract(), gold({}, {"quantity": 9}, {"product_id": "other"})))["key_unique"]
    assert (result.status, result.unexpected_count) == ("failed", 2)
    assert result.examples == ("date 2026-01-31, product_id 85123A",) * 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.drop_columns("revenue"), "revenue is missing"),
        (lambda table: table.append_column("extra", pa.array([1])), "extra is not in the contract"),
        (
            lambda table: table.set_column(5, "revenue", pa.array([7.5])),
            "revenue is double instead of decimal128(18, 4)",
        ),
    ],
)
def test_another_shape_is_the_only_result(change: Any, told: str) -> None:
    (result,) = judge(contract(), change(gold({})))
    assert (result.name, result.status, result.observed) == ("schema", "failed", told)


def test_the_order_of_columns_does_not_matter() -> None:
    table = gold({})
    assert judge(contract(), table.select(table.column_names[::-1]))[0].passed


def test_nulls_in_required_columns_break_the_schema_and_the_rest_is_still_judged() -> None:
    results = judge(contract(), gold({"revenue": None}, {"product_id": "a"}, {"product_id": None}))
    assert results[0].status == "failed"
    assert (
        results[0].observed
        == "product_id is required and null in 1 rows; revenue is required and null in 1 rows"
    )
    assert (results[0].unexpected_count, len(results)) == (1, 1 + len(contract().rules))
    assert not by_name(results)["revenue_given"].passed
    assert by_name(results)["order_lines_at_least_one"].passed


def test_no_rows_break_no_rule_and_need_no_great_expectations() -> None:
    results = judge(contract(), contract().schema.empty_table())
    assert {result.status for result in results} == {"passed"}
    assert len(results) == 1 + len(contract().rules)
    assert results[-1].observed == "no rows"


def test_decimals_are_compared_exactly() -> None:
    cent = Decimal("0.1000")
    assert judged("price", [cent], BETWEEN, min_value=0.1).passed
    assert judged("price", [cent - Decimal("0.0001")], BETWEEN, min_value=0.1).unexpected_count == 1
    big = Decimal("12345678901234.0001")
    assert judged("price", [big], BETWEEN, max_value=12345678901234).unexpected_count == 1
    assert judged("price", [big, None], BETWEEN, min_value=12345678901234).passed
    assert (
        judged("price", [cent, big], "expect_column_values_to_be_in_set", value_set=[0.1]).unexpected_count
        == 1
    )


def test_integers_beside_nulls_stay_exact() -> None:
    fields = (Field("id", "integer", required=True), Field("count", "integer"))
    made = small(
        fields, Rule("r", "expect_column_values_to_be_in_set", {"column": "count", "value_set": [2**53 + 1]})
    )
    table = pa.table({"id": [1, 2, 3], "count": [2**53 + 1, 2**53, None]})
    result = judge(made, table)[-1]
    assert (result.unexpected_count, result.examples) == (1, (f"id 2, count {2**53}",))


def test_moments_and_truth_values_are_judged() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    early = judged("at", [noon, noon.replace(hour=11), None], BETWEEN, min_value="2026-01-31 12:00")
    assert early.unexpected_count == 1
    paid = judged("paid", [True, False, None], "expect_column_values_to_be_in_set", value_set=[True])
    assert paid.unexpected_count == 1


def test_a_rule_about_the_whole_tells_what_it_observed() -> None:
    rule = Rule("size", "expect_table_row_count_to_be_between", {"min_value": 5}, "warn", "Enough rows.")
    result = judge(small(FIELDS[:1], rule), pa.table({"id": [1, 2]}))[-1]
    assert (result.status, result.observed, result.unexpected_count) == ("warned", "observed 2", 0)
    assert result.description == "Enough rows."


def test_a_rule_that_cannot_be_judged_is_an_error_of_the_contract() -> None:
    rule = Rule("pattern", "expect_column_values_to_match_regex", {"column": "name", "regex": "(("})
    made = small((Field("id", "integer", required=True), Field("name", "string")), rule)
    with pytest.raises(ContractError, match=r"The rule pattern cannot be judged: .*\(\("):
        judge(made, pa.table({"id": [1], "name": ["a"]}))


def test_where_required_values_are_missing_a_rule_that_cannot_be_judged_has_failed() -> None:
    rule = Rule("pattern", "expect_column_values_to_match_regex", {"column": "name", "regex": "(("}, "warn")
    made = small((Field("id", "integer", required=True), Field("name", "string", required=True)), rule)
    results = judge(made, pa.table({"id": [1, 2], "name": ["a", None]}))
    assert [result.status for result in results] == ["failed", "warned"]
    assert results[1].observed.startswith("cannot be judged: ")


def test_nothing_is_sent_and_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("judging opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    judge(contract(), gold({"order_lines": 0}))
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    assert capfd.readouterr() == ("", "")
