import random
import shutil
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from common.io import reports
from common.utils.errors import SourceError, ValidationFailed
from common.verbs import pipeline
from common.verbs.references import Run
from shop import KEYED, ONLINE_RETAIL, SUBJECT
from unit.common.verbs.house import House, window

DAYS = 8


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path / "home", monkeypatch)


@pytest.fixture
def week(online_retail: Path) -> list[Path]:
    """The files of the first trading days."""
    return sorted(online_retail.glob("*.csv"))[:DAYS]


def loaded(
    home: Path, monkeypatch: pytest.MonkeyPatch, deliveries: Sequence[Sequence[tuple[Path, str]]], **how: bool
) -> tuple[House, pa.Table]:
    """A house of its own after some deliveries, each files and the names they come under, and a run each."""
    house = House(home, monkeypatch, ONLINE_RETAIL)
    for number, files in enumerate(deliveries):
        for file, name in files:
            shutil.copy(file, house.files / name)
        house.publish(f"run-{number}", **how)
    return house, house.content()


def test_each_verb_is_told_when_it_begins(house: House, tmp_path: Path) -> None:
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    house.target("warehouse", f"sqlite:///{tmp_path / 'warehouse.db'}")
    begun: list[str] = []
    run = Run("one", window(date(2026, 1, 5)), scheduled=False)
    pipeline.run_all(SUBJECT, house.contract, house.settings, run, begun.append)
    assert begun == [
        "extract order_lines",
        "transform",
        "validate",
        "load main",
        "publish main",
        "load warehouse",
        "publish warehouse",
    ]


def test_first_run_publishes_and_the_second_has_nothing_new(house: House) -> None:
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-05,p1,Mug,-1,3.50", "2026-01-06,p2,,1,0.0001")
    first = house.publish("first")
    assert first is not None
    assert (first.version, first.new, first.rows) == (1, True, 2)
    assert house.content().to_pylist() == [
        {
            "date": date(2026, 1, 5),
            "product_id": "p1",
            "product_name": "Mug",
            "quantity": 1,
            "returned_quantity": 1,
            "revenue": Decimal("3.5000"),
            "gross_revenue": Decimal("7.0000"),
            "order_lines": 2,
        },
        {
            "date": date(2026, 1, 6),
            "product_id": "p2",
            "product_name": None,
            "quantity": 1,
            "returned_quantity": 0,
            "revenue": Decimal("0.0001"),
            "gross_revenue": Decimal("0.0001"),
            "order_lines": 1,
        },
    ]
    second = house.publish("second")
    assert second is not None
    assert (second.version, second.new) == (1, False)
    record = reports.read(house.settings, "sales/product_revenue", "second")
    assert record is not None
    assert record.state == "unchanged"
    assert record.ledger is not None
    assert (record.ledger.read, record.ledger.unchanged) == (3, 3)


def test_a_source_without_records_is_a_success_and_may_still_become_another(house: House) -> None:
    first = house.publish("nothing")
    assert first is not None
    assert (first.version, first.rows, first.watermark) == (1, 0, None)
    second = house.publish("nothing-again")
    assert second is not None
    assert (second.version, second.new) == (1, False)
    other = house.files.parent / "other"
    house.files.rename(other)
    (other / "a.csv").write_text("date,product_id,product_name,quantity,unit_price\n2026-02-01,q,Pot,1,1\n")
    house.configure(PATH=str(other))
    third = house.publish("another-source")
    assert third is not None
    assert (third.version, third.rows) == (2, 1)


def test_dry_run_shows_nothing_to_readers_and_leaves_the_next_run_its_work(house: House) -> None:
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    house.publish("one")
    house.write("b.csv", "2026-01-05,p1,Mug,1,3.50")
    assert house.publish("dry", dry_run=True) is None
    assert house.live().number == 1
    assert house.content().column("quantity").to_pylist() == [2]
    record = reports.read(house.settings, "sales/product_revenue", "dry")
    assert record is not None
    assert record.state == "dry_run"
    assert record.staged is not None
    assert (record.staged.updated, record.staged.attempt) == (1, "")
    house.publish("two")
    assert house.content().column("quantity").to_pylist() == [3]


