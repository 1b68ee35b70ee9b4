"""A source that is read on by a cursor: nothing is lost, nothing is read twice for nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io.collections.protocol import Version
from common.utils.contract import Contract
from common.utils.errors import SourceError, ValidationFailed
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.load import load
from common.verbs.publish import publish
from common.verbs.references import Run
from common.verbs.transform import transform
from common.verbs.validate import validate
from shop import INTAKE, SUBJECT
from unit.common.verbs.house import House

DAY = Window(datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))


class Orders:
    """Order lines in an SQLite database, read by ``updated_at``, and the runs over them."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.path = house, folder / "orders.db"
        self.contract: Contract = house.contract
        self._number = 0
        with closing(sqlite3.connect(self.path)) as db:
            db.execute(
                "CREATE TABLE lines (id INTEGER PRIMARY KEY, updated_at TEXT, date TEXT, product_id TEXT, "
                "product_name TEXT, quantity INTEGER, unit_price TEXT)"
            )
        house.configure(
            SOURCE="sql",
            CONNECTION=f"sqlite:///{self.path}",
            TABLE="lines",
            CURSOR="updated_at",
            KEY="id",
            UPDATED_AT="updated_at",
        )

    def put(self, id_: int, updated_at: str, date: str, quantity: object = 1) -> None:
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(
                "INSERT OR REPLACE INTO lines VALUES (?, ?, ?, 'P1', 'Mug', ?, '2.50')",
                (id_, updated_at, date, quantity),
            )

    def delete(self, id_: int) -> None:
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM lines WHERE id = ?", (id_,))

    def run(self, *, until: str = "publish", again: bool = False, **options: Any) -> Any:
        """A scheduled run; ``until``: after which verb it stops; ``again``: the last one was cleared."""
        self._number += not again
        run = Run(f"run-{self._number}", DAY, **options)
        settings = self.house.settings
        extracted = pipeline.extract_live(INTAKE, self.contract, settings, run)
        if until == "extract":
            return extracted
        transformed = transform(SUBJECT, settings, [extracted])
        if until == "transform":
            return transformed
        loaded = load(self.contract, settings, validate(self.contract, settings, transformed))
        publish(self.contract, settings, loaded)
        return transformed

    @property
    def live(self) -> Version:
        found = pipeline.live_version(self.contract, self.house.settings)
        assert found is not None
        return found

    def published(self) -> dict[str, int]:
        """Day to quantity, as readers see them."""
        return {str(row["date"]): row["quantity"] for row in self.house.content().to_pylist()}


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Orders:
    return Orders(House(tmp_path, monkeypatch), tmp_path)


def test_the_first_run_takes_everything_whatever_its_window(orders: Orders) -> None:
    orders.put(1, "2026-01-01T00:00:00Z", "2020-05-01", 2)
    orders.put(2, "2026-01-02T00:00:00Z", "2026-02-01", 3)
    transformed = orders.run()
    assert orders.published() == {"2020-05-01": 2, "2026-02-01": 3}
    assert transformed.ledger.filtered == {"outside_window": 0}
    assert [mark["cursor"] for mark in orders.live.bookmark["items"].values()] == ["2026-01-02T00:00:00Z"]


def test_the_next_run_reads_on_and_finds_what_came_late(orders: Orders) -> None:
    orders.put(1, "2026-01-01T00:00:00Z", "2026-01-01", 2)
    orders.put(2, "2026-01-02T00:00:00Z", "2026-01-02", 3)
    orders.run()
    orders.put(3, "2026-01-05T00:00:00Z", "2020-05-01", 7)  # of a day long past
    orders.put(1, "2026-01-06T00:00:00Z", "2026-01-02", 5)  # changed, and moved to another day
    transformed = orders.run()
    assert transformed.ledger.read == 3, "the bound is inclusive: the last one is read again"
    assert (transformed.ledger.written, transformed.ledger.unchanged) == (2, 1)
    assert orders.published() == {"2020-05-01": 7, "2026-01-02": 8}


