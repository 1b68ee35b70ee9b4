"""Targets: each has all that the main store has, whatever it missed and whatever failed."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from common.io import reports
from common.io.collections.protocol import HoldError, Query, StoreError, VersionGone
from common.utils.errors import ValidationFailed
from common.utils.window import Window
from common.verbs import level, operations, pipeline
from common.verbs.load import load
from common.verbs.publish import publish
from common.verbs.references import Run, Validated
from common.verbs.transform import transform
from common.verbs.validate import validate
from servers import server
from shop import INTAKE, KEYED, SUBJECT
from unit.common.verbs.house import END, House, window

DAYS = [f"2026-01-{day:02d}" for day in range(1, 11)]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Two targets, each an SQLite file in a folder of its own; ten days of sales."""
    house = House(tmp_path / "home", monkeypatch)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        house.target(name, f"sqlite:///{tmp_path / name / 'collections.db'}")
    house.write("a.csv", *(f"{day},p1,Mug,2,3.50" for day in DAYS))
    return house


@pytest.fixture
def down(tmp_path: Path) -> Callable[[bool], None]:
    """Takes the second target away, and brings it back."""

    here, there = tmp_path / "second", tmp_path / "away"

    def change(away: bool) -> None:
        if away:
            here.rename(there)
            (here / "collections.db").mkdir(parents=True)  # a folder, which is no database
        else:
            (here / "collections.db").rmdir()
            here.rmdir()
            there.rename(here)

    return change


def same(house: House, *stores: str) -> bool:
    return all(house.content(store).equals(house.content()) for store in stores)


def up_to_validate(house: House, run: Run) -> Validated:
    extracted = pipeline.extract_live(INTAKE, house.contract, house.settings, run)
    return validate(house.contract, house.settings, transform(SUBJECT, house.settings, [extracted]))


def state(house: House, run_id: str, store: str) -> str:
    record = reports.read(house.settings, house.contract.name, run_id, store)
    return record.state if record else "none"


def test_every_store_gets_its_own_publication(house: House) -> None:
    house.publish("one")
    assert same(house, "first", "second")
    house.write("b.csv", "2026-01-11,p1,Mug,1,1")
    published = house.publish("two")
    assert published is not None
    assert published.version == 2
    for store in ("first", "second"):
        record = reports.read(house.settings, house.contract.name, "two", store)
        assert record is not None
        assert (record.state, record.version) == ("published", 2)
        assert record.staged is not None
        assert (record.staged.inserted, record.staged.base) == (1, 1)
        assert house.live(store).watermark == house.live().watermark == datetime(2026, 1, 11, tzinfo=UTC)
        assert house.live(store).run_id == "two"
    assert same(house, "first", "second")


def test_a_target_that_was_away_for_two_runs_lacks_nothing_after_the_third(
    house: House, down: Callable[[bool], None]
) -> None:
    house.publish("one", scheduled=True)
    down(True)
    house.write("b.csv", "2026-01-11,p1,Mug,1,1")
    with pytest.raises(StoreError):
        house.publish("two", window(date(2026, 1, 11)), scheduled=True)
    house.write("c.csv", "2026-01-02,p9,Late,1,1")  # a past day, which no watermark would tell of
    with pytest.raises(StoreError):
        house.publish("three", window(date(2026, 1, 2)))
    assert [state(house, "three", store) for store in ("main", "first", "second")] == [
        "published",
        "published",
        "failed",
    ]
    assert same(house, "first")
    down(False)
    assert house.live("second").number == 1
    house.write("d.csv", "2026-01-12,p1,Mug,1,1")
    house.publish("four", window(date(2026, 1, 12)))
    assert state(house, "four", "second") == "published"
    assert same(house, "first", "second")
    assert house.live("second").number == 2
    assert house.live("second").watermark == house.live().watermark


def test_a_target_is_not_said_to_be_older_than_what_it_holds(
    house: House, down: Callable[[bool], None]
) -> None:
    house.publish("one")
    down(True)
    house.write("b.csv", "2026-01-20,p1,Mug,1,1")
    with pytest.raises(StoreError):
        house.publish("two")
    down(False)
    house.publish("three", window(date(2026, 1, 3)))  # by itself it knows of the 3rd only
    assert same(house, "second")
    assert house.live("second").watermark == datetime(2026, 1, 20, tzinfo=UTC)


def test_a_new_target_is_filled_by_the_next_run(house: House, tmp_path: Path) -> None:
    house.publish("one")
    house.target("third", f"sqlite:///{tmp_path / 'third.db'}")
    house.publish("two", window(date(2026, 1, 3)))
    assert same(house, "third")


