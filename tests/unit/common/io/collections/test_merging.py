"""Merging: which months are due, and what other writers do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from common.io.collections import merging
from common.io.collections.collection import VersionedCollection
from common.io.collections.manifest import Manifest
from common.io.collections.merging import due
from common.io.collections.protocol import Chunk
from contract.kit import batch, content, publication, put, sale, stage


def manifest(*partitions: str, rows: int = 10) -> Manifest:
    return {partition: Chunk(number, rows, "1:1") for number, partition in enumerate(partitions)}


@pytest.fixture
def old(sales: VersionedCollection) -> VersionedCollection:
    """Two days of January 2026 that are due beside one of June; live is version 2."""
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(1, "B"), sale(2, "A")])
    june: dict[str, Any] = {**sale(1, "A"), "date": date(2026, 6, 1)}
    staged = sales.stage([batch([june])], ["2026-06-01"], run_id="r2")
    sales.publish(staged.attempt, publication("r2"))
    return sales


def test_a_month_is_due_when_it_has_settled() -> None:
    month = ("2026-01-05", "2026-01-31")
    settled = date(2026, 2, 1) + merging.SETTLED
    assert due(manifest(*month, settled.isoformat())) == {"2026-01": list(month)}
    assert due(manifest(*month, (settled - timedelta(days=1)).isoformat())) == {}


def test_what_is_small_already_is_not_due() -> None:
    assert due({}) == {}
    assert due(manifest("2026-01-05", "2026-12-01")) == {}, "one day"
    assert due(manifest("2026-01", "2026-02", "2026-12-01")) == {}
    assert due(manifest("2026-01-05", "2026-01-06")) == {}, "the newest day is its own"


def test_a_month_that_would_be_too_large_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MERGED_ROWS", 20)
    assert list(due(manifest("2026-01-05", "2026-01-06", "2026-12-01"))) == ["2026-01"]
    assert due(manifest("2026-01-05", "2026-01-06", "2026-12-01", rows=11)) == {}


def test_nothing_is_written_where_nothing_is_due(sales: VersionedCollection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    revision = sales.backend.record().revision
    assert sales.merge() is None
    assert sales.backend.record().revision == revision


def test_the_outcome_is_a_version_of_the_same_content(old: VersionedCollection) -> None:
    before = content(old)
    merged = old.merge()
    assert merged is not None
    assert (merged.version, merged.new, merged.rows, merged.changed) == (3, True, 4, ())
    assert content(old) == before
    assert old.backend.record().attempts == {}


@pytest.mark.parametrize("method", ["write", "write_changes", "write_manifest"])
def test_a_day_written_meanwhile_stops_the_merge(
    old: VersionedCollection, before: Callable[..., None], method: str
) -> None:
    before(old, method, lambda: put(old, "r3", [2], [sale(2, "A", 9)]))
    assert old.merge() is None
    assert [row["quantity"] for row in content(old)] == [1, 1, 9, 1]
    merged = old.merge()
    assert merged is not None, "the next one sees to it"
    assert [row["quantity"] for row in content(old)] == [1, 1, 9, 1]


def test_a_day_that_came_meanwhile_stops_the_merge(
    old: VersionedCollection, before: Callable[..., None]
) -> None:
    before(old, "write_manifest", lambda: put(old, "r3", [15], [sale(15, "A", 9)]))
    assert old.merge() is None
    assert old.merge() is not None
    assert sorted(old.version(4).manifest) == ["2026-01", "2026-06-01"]


def test_other_months_may_move_meanwhile(old: VersionedCollection, before: Callable[..., None]) -> None:
    july: dict[str, Any] = {**sale(1, "A"), "date": date(2026, 7, 1)}

    def publish() -> None:
        staged = old.stage([batch([july])], ["2026-07-01"], run_id="r3")
        old.publish(staged.attempt, publication("r3"))

    before(old, "write_manifest", publish)
    merged = old.merge()
    assert merged is not None
    assert merged.version == 4
    assert sorted(old.version(4).manifest) == ["2026-01", "2026-06-01", "2026-07-01"]


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
