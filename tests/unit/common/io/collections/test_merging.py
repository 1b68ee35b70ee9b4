"""Merging: which months are due, and what other writers do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from common.io.collections import merging
from common.io.collections.collection import VersionedCollection, VersionedStore
from common.io.collections.manifest import Manifest
from common.io.collections.merging import due
from common.io.collections.protocol import Chunk
from common.utils.contract import Field
from contract.kit import SALES, batch, content, publication, put, sale, stage


def manifest(*partitions: str, rows: int = 10) -> Manifest:
    return {partition: Chunk(number, rows, "1:1") for number, partition in enumerate(partitions)}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few partitions are a long manifest already."""
    monkeypatch.setattr(merging, "LONG", 3)


@pytest.fixture
def old(sales: VersionedCollection) -> VersionedCollection:
    """Two days of January 2026 that are due beside two of June; live is version 2."""
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(1, "B"), sale(2, "A")])
    june: list[dict[str, Any]] = [{**sale(1, "A"), "date": date(2026, 6, day)} for day in (1, 2)]
    staged = sales.stage([batch(june)], ["2026-06-01", "2026-06-02"], run_id="r2")
    sales.publish(staged.attempt, publication("r2"))
    return sales


def days(first: date, number: int) -> list[str]:
    return [(first + timedelta(days=one)).isoformat() for one in range(number)]


def test_the_oldest_months_are_due_until_the_manifest_is_short_enough() -> None:
    months = [["2026-01-30", "2026-01-31"], ["2026-02-01", "2026-02-02"], ["2026-03-01", "2026-03-02"]]
    assert due(manifest(*months[0], "2026-02-01")) == {}, "short enough"
    assert due(manifest(*months[1], *months[0])) == {"2026-01": months[0]}
    assert list(due(manifest(*months[0], *months[1], *months[2]))) == ["2026-01", "2026-02"]
    assert list(due(manifest("2025-12", *months[0], *months[1]))) == ["2026-01"]


def test_one_month_more_is_merged_at_a_time_in_daily_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "LONG", 60)
    daily = days(date(2026, 1, 1), 60)
    assert due(manifest(*daily)) == {}
    assert due(manifest(*daily, "2026-03-02")) == {"2026-01": daily[:31]}


def test_the_newest_month_of_several_days_stays_as_it_is() -> None:
    assert due({}) == {}
    assert due(manifest(*days(date(2026, 1, 1), 31))) == {}, "runs write to it"
    assert due(manifest("2026-01", "2026-02", "2026-03", *days(date(2026, 4, 1), 30))) == {}
    assert due(manifest(*(f"2026-{month:02}-01" for month in range(1, 13)))) == {}, "nothing to gain"


def test_a_wrong_date_in_the_far_future_changes_nothing() -> None:
    daily = ["2026-01", "2026-02", *days(date(2026, 3, 1), 5), *days(date(2026, 4, 1), 5)]
    assert due(manifest(*daily)) == due(manifest(*daily, "2099-01-01")) == {"2026-03": daily[2:7]}


def test_one_call_copies_so_many_rows_and_one_month_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    many = manifest(*(f"2026-{month:02}-{day:02}" for month in range(1, 7) for day in (1, 2)))
    for bound, merged in ((1, 1), (39, 1), (40, 2), (60, 3), (1000, 5)):  # a month has 20 rows
        monkeypatch.setattr(merging, "MERGED_ROWS", bound)
        assert len(due(many)) == merged


def test_what_is_prepared_for_another_contract_waits_for_its_load(old: VersionedCollection) -> None:
    more = replace(SALES, version="1.1.0", fields=(*SALES.fields, Field("colour", "string")))
    newer = VersionedStore(old.backend.database).collection(more)
    assert newer.merge() is None
    newer.ensure()
    assert old.merge() is None
    assert newer.merge() is not None


def test_nothing_is_written_where_nothing_is_due(sales: VersionedCollection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    revision = sales.backend.record().revision
    assert sales.merge() is None
    assert sales.backend.record().revision == revision


def test_the_outcome_is_a_version_of_the_same_content(old: VersionedCollection) -> None:
    before = content(old)
    merged = old.merge()
    assert merged is not None
    assert (merged.version, merged.new, merged.rows, merged.changed) == (3, True, 5, ())
    assert content(old) == before
    assert old.backend.record().attempts == {}


@pytest.mark.parametrize("method", ["write", "write_changes", "write_manifest"])
def test_a_day_written_meanwhile_stops_the_merge(
    old: VersionedCollection, before: Callable[..., None], method: str
) -> None:
    before(old, method, lambda: put(old, "r3", [2], [sale(2, "A", 9)]))
    assert old.merge() is None
    assert [row["quantity"] for row in content(old)] == [1, 1, 9, 1, 1]
    merged = old.merge()
    assert merged is not None, "the next one sees to it"
    assert [row["quantity"] for row in content(old)] == [1, 1, 9, 1, 1]


def test_a_day_that_came_meanwhile_stops_the_merge(
    old: VersionedCollection, before: Callable[..., None]
) -> None:
    before(old, "write_manifest", lambda: put(old, "r3", [15], [sale(15, "A", 9)]))
    assert old.merge() is None
    assert old.merge() is not None
    assert sorted(old.version(4).manifest) == ["2026-01", "2026-06-01", "2026-06-02"]


def test_other_months_may_move_meanwhile(old: VersionedCollection, before: Callable[..., None]) -> None:
    july: dict[str, Any] = {**sale(1, "A"), "date": date(2026, 7, 1)}

    def publish() -> None:
        staged = old.stage([batch([july])], ["2026-07-01"], run_id="r3")
        old.publish(staged.attempt, publication("r3"))

    before(old, "write_manifest", publish)
    merged = old.merge()
    assert merged is not None
    assert merged.version == 4
    assert sorted(old.version(4).manifest) == ["2026-01", "2026-06-01", "2026-06-02", "2026-07-01"]


def test_it_begins_on_the_version_that_it_judged(
    old: VersionedCollection, before: Callable[..., None]
) -> None:
    before(old, "swap", lambda: put(old, "r3", [1], [sale(1, "A", 5)]))
    assert old.merge() is None
    assert old.vacuum(abandon_after=timedelta(0)).attempts != ()
    assert old.merge() is not None


def test_a_merge_that_was_abandoned_gives_up(old: VersionedCollection, before: Callable[..., None]) -> None:
    before(old, "write_changes", lambda: old.vacuum(abandon_after=timedelta(0)))
    assert old.merge() is None
    assert content(old) == content(old, 2)


def test_a_day_staged_before_a_merge_is_not_laid_beside_what_the_month_got(old: VersionedCollection) -> None:
    late = stage(old, "late", [15], [sale(15, "X", 1)])
    assert old.merge() is not None
    put(old, "r3", [15], [sale(15, "X", 2)])
    with pytest.raises(merging.AttemptError, match="2026-01-15"):
        old.publish(late.attempt, publication("late"))
    assert [row["quantity"] for row in content(old) if row["product_id"] == "X"] == [2]
