"""The record in the database: compare-and-set, and what is read with it."""

from __future__ import annotations

import pytest

from common.io.collections.manifest import Change
from common.io.collections.protocol import Chunk, StoreError
from common.io.collections.records import CACHED, Records
from common.io.collections.sql import SqlCollection
from contract.kit import put, sale


def test_only_one_of_two_changes_to_the_same_record_wins(sales: SqlCollection) -> None:
    records = sales.records
    seen = records.record()
    change = {"2026-01-01": Change(None, Chunk("1", 1, "x"))}
    assert records.swap(seen, seen, changes=(1, change))
    other = {"2026-01-02": Change(None, None)}
    assert not records.swap(seen, seen, manifest={"p": Chunk("2", 2, "y")}, changes=(2, other))
    assert records.record().revision == seen.revision + 1
    assert (records.changes(1), records.changes(2)) == (change, {}), "the loser wrote nothing"
    assert records.live() == (records.record(), {})


def test_a_record_that_is_not_there_cannot_be_changed(sales: SqlCollection) -> None:
    records = Records(sales.database, "another_v1")
    record = records.record()
    assert record.revision == 0
    with pytest.raises(StoreError, match="There is no collection another_v1"):
        records.swap(record, record)


def test_manifests_are_cached_and_the_cache_is_bounded(sales: SqlCollection) -> None:
    for number in range(CACHED + 3):
        put(sales, f"r{number}", [1], [sale(1, "A", number)])
        assert sales.records.live()[1] is sales.records.live()[1]
    assert len(sales.records._manifests) == CACHED
    assert sales.version(1).manifest["2026-01-01"].rows == 1
    assert len(sales.records._manifests) == CACHED


def test_all_retained_manifests_are_read_together(sales: SqlCollection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [2], [sale(2, "A")])
    record, manifests = sales.records.manifests()
    assert [version.number for version in record.versions] == [1, 2]
    assert [sorted(manifest) for manifest in manifests.values()] == [
        ["2026-01-01"],
        ["2026-01-01", "2026-01-02"],
    ]
