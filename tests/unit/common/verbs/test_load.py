from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from common.io.collections.partitions import buckets
from common.utils.errors import ContractError, StaleError, ValidationFailed
from common.verbs import pipeline
from common.verbs.load import load
from common.verbs.references import Run, Validated
from common.verbs.transform import transform
from common.verbs.validate import validate
from shop import INTAKE, SUBJECT
from unit.common.contract_kit import HASHED, written
from unit.common.verbs.house import House, window


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path / "home", monkeypatch)
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-06,p1,Mug,2,3.50")
    return house


def validated(house: House, run: Run) -> Validated:
    extracted = pipeline.extract_live(INTAKE, house.contract, house.settings, run)
    return validate(house.contract, house.settings, transform(SUBJECT, house.settings, [extracted]))


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


def test_a_dry_run_creates_nothing_in_a_store(house: House, tmp_path: Path) -> None:
    house.target("new", f"sqlite:///{tmp_path / 'folder' / 'new.db'}")
    given = validated(house, Run("dry", window(date(2026, 1, 5), days=2), scheduled=False, dry_run=True))
    for store in house.settings.stores:
        staged = load(house.contract, house.settings, given, store).staged
        assert (staged.attempt, staged.inserted, staged.rows, staged.base) == ("", 2, 2, 0)
    assert not (tmp_path / "folder").exists()
    assert list(tmp_path.rglob("*.db")) == []


def test_a_dry_run_of_another_contract_changes_no_table(house: House) -> None:
    house.publish("one")
    fewer = replace(house.contract, indexes=())
    house.write("b.csv", "2026-01-06,p2,Pot,1,1")
    given = validated(house, Run("dry", window(date(2026, 1, 6)), scheduled=False, dry_run=True))
    with house.collection() as collection:
        before = collection.backend.database.engine.connect()  # type: ignore[attr-defined]
        indexes = "SELECT name, sql FROM sqlite_schema ORDER BY name"
        found = before.exec_driver_sql(indexes).all()
        assert load(fewer, house.settings, given).staged.inserted == 1
        assert before.exec_driver_sql(indexes).all() == found
        before.close()
    other = replace(house.contract, key=("product_id", "date"))
    with pytest.raises(ContractError, match="key: stored date, product_id, contract product_id, date"):
        load(other, house.settings, given)


@pytest.fixture
def hashed(house: House) -> House:
    """The house with a contract whose rows stand in buckets."""
    folder = house.settings.home / "contracts"
    written(folder, *HASHED)
    house.settings = house.settings.model_copy(update={"contracts": folder})
    return house


def rows(house: House, store: str = "main") -> list[tuple[str, str, int]]:
    found = house.content(store).select(["date", "product_id", "quantity"]).to_pylist()
    return [(row["date"].isoformat(), row["product_id"], row["quantity"]) for row in found]


def test_a_hash_of_the_key_goes_through_all_verbs(hashed: House, tmp_path: Path) -> None:
    hashed.target("copy", f"sqlite:///{tmp_path / 'copy.db'}")
    first = hashed.publish("one")
    assert first is not None
    assert (first.new, first.rows, set(first.changed) <= set(buckets(hashed.contract))) == (True, 2, True)
    hashed.write("b.csv", "2026-01-07,p1,Mug,5,3.50")
    hashed.write("a.csv", "2026-01-05,p1,Mug,9,3.50", "2026-01-06,p1,Mug,7,3.50")
    hashed.publish("two", window(date(2026, 1, 5)))
    assert rows(hashed) == [("2026-01-05", "p1", 9), ("2026-01-06", "p1", 2)], "the 6th was not computed anew"
    hashed.publish("three", scheduled=True)
    assert rows(hashed) == [("2026-01-05", "p1", 9), ("2026-01-06", "p1", 7), ("2026-01-07", "p1", 5)]
    assert rows(hashed, "copy") == rows(hashed)
    again = hashed.publish("four", window(date(2026, 1, 5)))
    assert again is not None
    assert (again.new, again.version) == (False, 3)


def test_a_day_that_is_gone_leaves_the_buckets(hashed: House) -> None:
    hashed.publish("one")
    hashed.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    hashed.publish("two", full_refresh=True)
    assert rows(hashed) == [("2026-01-05", "p1", 2)]
    hashed.write("a.csv")
    with pytest.raises(ValidationFailed, match="would fall from 1 to 0 rows"):
        hashed.publish("three", full_refresh=True)


def test_buckets_are_judged_whole(hashed: House) -> None:
    hashed.write("a.csv", "2026-01-05,p1,,2,3.50", "2026-01-06,p1,Mug,2,3.50")
    hashed.publish("one")
    later = Run("later", window(date(2026, 1, 6)), scheduled=False)
    assert validated(hashed, later).warned == ("product_name_mostly_given",), "the 5th is of this run too"


def test_another_run_makes_a_run_of_buckets_stale(hashed: House) -> None:
    given = validated(hashed, Run("one", window(date(2026, 1, 5)), scheduled=False))
    validated(hashed, Run("two", window(date(2026, 1, 6)), scheduled=False))
    with pytest.raises(StaleError, match="Another run has computed the same days"):
        load(hashed.contract, hashed.settings, given)


def test_a_dry_run_lays_its_days_over_the_buckets(hashed: House) -> None:
    hashed.publish("one")
    hashed.write("b.csv", "2026-01-06,p2,Pot,1,1")
    for full, counts in ((False, (1, 0, 0)), (True, (1, 0, 0))):
        run = Run("dry", window(date(2026, 1, 6)), full_refresh=full, scheduled=False, dry_run=True)
        staged = load(hashed.contract, hashed.settings, validated(hashed, run)).staged
        assert (staged.inserted, staged.updated, staged.removed) == counts
        assert staged.rows == 3
    hashed.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    staged = load(hashed.contract, hashed.settings, validated(hashed, run)).staged
    assert (staged.removed, staged.rows) == (1, 2)