def test_another_source_is_refused_until_a_full_refresh(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-06,p1,Mug,2,3.50")
    house.publish("one")
    other = house.settings.home / "other"
    other.mkdir()
    (house.files / "a.csv").rename(other / "b.csv")
    (other / "b.csv").write_text("date,product_id,product_name,quantity,unit_price\n2026-02-01,q,Pot,1,1\n")
    house.configure(PATH=str(other))
    with pytest.raises(SourceError, match="another source") as caught:
        house.publish("two")
    assert "full_refresh" in str(caught.value)
    record = reports.read(house.settings, "sales/product_revenue", "two")
    assert record is not None
    assert (record.state, record.error) == ("failed", str(caught.value))
    house.publish("three", full_refresh=True)
    assert house.content().column("product_id").to_pylist() == ["q"]


def test_a_record_that_a_failed_run_moved_is_not_counted_twice(house: House) -> None:
    house.configure(KEY="order_line_id", UPDATED_AT="updated_at")
    house.write("a.csv", "k,2026-01-05,2026-01-05,p1,Mug,2,3.50", header=KEYED)
    house.publish("one")
    corrected = "k,2026-01-08,2026-01-08,p1,Mug,2,3.50"
    house.write("b.csv", corrected, *["x,,2026-01-08,p1,Mug,two,3.50"] * 9, header=KEYED)
    with pytest.raises(ValidationFailed, match="rejected_share"):
        house.publish("moves", window(date(2026, 1, 8)))
    house.write("b.csv", corrected, header=KEYED)
    with pytest.raises(SourceError, match="Run moves has rewritten other days of silver than its own"):
        house.publish("another", window(date(2026, 1, 8)))
    house.publish("moves", window(date(2026, 1, 8)))
    assert house.content().column("date").to_pylist() == [date(2026, 1, 8)]
    assert house.publish("another", window(date(2026, 1, 8)))


def test_a_failed_rebuild_stops_the_runs_after_it(house: House) -> None:
    lines = [f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 11)]
    house.write("a.csv", *lines)
    house.publish("one")
    house.write("a.csv", lines[0])
    with pytest.raises(ValidationFailed, match="would fall from 10 to 1 rows"):
        house.publish("rebuild", full_refresh=True)
    assert "Run rebuild has rewritten" in pipeline.why_rebuild(SUBJECT, house.contract, house.settings)
    house.write("a.csv", *lines[:6])
    with pytest.raises(SourceError, match="Run rebuild has rewritten"):
        house.publish("next", scheduled=True)
    assert house.content().num_rows == 10
    house.write("a.csv", *lines)
    house.publish("again", full_refresh=True)
    assert pipeline.why_rebuild(SUBJECT, house.contract, house.settings) == ""
    assert house.publish("next", scheduled=True)


def test_too_many_rejected_records_publish_nothing(house: House) -> None:
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    house.publish("one")
    house.write("b.csv", "2026-01-06,p1,Mug,2,3.50", "2026-01-06,p1,Mug,two,3.50")
    with pytest.raises(ValidationFailed, match="rejected_share"):
        house.publish("two")
    assert house.live().number == 1
    assert house.content().column("date").to_pylist() == [date(2026, 1, 5)]


def test_days_that_left_a_full_refresh_disappear(house: House) -> None:
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 11)))
    house.publish("one")
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 9)))
    house.publish("two", full_refresh=True)
    assert house.content().num_rows == 8


def test_a_window_leaves_other_days_alone(house: House) -> None:
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-06,p1,Mug,2,3.50")
    house.publish("one")
    house.write("a.csv", "2026-01-05,p1,Mug,9,3.50", "2026-01-06,p1,Mug,9,3.50")
    house.publish("two", window(date(2026, 1, 6)))
    assert house.content().column("quantity").to_pylist() == [2, 9]


def test_real_order_lines_come_to_the_same_however_they_arrive(
    week: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [(file, file.name) for file in week]
    house, at_once = loaded(tmp_path / "at-once", monkeypatch, [plain])
    shuffled = random.Random(3).sample(plain, len(plain))
    _, by_day = loaded(tmp_path / "by-day", monkeypatch, [[one] for one in shuffled])
    twice = [*plain, *((file, f"again-{name}") for file, name in plain)]
    _, doubled = loaded(tmp_path / "twice", monkeypatch, [twice, twice])
    assert at_once.num_rows > 9_000
    assert by_day.equals(at_once)
    assert doubled.equals(at_once)
    lines = sum(sum(1 for _ in file.open("rb")) - 1 for file in week)
    assert pc.sum(at_once.column("order_lines")).as_py() == lines
    assert house.live().ledger["silver"]["order_lines"] == str(lines)


def test_the_whole_of_online_retail_to_the_penny(
    online_retail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures are those of the data's README, computed there with Python's csv and Decimal."""
    files = [(file, file.name) for file in online_retail.glob("*.csv")]
    house, content = loaded(tmp_path, monkeypatch, [files])
    if len(files) != 167:
        pytest.skip("another slice of Online Retail than the one whose figures are known")
    totals = {name: pc.sum(content.column(name)).as_py() for name in ("order_lines", "quantity", "revenue")}
    assert totals == {"order_lines": 245_903, "quantity": 2_292_167, "revenue": Decimal("4397950.7610")}
    assert pc.sum(content.column("gross_revenue")).as_py() == Decimal("4826466.4910")
    assert house.live().ledger["read"] == 245_903
