from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from common.utils.contract import Contract
from common.utils.odcs import load_contract
from common.verbs.spans import gold_days, partitions_between, spans


@pytest.fixture
def daily(repository: Path) -> Contract:
    return load_contract(repository / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml")


def test_days_between_two_days(daily: Contract) -> None:
    manifest = ["2026-01-04", "2026-01-05", "2026-01-07", "2026-01-08"]
    found = partitions_between(daily, manifest, date(2026, 1, 5), date(2026, 1, 8))
    assert list(found) == ["2026-01-05", "2026-01-07"]
    assert list(partitions_between(daily, manifest)) == manifest


def test_a_merged_month_is_its_days(daily: Contract) -> None:
    found = list(partitions_between(daily, ["2026-02", "2026-03-01"]))
    assert (len(found), found[0], found[27], found[28]) == (29, "2026-02-01", "2026-02-28", "2026-03-01")
    found = list(partitions_between(daily, ["2026-02"], date(2026, 1, 1), date(2026, 2, 3)))
    assert found == ["2026-02-01", "2026-02-02"]


def test_a_month_of_a_contract_of_months_is_whole(daily: Contract) -> None:
    monthly = replace(daily, partition_by="month")
    found = partitions_between(
        monthly, ["2026-01", "2026-02", "2026-03"], date(2026, 1, 31), date(2026, 2, 2)
    )
    assert list(found) == ["2026-01", "2026-02"]


def test_spans_are_as_few_and_as_long_as_can_be() -> None:
    assert spans(["2026-01-02", "2026-01-01", "2026-02", "2026-01-31", "2026-01-04", "2026-02-03"]) == [
        (date(2026, 1, 1), date(2026, 1, 3)),
        (date(2026, 1, 4), date(2026, 1, 5)),
        (date(2026, 1, 31), date(2026, 3, 1)),
    ]
    assert spans([]) == []


def test_the_days_of_gold_that_partitions_are_made_of(daily: Contract) -> None:
    assert gold_days(daily, []) is None
    assert gold_days(daily, ["2026-01-04", "2026-02"]) == [
        [("date", ">=", "2026-01-04"), ("date", "<", "2026-01-05")],
        [("date", ">=", "2026-02-01"), ("date", "<", "2026-03-01")],
    ]
    hashed = replace(daily, partition_by="hash", partition_field="")
    for partitions in ([], ["b000"], ["2026-01-04"]):
        assert gold_days(hashed, partitions) == [], "a bucket has rows of any day"
