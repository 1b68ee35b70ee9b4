from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from common.verbs import pipeline
from common.verbs.load import load
from common.verbs.references import Run, Validated
from common.verbs.transform import transform
from common.verbs.validate import validate
from shop import SUBJECT
from unit.common.verbs.house import House, window


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path / "home", monkeypatch)
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-06,p1,Mug,2,3.50")
    return house


def validated(house: House, run: Run) -> Validated:
    extracted = pipeline.extract_live(SUBJECT, house.contract, house.settings, run)
    return validate(house.contract, house.settings, transform(SUBJECT, house.settings, extracted))


def test_readers_see_nothing_of_what_is_only_loaded(house: House) -> None:
    given = validated(house, Run("one", window(date(2026, 1, 5), days=2), scheduled=False))
    loaded = load(house.contract, house.settings, given)
    assert (loaded.staged.inserted, loaded.staged.rows, loaded.staged.base) == (2, 2, 0)
    assert loaded.staged.changed == ("2026-01-05", "2026-01-06")
    with house.collection() as collection:
        assert collection.live() is None


def test_loading_again_stages_another_attempt_of_the_same(house: House) -> None:
    given = validated(house, Run("one", window(date(2026, 1, 5), days=2), scheduled=False))
    first, again = (load(house.contract, house.settings, given).staged for _ in range(2))
    assert first.attempt != again.attempt
    assert (first.inserted, first.rows, first.changed) == (again.inserted, again.rows, again.changed)


def test_live_days_of_the_window_that_have_no_gold_are_emptied_and_others_kept(house: House) -> None:
    house.write("b.csv", "2026-01-07,p1,Mug,2,3.50")
    house.publish("one")
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")  # the 6th is gone from the source
    run = Run("two", window(date(2026, 1, 6)), full_refresh=True, scheduled=False)  # up to the end of the 6th
    staged = load(house.contract, house.settings, validated(house, run)).staged
    assert staged.changed == ("2026-01-06",)
    assert (staged.removed, staged.unchanged, staged.rows) == (1, 1, 2)


def test_nothing_of_another_source_stays_beside_a_full_refresh(house: House) -> None:
    house.publish("one")
    other = house.settings.home / "other"
    other.mkdir()
    (house.files / "a.csv").rename(other / "a.csv")
    house.configure(PATH=str(other))
    run = Run("two", window(date(2026, 1, 5)), full_refresh=True, scheduled=False)  # up to the end of the 5th
    staged = load(house.contract, house.settings, validated(house, run)).staged
    assert (staged.changed, staged.rows) == (("2026-01-06",), 1)


def test_partitions_of_a_month_are_staged_whole(house: House) -> None:
    house.write("b.csv", "2026-01-31,p1,Mug,1,1", "2026-02-01,p1,Mug,1,1")
    monthly = replace(house.contract, partition_by="month")
    first = validated(house, Run("one", window(date(2026, 1, 1), days=60), scheduled=False))
    assert load(monthly, house.settings, first).staged.changed == ("2026-01", "2026-02")
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-06,p1,Mug,9,3.50")
    second = validated(house, Run("two", window(date(2026, 1, 6)), scheduled=False))
    staged = load(monthly, house.settings, second).staged
    assert (staged.changed, staged.rows) == (("2026-01",), 3)
