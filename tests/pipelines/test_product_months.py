"""The repository's own pipeline: months of the live version of the collection of days."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.pipelines.cards import card
from common.utils.settings import Settings
from pipeline_example import REPOSITORY, Example
from unit.common.verbs.house import House

FILE = REPOSITORY / "include" / "pipelines" / "sales" / "product_months_v1.yaml"
NUMBERS = ("quantity", "revenue", "order_lines")
LINES = [
    "2026-01-05,p1,Mug,2,3.5000",
    "2026-01-31,p1,Mug,5,0.0001",
    "2026-01-31,p2,Jar,-1,9.9900",
    "2026-02-01,p1,Mug,3,3.5000",
    "2026-02-28,p2,Jar,4,9.9900",
]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Days of two months, published."""
    house = House(tmp_path, monkeypatch)
    house.write("a.csv", *LINES)
    house.publish("days")
    return house


@pytest.fixture
def months(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    return Example(FILE, tmp_path / "home", monkeypatch)


def by_hand(house: House) -> list[dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(NUMBERS, Decimal(0)))
    for row in house.content().to_pylist():
        sums = found[row["date"].replace(day=1), row["product_id"]]
        for name in NUMBERS:
            sums[name] += row[name]
    return [{"month": key[0], "product_id": key[1]} | found[key] for key in sorted(found)]


def test_months_are_the_sums_of_the_days(house: House, months: Example) -> None:
    months.run()
    assert months.rows() == by_hand(house)
    assert len(months.rows()) == 4
    live = months.live()
    assert live
    assert live.watermark
    assert live.watermark.date().isoformat() == "2026-02-28"


def test_they_follow_each_new_version_of_the_days(house: House, months: Example) -> None:
    months.run()
    house.write("b.csv", "2026-01-20,p2,Jar,7,1.0000", "2026-03-02,p9,Pot,1,1.0000")
    house.publish("more")
    months.run()
    assert months.rows() == by_hand(house)
    assert len(months.rows()) == 5
    house.write("a.csv", *LINES[:-1])  # the only line of p2 in February is gone
    house.publish("fewer", full_refresh=True)
    months.run()
    assert months.rows() == by_hand(house)
    assert len(months.rows()) == 4
    months.run()
    assert months.record().state == "unchanged"


def test_it_waits_for_the_days() -> None:
    from vlp.pipelines import made

    dag = made(card(FILE, Settings.from_environment()))
    assert dag.timetable.asset_condition.name == "sales/product_revenue"
    assert dag.task_dict["extract_days"].downstream_task_ids == {"transform_product_months"}


def test_the_file_is_short() -> None:
    assert len(FILE.read_text("utf-8").splitlines()) < 40