def test_a_target_follows_when_days_leave_and_records_move(
    house: House, down: Callable[[bool], None]
) -> None:
    house.configure(KEY="order_line_id", UPDATED_AT="updated_at")
    house.write("a.csv", *(f"{day},{day},{day},p1,Mug,2,3.50" for day in DAYS), header=KEYED)
    house.publish("one")
    down(True)
    house.write("b.csv", "2026-01-09,2026-01-10,2026-01-10,p1,Mug,2,3.50", header=KEYED)
    with pytest.raises(StoreError):
        house.publish("moves", window(date(2026, 1, 10)))
    assert house.content().num_rows == 9
    down(False)
    house.publish("after", window(date(2026, 1, 1)))
    assert same(house, "second")


def test_a_day_that_goes_while_a_target_lacks_it_does_not_come_back(
    house: House, down: Callable[[bool], None]
) -> None:
    house.publish("one")
    down(True)
    house.write("b.csv", "2026-01-11,p1,Mug,1,1")
    with pytest.raises(StoreError):
        house.publish("two", window(date(2026, 1, 11)))
    down(False)
    (house.files / "b.csv").unlink()
    validated = up_to_validate(house, Run("three", Window(None, END), full_refresh=True))
    for store in ("second", "main"):  # the target goes first, and the main store still has that day
        publish(house.contract, house.settings, load(house.contract, house.settings, validated, store))
        assert house.content(store).num_rows == 10
    assert same(house, "second")


def test_rows_that_were_never_validated_reach_no_target(house: House, down: Callable[[bool], None]) -> None:
    house.publish("one")
    house.write("b.csv", "2026-01-05,p7,Odd,1,1", *["2026-01-05,p7,Odd,two,1"] * 9)
    with pytest.raises(ValidationFailed, match="rejected_share"):
        house.publish("fails", window(date(2026, 1, 5)))  # its gold stands in the lake
    with house.collection("second") as collection:
        collection.rollback(1, by="ann", reason="test")
    house.target("third", f"sqlite:///{house.settings.home / 'third.db'}")
    house.publish("two", window(date(2026, 1, 8)))
    assert "p7" not in house.content().column("product_id").to_pylist()
    assert same(house, "second", "third")


def test_a_full_refresh_from_another_source_takes_every_target_along(
    house: House, down: Callable[[bool], None]
) -> None:
    house.publish("one")
    other = house.files.parent / "other"
    other.mkdir()
    (other / "a.csv").write_text(
        "date,product_id,product_name,quantity,unit_price\n2025-12-01,q,Pot,1,1\n2026-01-20,q,Pot,1,1\n"
    )
    house.configure(PATH=str(other))
    down(True)
    with pytest.raises(StoreError):
        house.publish("two", full_refresh=True)
    assert same(house, "first")
    down(False)
    house.publish("three", window(date(2026, 1, 20)))
    assert house.content().column("product_id").to_pylist() == ["q", "q"]
    assert same(house, "second")
    assert house.live("second").source == house.live().source


def test_a_target_that_is_first_on_another_source_takes_nothing_of_the_old_one(house: House) -> None:
    house.publish("one")
    other = house.files.parent / "other"
    other.mkdir()
    house.files = other
    house.write("a.csv", *(f"2026-01-0{day},q,Pot,1,1" for day in (2, 3, 4, 5, 6)))
    house.configure(PATH=str(other))
    asked = Window(None, datetime(2026, 1, 7, tzinfo=UTC))
    validated = up_to_validate(house, Run("two", asked, full_refresh=True))
    for store in ("second", "main"):
        publish(house.contract, house.settings, load(house.contract, house.settings, validated, store))
        assert house.content(store).num_rows == 5
        assert house.live(store).watermark == datetime(2026, 1, 6, tzinfo=UTC)


def test_a_held_target_gets_the_days_of_a_run_with_a_window_and_no_others(house: House) -> None:
    house.write("a.csv", f"{DAYS[0]},p1,Mug,2,3.50")
    house.publish("one")
    house.write("a.csv", *(f"{day},p1,Mug,2,3.50" for day in DAYS))
    house.publish("two")
    chosen = operations.choose(house.contract, house.settings, store="second")
    operations.roll_back(
        house.contract, house.settings, chosen, by="ann", reason="test", hold=True, store="second"
    )
    house.publish("three", window(date(2026, 1, 5)))
    assert house.content("second").column("date").to_pylist() == [date(2026, 1, 1), date(2026, 1, 5)]
    operations.release(house.contract, house.settings, by="bob", reason="done", store="second")
    house.publish("four", window(date(2026, 1, 5)))
    assert same(house, "second")


def test_what_fell_in_small_steps_may_fall_in_one_for_a_target(
    house: House, down: Callable[[bool], None]
) -> None:
    house.publish("one")
    down(True)
    for run, left in (("two", 6), ("three", 4)):
        house.write("a.csv", *(f"{day},p1,Mug,2,3.50" for day in DAYS[:left]))
        with pytest.raises(StoreError):
            house.publish(run, full_refresh=True)
    down(False)
    house.publish("four")
    assert house.content().num_rows == 4
    assert same(house, "second")