def test_an_overlap_finds_what_was_committed_late(orders: Orders) -> None:
    orders.house.configure(OVERLAP="1d")
    orders.put(1, "2026-01-02T00:00:00+00:00", "2026-01-01", 2)
    orders.run()
    orders.put(2, "2026-01-01T06:00:00+00:00", "2026-01-01", 3)
    orders.put(3, "2025-12-31T06:00:00+00:00", "2026-01-01", 100)
    assert orders.run().ledger.read == 2
    assert orders.published() == {"2026-01-01": 5}


def test_nothing_new_is_a_success_and_keeps_the_version(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-01", 2)
    orders.run()
    before = orders.live
    orders.run()
    assert (orders.live.number, orders.live.rows) == (before.number, before.rows)
    assert orders.live.bookmark["items"] == before.bookmark["items"]


def test_the_bookmark_moves_with_a_publication_only(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-01", 2)
    orders.run()
    before = orders.live.bookmark
    orders.put(1, "2026-01-03T00:00:00Z", "2026-01-09", 4)
    orders.run(until="transform")
    assert orders.live.bookmark == before
    orders.put(2, "2026-01-04T00:00:00Z", "2026-01-04", 1)
    orders.run()
    assert orders.published() == {"2026-01-04": 1, "2026-01-09": 4}, "the day that the failed run emptied too"


def test_a_run_over_a_window_reads_it_again_and_moves_no_bookmark(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.put(2, "2026-01-02T00:00:00Z", "2026-01-05", 2)
    orders.run()
    before = orders.live.bookmark
    orders.put(1, "2026-01-08T00:00:00Z", "2026-01-03", 9)
    orders.put(2, "2026-01-08T00:00:00Z", "2026-01-05", 9)
    orders.run(scheduled=False)
    assert orders.published() == {"2026-01-03": 9, "2026-01-05": 2}
    assert orders.live.bookmark == before
    orders.run()
    assert orders.published() == {"2026-01-03": 9, "2026-01-05": 9}


def test_a_first_run_over_a_window_leaves_the_rest_to_the_next(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.put(2, "2026-01-02T00:00:00Z", "2020-01-01", 3)
    orders.run(scheduled=False)
    assert orders.published() == {"2026-01-03": 2}
    orders.run()
    assert orders.published() == {"2020-01-01": 3, "2026-01-03": 2}


def test_a_lost_bookmark_stops_the_run_with_the_way_out(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.run()
    live = orders.live
    monkeypatch.setattr(pipeline, "live_version", lambda *_: replace(live, bookmark={}))
    with pytest.raises(SourceError, match=r"is lost.*Nothing was read.*full_refresh"):
        orders.run()
    monkeypatch.setattr(
        pipeline, "live_version", lambda *_: replace(live, bookmark={"items": {}, "silver": 99})
    )
    with pytest.raises(SourceError, match="speaks of version 99 of silver"):
        orders.run()
    assert orders.run(full_refresh=True).ledger.read == 1


def test_a_source_that_went_back_stops_the_run(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.run()
    orders.put(1, "2026-01-01T00:00:00Z", "2026-01-03", 2)
    with pytest.raises(SourceError, match="full_refresh"):
        orders.run()


def test_a_roll_back_takes_the_bookmark_with_it(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.run()
    first = orders.live
    orders.put(2, "2026-01-03T00:00:00Z", "2026-01-04", 5)
    orders.run()
    with orders.house.collection() as collection:
        collection.rollback(first.number, by="me", reason="wrong")
    assert orders.published() == {"2026-01-03": 2}
    assert orders.live.bookmark == first.bookmark
    orders.run()
    assert orders.published() == {"2026-01-03": 2, "2026-01-04": 5}


def test_what_the_source_has_no_more_goes_where_the_contract_asks_for_it(orders: Orders) -> None:
    for at in range(1, 5):
        orders.put(at, f"2026-01-0{at}T00:00:00Z", f"2026-01-0{at}", at)
    orders.run()
    orders.delete(1)
    orders.run()
    assert orders.published()["2026-01-01"] == 1, "not unless it asks"
    orders.contract = replace(orders.contract, deletions=True)
    transformed = orders.run()
    assert transformed.ledger.deleted == 1
    assert transformed.ledger.imbalances() == []
    assert orders.published() == {"2026-01-02": 2, "2026-01-03": 3, "2026-01-04": 4}
    assert orders.run().ledger.deleted == 0


def test_a_full_refresh_holds_what_the_source_holds_now(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.put(2, "2026-01-02T00:00:00Z", "2027-01-03", 2)
    orders.run()
    orders.delete(1)
    orders.run(full_refresh=True)
    assert orders.published() == {"2027-01-03": 2}


def test_statistics_and_what_is_unusable_are_told(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.put(2, "2026-01-02T00:00:00Z", "never", 2)
    extracted = orders.run(until="extract")
    assert (extracted.statistics.items, extracted.statistics.read, extracted.statistics.records) == (1, 1, 2)
    assert extracted.statistics.seconds > 0
    assert extracted.statistics.failed == {}


def test_a_published_run_that_is_cleared_loses_nothing(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-01", 1)
    orders.run()
    orders.put(2, "2026-01-05T00:00:00Z", "2026-01-05", 7)
    orders.put(3, "2026-01-06T00:00:00Z", "2026-01-06", 1)
    orders.run()
    before = orders.published()
    orders.run(again=True)
    assert orders.published() == before == {"2026-01-01": 1, "2026-01-05": 7, "2026-01-06": 1}


def test_a_failed_run_and_then_one_over_a_window_show_no_record_twice(orders: Orders) -> None:
    orders.put(1, "2026-01-02T00:00:00Z", "2026-01-05", 2)
    orders.run()
    orders.put(1, "2026-01-03T00:00:00Z", "2026-01-03", 5)
    orders.run(until="transform")
    orders.run(scheduled=False)
    assert orders.published() == {"2026-01-03": 5}


def test_a_change_within_the_same_second_is_seen(orders: Orders) -> None:
    for at in range(1, 6):
        orders.put(at, "2026-01-02T00:00:00Z", "2026-01-03", 1)
    orders.run()
    orders.put(5, "2026-01-02T00:00:00Z", "2026-01-03", 100)
    orders.run()
    assert orders.published() == {"2026-01-03": 104}


def test_without_a_time_of_update_what_is_read_later_wins(orders: Orders) -> None:
    orders.house.configure(UPDATED_AT="", CURSOR="")
    for at in range(1, 4):
        orders.put(at, "2026-01-02T00:00:00Z", "2026-01-03", 1)
    orders.run()
    orders.delete(1)
    orders.put(3, "2026-01-02T00:00:00Z", "2026-01-03", 9)
    orders.run()
    assert orders.published() == {"2026-01-03": 11}


def test_a_bad_record_at_the_cursor_stops_no_later_run(orders: Orders) -> None:
    for at in range(1, 41):
        orders.put(at, "2026-01-02T00:00:00Z", "2026-01-03", 1)
    orders.put(41, "2026-01-03T00:00:00Z", "never", 1)
    orders.run()
    assert orders.run().ledger.rejected == {"date_impossible": 1}
    orders.put(42, "2026-01-04T00:00:00Z", "never", 1)
    with pytest.raises(ValidationFailed, match=r"2 of 2 records rejected .*1 of them in a published run"):
        orders.run()


def test_declared_types_are_those_of_the_keys_too(orders: Orders) -> None:
    orders.contract = replace(orders.contract, deletions=True)
    orders.house.configure(TYPES="id=decimal(12,2)")
    orders.put(139, "2026-01-02T00:00:00Z", "2026-01-03", 1)
    orders.put(140, "2026-01-02T00:00:00Z", "2026-01-03", 2)
    orders.run()
    assert orders.run().ledger.deleted == 0
    orders.delete(139)
    assert orders.run().ledger.deleted == 1
    assert orders.published() == {"2026-01-03": 2}
