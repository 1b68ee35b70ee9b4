import json
from dataclasses import replace
from decimal import Decimal

import pytest

from common.utils.errors import LedgerError
from common.utils.ledger import Ledger

BALANCED = Ledger(
    read=20,
    written=9,
    unchanged=4,
    filtered={"outside_window": 3, "test_orders": 0},
    deduplicated=2,
    rejected={"date_missing": 1, "quantity_not_whole": 1},
    silver={"revenue": Decimal("10.5000")},
    gold={"revenue": Decimal("10.5")},
)


def test_a_ledger_that_accounts_for_every_record_balances() -> None:
    assert BALANCED.accounted == 20
    assert BALANCED.imbalances() == []
    BALANCED.demand_balance("sales/product_revenue")


@pytest.mark.parametrize("part", ["written", "unchanged", "deduplicated"])
def test_a_record_too_many_or_too_few_is_an_imbalance(part: str) -> None:
    for by in (1, -1):
        wrong = replace(BALANCED, **{part: getattr(BALANCED, part) + by})
        with pytest.raises(LedgerError, match=rf"20 records read, {20 + by} accounted for.*Where: here"):
            wrong.demand_balance("here")


def test_totals_that_differ_by_the_last_digit_are_an_imbalance() -> None:
    wrong = replace(BALANCED, gold={"revenue": Decimal("10.5001")})
    assert wrong.imbalances() == ["total revenue: silver has 10.5000, gold has 10.5001"]


def test_a_total_on_one_side_only_is_an_imbalance() -> None:
    assert replace(BALANCED, gold={}).imbalances() == ["total revenue: silver has 10.5000, gold has None"]


def test_the_rejected_share_is_of_the_records_read() -> None:
    assert BALANCED.rejected_share == 0.1
    assert Ledger().rejected_share == 0.0


def test_json_keeps_totals_exact() -> None:
    exact = replace(BALANCED, silver={"revenue": Decimal("12345678901234.0001")})
    assert Ledger.from_dict(json.loads(json.dumps(exact.to_dict()))) == exact


def test_the_line_for_logs_names_the_rules_that_filtered() -> None:
    assert str(BALANCED) == (
        "20 read = 9 written + 4 unchanged + 3 filtered (outside_window) + 2 de-duplicated + 2 rejected"
    )


def test_records_that_multiplied_do_not_balance() -> None:
    assert Ledger(read=1, written=1, unchanged=1, deduplicated=-1).imbalances() == [
        "-1 records de-duplicated: silver has an identity more than once"
    ]