def test_the_bound_on_the_row_count_holds_for_targets_too(house: House) -> None:
    house.publish("one")
    house.write("a.csv", f"{DAYS[0]},p1,Mug,2,3.50")
    with pytest.raises(ValidationFailed, match="would fall from 10 to 1"):
        house.publish("two", full_refresh=True)
    assert [state(house, "two", store) for store in ("main", "first", "second")] == ["failed"] * 3
    assert house.content("first").num_rows == 10


def test_a_hold_of_one_store_is_its_own(house: House) -> None:
    house.publish("one", scheduled=True)
    house.write("b.csv", "2026-01-11,p1,Mug,1,1")
    with house.collection("first") as collection:
        collection.rollback(1, by="ann", reason="test", hold=True)
    with pytest.raises(HoldError):
        house.publish("two", window(date(2026, 1, 11)), scheduled=True)
    assert house.live("first").number == 1
    assert same(house, "second")
    operations.release(house.contract, house.settings, by="bob", reason="done", store="first")
    house.publish("three", window(date(2026, 1, 12)), scheduled=True)
    assert same(house, "first", "second")


def test_a_main_store_that_refuses_stops_no_target(house: House) -> None:
    house.publish("one", scheduled=True)
    with house.collection() as collection:
        collection.rollback(1, by="ann", reason="test", hold=True)
    house.write("b.csv", "2026-01-11,p1,Mug,1,1")
    with pytest.raises(HoldError):
        house.publish("two", window(date(2026, 1, 11)), scheduled=True)
    assert [house.content(store).num_rows for store in ("main", "first", "second")] == [10, 11, 11]
    house.write("c.csv", "2026-01-02,p2,Pot,1,1")
    house.publish("past", window(date(2026, 1, 2)))  # takes no day back that only the targets have
    assert [house.content(store).num_rows for store in ("main", "first", "second")] == [11, 12, 12]
    operations.release(house.contract, house.settings, by="bob", reason="done")
    house.publish("three", window(date(2026, 1, 12)), scheduled=True)
    assert house.content().num_rows == 12
    assert same(house, "first", "second")


def test_a_dry_run_writes_to_no_target(house: House) -> None:
    house.publish("dry", dry_run=True)
    for store in ("main", "first", "second"):
        assert state(house, "dry", store) == "dry_run"
        assert pipeline.live_version(house.contract, house.settings, store) is None


def test_what_is_copied_is_read_page_by_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(level, "PAGE", 3)
    house.write("b.csv", *(f"{day},p{number},Mug,1,1" for day in DAYS[:4] for number in range(2, 5)))
    house.publish("one")
    with house.collection() as main:
        rows = list(level.copied(house.contract, main, 1, [DAYS[0], DAYS[1], DAYS[9]]))
    assert sum(batch.num_rows for batch in rows) == 9
    assert all(batch.num_rows <= 3 for batch in rows)


def test_a_version_that_is_retired_while_it_is_copied_is_followed_by_the_next(
    house: House, down: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.publish("one")
    down(True)
    house.write("b.csv", "2026-01-11,p1,Mug,1,1")
    with pytest.raises(StoreError):
        house.publish("two")
    down(False)
    copied, gone = level.copied, []

    def retired_once(*arguments: object) -> object:
        if not gone:
            gone.append(1)
            raise VersionGone("It is retired.")
        return copied(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("common.verbs.load.copied", retired_once)
    house.publish("three", window(date(2026, 1, 1)))
    assert gone
    assert same(house, "second")


def test_equal_content_has_equal_digests_in_every_store(house: House) -> None:
    house.publish("one")
    main, target = house.live(), house.live("second")
    assert level.lacking(house.contract, main, target) == set()
    assert level.lacking(house.contract, main, None) == set(DAYS)


def test_the_query_asks_for_all_columns_and_no_more(house: House) -> None:
    house.publish("one")
    with house.collection() as main:
        (batch,) = level.copied(house.contract, main, 1, DAYS)
        whole = main.read(1, Query(limit=100)).rows
    assert batch.schema.equals(house.contract.schema)
    assert batch.num_rows == whole.num_rows == 10


@pytest.mark.parametrize("kind", ["parquet", "csv", "postgresql", "mysql", "mongodb"])
def test_a_target_of_any_kind_holds_the_same(kind: str, house: House, tmp_path: Path) -> None:
    house.publish("one")
    url = f"{kind}://{tmp_path / kind}" if kind in ("parquet", "csv") else server(kind).empty_database()
    house.target("other", url)
    house.write("b.csv", "2026-01-11,p1,Mug,1,1", "2026-01-03,p2,Zoë “x”,1,0.0001")
    house.publish("two", window(date(2026, 1, 11)))
    assert same(house, "other")
    house.publish("three")
    assert same(house, "other")
    assert level.lacking(house.contract, house.live(), house.live("other")) == set()
    chosen = operations.choose(house.contract, house.settings, store="other")
    operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="test", store="other")
    assert not same(house, "other")
    house.publish("four", window(date(2026, 1, 1)))
    assert same(house, "other")
