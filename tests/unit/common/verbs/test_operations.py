"""Going back, holding and tidying up, as library calls."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from common.io.collections import merging
from common.io.collections.protocol import AttemptError, HoldError, VersionGone
from common.verbs import operations
from unit.common.verbs.house import House, window


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Two versions: the first without the 6th of January."""
    house = House(tmp_path / "home", monkeypatch)
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    house.publish("one")
    house.write("b.csv", "2026-01-06,p1,Mug,2,3.50")
    house.publish("two")
    return house


def test_going_back_is_one_step_that_is_recorded(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings)
    assert (chosen.was, chosen.to, chosen.version) == (2, 1, None)
    done = operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="prices")
    assert done.version == 3
    assert done.run_again == chosen.run_again == ((date(2026, 1, 6), date(2026, 1, 7)),)
    assert house.content().column("date").to_pylist() == [date(2026, 1, 5)]
    history = operations.history(house.contract, house.settings)
    assert [one.number for one in history.versions] == [3, 2, 1]
    assert (history.versions[0].by, history.versions[0].reason, history.versions[0].restored) == (
        "ann",
        "prices",
        1,
    )
    assert history.hold is None


def test_a_roll_back_that_is_done_again_changes_nothing_and_says_the_same(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings)
    first = operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="prices")
    again = operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="prices")
    assert again == first
    assert house.live().number == 3


def test_going_back_twice_goes_further_back_and_never_forward(house: House) -> None:
    house.write("c.csv", "2026-01-07,p1,Mug,2,3.50")
    house.publish("three", window(date(2026, 1, 7)))
    for rows in (2, 1):
        chosen = operations.choose(house.contract, house.settings)
        operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="x")
        assert house.content().num_rows == rows
    with pytest.raises(VersionGone, match="No version to go back to from 5 is retained"):
        operations.choose(house.contract, house.settings)
    undone = operations.choose(house.contract, house.settings, 3)
    operations.roll_back(house.contract, house.settings, undone, by="ann", reason="it was right")
    assert house.content().num_rows == 3


def test_what_was_published_since_is_not_undone(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings)
    house.write("c.csv", "2026-01-07,p1,Mug,2,3.50")
    house.publish("three", window(date(2026, 1, 7)))
    with pytest.raises(AttemptError, match="Version 3 came after 2"):
        operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="x")
    assert house.content().num_rows == 3


def test_who_went_back_is_remembered_for_longer_than_the_versions(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings)
    operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="prices", hold=True)
    operations.release(house.contract, house.settings, by="bob", reason="all is well")
    house.write("c.csv", "2026-01-07,p1,Mug,2,3.50")
    house.publish("three", window(date(2026, 1, 7)))
    operations.vacuum(house.contract, house.settings, keep=1)
    history = operations.history(house.contract, house.settings)
    assert [one.kind for one in history.versions] == ["publish"]
    told = [(one.kind, one.asked.by, one.asked.reason, one.was, one.to) for one in history.events]
    assert told == [("release", "bob", "all is well", 3, None), ("rollback", "ann", "prices", 2, 1)]


def test_a_version_with_the_same_content_is_not_gone_back_to(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings)
    operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="x")
    house.publish("three", window(date(2026, 1, 6)))  # version 4, with the content of version 2
    assert operations.choose(house.contract, house.settings).to == 3
    operations.vacuum(house.contract, house.settings, keep=1)
    with pytest.raises(VersionGone, match="No version to go back to from 4 is retained"):
        operations.choose(house.contract, house.settings)


def test_what_is_not_retained_or_not_there_is_refused(house: House, tmp_path: Path) -> None:
    with pytest.raises(VersionGone, match="Version 9"):
        operations.choose(house.contract, house.settings, 9)
    house.target("new", f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(VersionGone, match="Nothing is published"):
        operations.choose(house.contract, house.settings, store="new")


def test_the_live_version_can_be_held(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings, 2)
    assert chosen.run_again == ()
    operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="look first", hold=True)
    assert house.live().number == 2
    hold = operations.history(house.contract, house.settings).hold
    assert hold is not None
    assert (hold.by, hold.reason) == ("ann", "look first")
    assert abs(datetime.now(UTC) - hold.at) < timedelta(minutes=1)
    house.write("c.csv", "2026-01-07,p1,Mug,2,3.50")
    with pytest.raises(HoldError, match=r"look first \(ann, .*vitrine_operations_release_v1"):
        house.publish("three", window(date(2026, 1, 7)), scheduled=True)
    house.publish("four", window(date(2026, 1, 7)))  # a person chose the window
    released = operations.release(house.contract, house.settings, by="bob", reason="all is well")
    assert released == hold
    assert operations.release(house.contract, house.settings, by="bob", reason="again") is None
    house.publish("five", window(date(2026, 1, 7)), scheduled=True)


def test_after_a_roll_back_the_next_scheduled_run_reaches_back(house: House) -> None:
    chosen = operations.choose(house.contract, house.settings)
    operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="prices")
    house.publish("three", window(date(2026, 1, 20)), scheduled=True)
    assert house.content().num_rows == 2


def test_vacuum_keeps_as_many_as_it_is_told(house: House) -> None:
    tidied = operations.vacuum(house.contract, house.settings, keep=1)
    assert tidied.taken.versions == (1,)
    assert "1 versions retired" in str(tidied)
    assert [one.number for one in operations.history(house.contract, house.settings).versions] == [2]


def test_old_days_are_merged_and_nothing_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "LONG", 2)
    house.write("c.csv", *(f"2025-{month:02d}-{day:02d},p1,Mug,1,1" for month in (1, 2) for day in (1, 2, 3)))
    house.publish("three")
    before = house.content()
    assert {"2025-01", "2025-02"} <= house.live().manifest.keys()
    assert before.num_rows == 8
    house.write("d.csv", "2025-01-02,p2,Pot,1,1")
    house.publish("late", window(date(2025, 1, 2)))
    assert house.content().num_rows == 9
    chosen = operations.choose(house.contract, house.settings)
    operations.roll_back(house.contract, house.settings, chosen, by="ann", reason="x")
    assert house.content().equals(before)


def test_a_target_with_other_merges_is_level(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "LONG", 2)
    house.write("c.csv", *(f"2025-01-{day:02d},p1,Mug,1,1" for day in (1, 2, 3)))
    house.publish("three")
    assert "2025-01" in house.live().manifest
    house.target("new", f"sqlite:///{tmp_path / 'new.db'}")
    house.publish("four", window(date(2026, 1, 6)))
    assert house.content("new").equals(house.content())


def test_where_nothing_is_there_is_nothing_to_tidy_up(house: House, tmp_path: Path) -> None:
    house.target("new", f"sqlite:///{tmp_path / 'new.db'}")
    tidied = operations.vacuum(house.contract, house.settings, store="new")
    assert (tidied.merged, tidied.taken.versions, tidied.taken.chunks) == (None, (), 0)
    assert not (tmp_path / "new.db").exists()


def test_first_loads_that_died_are_tidied_up_before_anything_is_published(
    house: House, tmp_path: Path
) -> None:
    house.target("new", f"sqlite:///{tmp_path / 'new.db'}")
    with house.collection("new") as collection:
        collection.ensure()
        staged = collection.stage(house.content().to_batches(), house.live().manifest, run_id="dies")
    tidied = operations.vacuum(house.contract, house.settings, abandon_after=timedelta(0), store="new")
    assert tidied.taken.attempts == (staged.attempt,)
    assert (tidied.taken.chunks, tidied.taken.rows) == (2, 2)
