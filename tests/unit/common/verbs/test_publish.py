from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import HoldError, StoreError
from common.utils.errors import LedgerError, StaleError, ValidationFailed
from common.verbs import pipeline
from common.verbs.load import load
from common.verbs.publish import describe, publish
from common.verbs.references import Loaded, Run
from common.verbs.transform import transform
from common.verbs.validate import validate
from shop import INTAKE, SUBJECT
from unit.common.verbs.house import House, window


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path / "home", monkeypatch)
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50", "2026-01-06,p1,Mug,2,3.50")
    return house


@pytest.fixture
def loaded(house: House) -> Callable[..., Loaded]:
    """A run up to its load."""

    def up_to_load(run_id: str, first: date = date(2026, 1, 5), days: int = 2, **changes: bool) -> Loaded:
        run = Run(run_id, window(first, days), **{"scheduled": False, **changes})
        extracted = pipeline.extract_live(INTAKE, house.contract, house.settings, run)
        transformed = transform(SUBJECT, house.settings, [extracted])
        return load(house.contract, house.settings, validate(house.contract, house.settings, transformed))

    return up_to_load


def test_publishing_twice_publishes_once(house: House, loaded: Callable[..., Loaded]) -> None:
    given = loaded("one")
    first = publish(house.contract, house.settings, given)
    again = publish(house.contract, house.settings, given)
    assert first is not None
    assert again is not None
    assert (first.version, first.repeated) == (1, False)
    assert (again.version, again.repeated) == (1, True)
    assert house.live().number == 1
    assert "it was published before" in describe(house.contract, again)


def test_a_run_overtaken_by_another_of_the_same_days_harms_nothing(
    house: House, loaded: Callable[..., Loaded]
) -> None:
    publish(house.contract, house.settings, loaded("one"))
    house.write("b.csv", "2026-01-06,p2,Pot,1,1")
    slow = loaded("slow")
    house.write("c.csv", "2026-01-06,p3,Bag,1,1")
    publish(house.contract, house.settings, loaded("quick"))
    with pytest.raises(StaleError, match="Another run has computed the same days"):
        publish(house.contract, house.settings, slow)
    with pytest.raises(StaleError):  # nor by a later try of its load
        load(house.contract, house.settings, slow.validated)
    assert house.content().column("product_id").to_pylist() == ["p1", "p1", "p2", "p3"]


def test_an_abandoned_attempt_is_staged_again(house: House, loaded: Callable[..., Loaded]) -> None:
    given = loaded("one")
    with house.collection() as collection:
        assert collection.vacuum(abandon_after=timedelta(0)).attempts == (given.staged.attempt,)
    published = publish(house.contract, house.settings, given)
    assert published is not None
    assert (published.version, published.repeated) == (1, False)
    assert house.content().num_rows == 2


def test_disjoint_days_are_published_side_by_side(house: House, loaded: Callable[..., Loaded]) -> None:
    one = loaded("one", date(2026, 1, 5), 1)
    two = loaded("two", date(2026, 1, 6), 1)
    publish(house.contract, house.settings, two)
    publish(house.contract, house.settings, one)
    assert house.content().column("date").to_pylist() == [date(2026, 1, 5), date(2026, 1, 6)]


def test_a_ledger_that_does_not_balance_publishes_nothing(
    house: House, loaded: Callable[..., Loaded]
) -> None:
    given = loaded("one")
    transformed = given.validated.transformed
    wrong = replace(transformed, ledger=replace(transformed.ledger, read=transformed.ledger.read + 1))
    with pytest.raises(LedgerError, match="3 records read, 2 accounted for"):
        publish(
            house.contract,
            house.settings,
            replace(given, validated=replace(given.validated, transformed=wrong)),
        )
    assert pipeline.live_version(house.contract, house.settings) is None


def test_a_fall_of_the_row_count_publishes_nothing(house: House, loaded: Callable[..., Loaded]) -> None:
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 11)))
    house.publish("one")
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    given = loaded("two", date(2026, 1, 1), 10, full_refresh=True)
    with pytest.raises(ValidationFailed, match=r"would fall from 10 to 1 rows: by 90%.*allows 50%"):
        publish(house.contract, house.settings, given)
    assert house.content().num_rows == 10


def test_a_fall_just_as_large_as_is_allowed_is_published(house: House, loaded: Callable[..., Loaded]) -> None:
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 11)))
    house.publish("one")
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 10)))
    given = loaded("two", date(2026, 1, 1), 10, full_refresh=True)
    publish(replace(house.contract, max_row_drop=0.1), house.settings, given)
    assert house.content().num_rows == 9


def test_the_fall_is_judged_on_what_becomes_live(house: House, loaded: Callable[..., Loaded]) -> None:
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in range(1, 11)))
    house.publish("one")
    house.write("a.csv", *(f"2026-01-{day:02d},p1,Mug,2,3.50" for day in (1, 10)))
    halves = [loaded(f"half {first}", date(2026, 1, first), 5, full_refresh=True) for first in (1, 6)]
    publish(house.contract, house.settings, halves[0])
    with pytest.raises(ValidationFailed, match="would fall from 6 to 2 rows: by 67%"):
        publish(house.contract, house.settings, halves[1])
    assert house.content().num_rows == 6


def test_a_task_that_died_before_it_told_of_its_publication_tells_when_it_is_retried(
    house: House, loaded: Callable[..., Loaded]
) -> None:
    given = loaded("one")
    with house.collection() as collection:
        collection.vacuum(abandon_after=timedelta(0))
    for repeated in (False, True):  # it stages again, each time under another attempt
        published = publish(house.contract, house.settings, given)
        assert published is not None
        assert (published.version, published.new, published.repeated) == (1, True, repeated)


def test_what_is_published_is_published_where_tidying_up_fails(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise StoreError("The database is locked.")

    monkeypatch.setattr(VersionedCollection, "vacuum", locked)
    published = house.publish("one")
    assert published is not None
    assert published.new
    assert "published, but not tidied up: The database is locked." in caplog.text


def test_another_source_that_is_empty_replaces_nothing(house: House) -> None:
    house.publish("one")
    empty = house.files.parent / "empty"
    empty.mkdir()
    (empty / "a.csv").touch()
    house.configure(PATH=str(empty))
    with pytest.raises(ValidationFailed, match="would fall from 2 to 0 rows: by 100%"):
        house.publish("two", full_refresh=True)
    assert house.content().num_rows == 2


def test_a_hold_stops_scheduled_runs_only(house: House, loaded: Callable[..., Loaded]) -> None:
    house.publish("one")
    house.write("b.csv", "2026-01-06,p2,Pot,1,1")
    with house.collection() as collection:
        collection.rollback(1, by="ada", reason="a wrong price list", hold=True)
    with pytest.raises(HoldError):
        publish(house.contract, house.settings, loaded("two", scheduled=True))
    publish(house.contract, house.settings, loaded("three"))
    assert house.content().num_rows == 3


def test_old_versions_are_vacuumed(house: House) -> None:
    for number in range(6):
        house.write(f"{number}.csv", f"2026-01-06,p{number},Pot,1,1")
        house.publish(str(number))
    with house.collection() as collection:
        assert [version.number for version in collection.history()] == [6, 5, 4]
