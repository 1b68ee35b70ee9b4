"""What every store of collections does. A new store is one entry in ``kit.STORES`` and passes all of this."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.io.collections import merging, open_store
from common.io.collections.partitions import buckets
from common.io.collections.protocol import (
    AttemptError,
    Collection,
    Filter,
    HoldError,
    Query,
    QueryError,
    Staged,
    StageError,
    StoreError,
    VersionGone,
)
from common.utils.contract import Contract, Field
from common.utils.errors import ContractError
from contract.kit import (
    ACCOUNTS,
    EVERY_TYPE,
    SALES,
    STORES,
    batch,
    content,
    day,
    moment,
    pages,
    publication,
    put,
    sale,
    stage,
)

NOW = timedelta(0)  # abandon_after: every open attempt is taken for dead


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    return STORES[request.param](tmp_path)


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., Collection]]:
    """Opens collections of the store; each call has connections of its own."""
    stores = []

    def opener(contract: Contract = SALES, *, read_only: bool = False) -> Collection:
        stores.append(open_store(url, batch_size=3, read_only=read_only))
        collection = stores[-1].collection(contract)
        if not read_only:
            collection.ensure()
        return collection

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def sales(opened: Callable[..., Collection]) -> Collection:
    """An empty collection of ``SALES``."""
    return opened()


# types


def test_every_type_comes_back_as_it_went_in(opened: Callable[..., Collection]) -> None:
    collection = opened(EVERY_TYPE)
    rows = [
        {
            "id": 2**63 - 1,
            "at": moment("2026-01-31T23:59:59.999999"),
            "text": "Zürich, 東京, 🙂\n\t'\"\\",
            "money": Decimal("99999999999999.9999"),
            "share": 0.1 + 0.2,
            "open": True,
            "day": date(9999, 12, 31),
            "detail": '{"z": 12345678901234567890.10, "a": {"missing": null, "list": [1, "é"]}, "e": {}}',
            "tags": '["b", ["a"], {"k": null}, 1e-7]',
        },
        {
            "id": -(2**63),
            "at": moment("1969-12-31T23:59:59.000001"),
            "text": "",
            "money": Decimal("-99999999999999.9999"),
            "share": -5e-324,
            "open": False,
            "day": date(1, 1, 1),
            "detail": "{}",
            "tags": "[]",
        },
        dict.fromkeys(EVERY_TYPE.schema.names) | {"id": 0, "at": moment("2026-01-01")},
        {"id": 1, "at": moment("2026-01-01"), "money": Decimal("0.0001"), "share": 1e308, "text": "null"},
    ]
    staged = collection.stage([batch(rows, EVERY_TYPE)], ["1969-12", "2026-01"], run_id="r")
    collection.publish(staged.attempt, publication("r"))
    page = collection.read(1, Query())
    assert page.rows.schema.equals(EVERY_TYPE.schema)
    expected = pa.Table.from_pylist(sorted(rows, key=lambda row: row["id"]), schema=EVERY_TYPE.schema)
    assert page.rows.to_pylist() == expected.to_pylist()


def test_text_is_ordered_by_its_bytes(sales: Collection) -> None:
    names = ["a", "B", "é", "Z", "aa", "🙂", "", "ä", "10", "9", "\uffff"]
    put(sales, "r", [1], [sale(1, name) for name in names])
    assert [row["product_id"] for row in content(sales)] == sorted(names, key=str.encode)


def test_system_columns_are_shown_when_they_are_asked_for(sales: Collection) -> None:
    before = datetime.now(UTC)
    put(sales, "r", [1], [sale(1, "A")])
    page = sales.read(1, Query(fields=("updated_at", "partition_date", "product_id", "created_at")))
    assert page.rows.schema.names == ["updated_at", "partition_date", "product_id", "created_at"]
    (row,) = page.rows.to_pylist()
    assert row["partition_date"] == day(1)
    assert before <= row["created_at"] == row["updated_at"] <= datetime.now(UTC)


def test_a_decimal_that_is_not_exact_in_the_store_is_refused(opened: Callable[..., Collection]) -> None:
    wide = replace(SALES, fields=(*SALES.fields, Field("total", "decimal", precision=19, scale=4)))
    with pytest.raises(ContractError, match=r"total has 19 digits"):
        opened(wide)


@pytest.mark.parametrize("name", ["created_at", "updated_at", "partition_date", "_chunk"])
def test_names_of_the_store_are_refused(opened: Callable[..., Collection], name: str) -> None:
    with pytest.raises(ContractError, match=f"The name {name} is the store's own"):
        opened(replace(SALES, fields=(*SALES.fields, Field(name, "string"))))


# stage


def test_rows_are_counted_by_what_became_of_them(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(1, "B"), sale(1, "C"), sale(2, "A")])
    staged = stage(
        sales, "r2", [1, 2], [sale(1, "A"), sale(1, "B", 5), sale(1, "D"), sale(1, "E"), sale(2, "A")]
    )
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (2, 1, 2, 1)
    assert (staged.base, staged.base_rows, staged.rows) == (1, 4, 5)
    assert staged.changed == ("2026-01-01",)


def test_staged_rows_are_not_to_be_seen(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    before = content(sales)
    stage(sales, "r2", [1, 2], [sale(1, "A", 9), sale(2, "B")])
    assert content(sales) == before
    assert [version.number for version in sales.history()] == [1]


def test_times_of_a_row_move_only_with_its_content(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A"), sale(1, "B")])
    first = {row["product_id"]: row for row in content(sales, 1, "product_id", "created_at", "updated_at")}
    put(sales, "r2", [1], [sale(1, "A"), sale(1, "B", 2), sale(1, "C")])
    second = {row["product_id"]: row for row in content(sales, 2, "product_id", "created_at", "updated_at")}
    assert second["A"] == first["A"]
    assert second["B"]["created_at"] == first["B"]["created_at"]
    assert second["B"]["updated_at"] > first["B"]["updated_at"]
    assert second["C"]["created_at"] == second["C"]["updated_at"] == second["B"]["updated_at"]


def test_unchanged_partitions_keep_their_chunk(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    put(sales, "r2", [1, 2], [sale(2, "A", 2), sale(1, "A")])
    one, two = sales.version(1).manifest, sales.version(2).manifest
    assert one["2026-01-01"] == two["2026-01-01"]
    assert one["2026-01-02"] != two["2026-01-02"]


def test_a_null_and_an_empty_text_differ(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A", name=None)])
    assert stage(sales, "r2", [1], [sale(1, "A", name="")]).updated == 1
    assert stage(sales, "r3", [1], [sale(1, "A", name="-")]).updated == 1


def test_replace_empties_partitions_without_rows(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A"), sale(2, "B")])
    staged = stage(sales, "r2", [1, 2], [sale(1, "A")])
    assert (staged.removed, staged.rows, staged.changed) == (2, 1, ("2026-01-02",))
    sales.publish(staged.attempt, publication("r2"))
    assert content(sales) == [sale(1, "A")]
    assert list(sales.version(2).manifest) == ["2026-01-01"]


def test_upsert_lays_rows_over_the_base(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A", name="x"), sale(1, "B"), sale(2, "A")])
    staged = stage(sales, "r2", [1, 2, 3], [sale(1, "B", 7), sale(1, "C"), sale(3, "A")], mode="upsert")
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (2, 1, 2, 0)
    sales.publish(staged.attempt, publication("r2"))
    expected = [sale(1, "A", name="x"), sale(1, "B", 7), sale(1, "C"), sale(2, "A"), sale(3, "A")]
    assert content(sales) == expected
    assert stage(sales, "r3", [1, 2], [sale(1, "B", 7)], mode="upsert").changed == ()


def test_upsert_carries_the_times_of_rows_that_the_run_does_not_bring(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A"), sale(1, "B")])
    before = content(sales, 1, "product_id", "created_at", "updated_at")
    put(sales, "r2", [1], [sale(1, "B", 7)], mode="upsert")
    after = content(sales, 2, "product_id", "created_at", "updated_at")
    assert after[0] == before[0]
    assert after[1]["updated_at"] > before[1]["updated_at"]


def test_duplicate_keys_are_refused(sales: Collection) -> None:
    with pytest.raises(StageError, match=r"date 2026-01-01, product_id A \(2 rows\)"):
        stage(sales, "r", [1], [sale(1, "A"), sale(1, "B"), sale(1, "A", 2)])


def test_rows_outside_the_partitions_are_refused(sales: Collection) -> None:
    with pytest.raises(StageError, match="first 2026-01-02"):
        stage(sales, "r", [1, 3], [sale(1, "A"), sale(2, "A")])


@pytest.mark.parametrize("partition", ["2026-01", "2026-1-1", "20260101", "yesterday"])
def test_partitions_that_are_none_are_refused(sales: Collection, partition: str) -> None:
    with pytest.raises(StageError, match="written like 2026-01-31"):
        sales.stage([], [partition], run_id="r")


def test_rows_that_do_not_fit_the_contract_are_refused(opened: Callable[..., Collection]) -> None:
    collection = opened(EVERY_TYPE)
    row = {"id": 1, "at": moment("2026-01-01")}
    table = pa.Table.from_pylist([row], schema=EVERY_TYPE.schema)
    wrong = table.set_column(0, "id", pa.array(["1"])).drop_columns("share")
    with pytest.raises(StageError, match="id is string, the contract says int64; share is missing"):
        collection.stage(wrong.to_batches(), ["2026-01"], run_id="r")
    for bad, message in (({"id": None}, "1 rows have no id"), ({"share": float("nan")}, "no finite number")):
        loose = pa.schema([field.with_nullable(True) for field in EVERY_TYPE.schema])
        rows = pa.RecordBatch.from_pylist([row | bad], schema=loose)
        with pytest.raises(StageError, match=message):
            collection.stage([rows], ["2026-01"], run_id="r")


def test_a_refused_run_leaves_nothing_behind(sales: Collection) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield batch([sale(1, "A")])
        raise RuntimeError("the lake went away")

    with pytest.raises(RuntimeError, match="the lake went away"):
        sales.stage(failing(), ["2026-01-01"], run_id="r")
    assert sales.live() is None
    assert sales.vacuum(abandon_after=NOW).attempts == ()


def test_a_dry_run_counts_and_writes_nothing(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A"), sale(2, "B")])
    staged = stage(sales, "r2", [1, 2], [sale(1, "B"), sale(2, "A", 3), sale(2, "B")], dry_run=True)
    assert (staged.attempt, counts(staged), staged.rows) == ("", (1, 1, 1, 1), 3)
    assert sales.vacuum(abandon_after=NOW).chunks == 0
    with pytest.raises(AttemptError):
        sales.publish(staged.attempt, publication("r2"))


def test_a_collection_that_was_never_created_is_named(url: str) -> None:
    collection = open_store(url, batch_size=10).collection(SALES)
    assert (collection.live(), collection.history()) == (None, [])
    with pytest.raises(StoreError, match="There is no collection sales_product_revenue_v1"):
        stage(collection, "r", [1], [sale(1, "A")])


def counts(staged: Staged) -> tuple[int, int, int, int]:
    return staged.inserted, staged.updated, staged.unchanged, staged.removed


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_dry_run_creates_nothing(url: str, tmp_path: Path, mode: Any) -> None:
    for contract in (SALES, ACCOUNTS):
        rows = [account("a", 1)] if contract is ACCOUNTS else [sale(1, "A")]
        partitions = buckets(ACCOUNTS) if contract is ACCOUNTS else ["2026-01-01", "2026-01-02"]
        collection = open_store(url, batch_size=10, read_only=True).collection(contract)
        staged = collection.stage([batch(rows, contract)], partitions, run_id="r", mode=mode, dry_run=True)
        assert (counts(staged), staged.base, staged.rows) == ((1, 0, 0, 0), 0, 1)
    assert list(tmp_path.iterdir()) == []
    collection = open_store(url, batch_size=10).collection(SALES)
    with pytest.raises(StoreError, match="There is no collection"):
        stage(collection, "r", [1], [sale(1, "A")])


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_a_dry_run_of_a_newer_contract_counts_and_adds_nothing(
    sales: Collection, opened: Callable[..., Collection], mode: Any
) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(1, "B"), sale(2, "A")])
    put_june(sales)
    newer = replace(SALES, version="1.1.0", fields=(*SALES.fields, Field("colour", "string")))
    for _ in ("by day", "merged"):
        dry = opened(newer, read_only=True)
        rows = [{**sale(1, "A"), "colour": "red"}, {**sale(2, "A"), "colour": None}]
        staged = dry.stage(
            [batch(rows, newer)], ["2026-01-01", "2026-01-02"], run_id="r", mode=mode, dry_run=True
        )
        assert counts(staged) == ((0, 1, 1, 1) if mode == "replace" else (0, 1, 2, 0))
        sales.merge()
    put(sales, "r3", [3], [sale(3, "A")])  # still prepared for the older contract


def test_a_dry_run_says_that_the_contract_does_not_fit(
    sales: Collection, opened: Callable[..., Collection]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    narrower = replace(SALES, version="1.1.0", fields=SALES.fields[:4], indexes=())
    dry = opened(narrower, read_only=True)
    with pytest.raises(ContractError, match="field revenue: stored"):
        dry.stage([], ["2026-01-01"], run_id="r", dry_run=True)


# publish


def test_a_publication_is_recorded_with_all_it_says(sales: Collection) -> None:
    before = datetime.now(UTC)
    said = publication("r1", moment("2026-01-01T10:00"), ledger={"read": 3, "silver": {"revenue": "1.20"}})
    staged = stage(sales, "r1", [1], [sale(1, "A")])
    published = sales.publish(staged.attempt, said)
    live = sales.live()
    assert live is not None
    assert (live.number, live.rows, live.watermark, live.source) == (1, 1, said.watermark, "shop")
    assert (live.run_id, live.by, live.kind, live.contract_version) == ("r1", "r1", "publish", "1.0.0")
    assert live.ledger == said.ledger
    assert before <= live.published_at <= datetime.now(UTC)
    assert [chunk.rows for chunk in live.manifest.values()] == [1]
    assert (published.version, published.new, published.repeated, published.rows) == (1, True, False, 1)
    assert published.changed == ("2026-01-01",)
    assert sales.version(1) == live
    assert sales.history() == [replace(live, manifest={})]


def test_publishing_twice_says_yes_twice_and_publishes_once(sales: Collection) -> None:
    staged = stage(sales, "r1", [1], [sale(1, "A")])
    first = sales.publish(staged.attempt, publication("r1"))
    put(sales, "r2", [2], [sale(2, "A")])
    again = sales.publish(staged.attempt, publication("r1"))
    assert (again.version, again.repeated, again.rows) == (first.version, True, first.rows)
    assert len(sales.history()) == 2


def test_disjoint_attempts_both_succeed(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    two, three = stage(sales, "r2", [2], [sale(2, "B")]), stage(sales, "r3", [3], [sale(3, "C")])
    sales.publish(three.attempt, publication("r3"))
    sales.publish(two.attempt, publication("r2"))
    assert content(sales) == [sale(1, "A"), sale(2, "B"), sale(3, "C")]


def test_an_attempt_whose_partitions_moved_is_refused(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    stale = stage(sales, "r2", [1, 2], [sale(1, "A"), sale(2, "B")])
    put(sales, "r3", [1], [sale(1, "A", 2)])
    with pytest.raises(AttemptError, match="first 2026-01-01"):
        sales.publish(stale.attempt, publication("r2"))
    assert content(sales) == [sale(1, "A", 2)]


def test_two_first_runs_of_one_day_conflict(sales: Collection) -> None:
    one, two = stage(sales, "r1", [1], [sale(1, "A")]), stage(sales, "r2", [1], [sale(1, "B")])
    sales.publish(one.attempt, publication("r1"))
    with pytest.raises(AttemptError):
        sales.publish(two.attempt, publication("r2"))


@pytest.mark.parametrize("attempt", ["", "no such attempt"])
def test_unknown_attempts_are_refused(sales: Collection, attempt: str) -> None:
    with pytest.raises(AttemptError, match="Stage again"):
        sales.publish(attempt, publication("r"))


def test_staging_again_takes_the_place_of_the_runs_attempt_before(sales: Collection) -> None:
    first = stage(sales, "r1", [1], [sale(1, "A")])
    second = stage(sales, "r1", [1], [sale(1, "B")])
    with pytest.raises(AttemptError):
        sales.publish(first.attempt, publication("r1"))
    sales.publish(second.attempt, publication("r1"))
    assert content(sales) == [sale(1, "B")]
    assert sales.vacuum().rows == 1


def test_a_run_that_changed_nothing_moves_the_watermark_only(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")], watermark=moment("2026-01-01"))
    published = put(sales, "r2", [1], [sale(1, "A")], watermark=moment("2026-01-02"))
    assert (published.version, published.new, published.repeated) == (1, False, False)
    assert published.watermark == moment("2026-01-02")
    live = sales.live()
    assert live is not None
    assert (live.number, live.watermark, live.run_id) == (1, moment("2026-01-02"), "r1")


def test_the_watermark_never_moves_backwards_within_a_source(sales: Collection) -> None:
    put(sales, "r1", [2], [sale(2, "A")], watermark=moment("2026-01-02"))
    assert put(sales, "r2", [1], [sale(1, "A")], watermark=moment("2026-01-01")).watermark == moment(
        "2026-01-02"
    )
    assert put(sales, "r3", [3], [], watermark=None).watermark == moment("2026-01-02")


def test_another_source_brings_its_own_watermark(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")], watermark=moment("2026-01-02"))
    put(sales, "r2", [1], [sale(1, "A")], watermark=moment("2025-01-01"), source="other shop")
    live = sales.live()
    assert live is not None
    assert (live.watermark, live.source) == (moment("2025-01-01"), "other shop")


def test_a_first_run_without_rows_is_a_version(sales: Collection) -> None:
    assert put(sales, "r1", [], []).new
    assert content(sales) == []
    assert sales.read(1, Query()).rows.schema.equals(SALES.schema)
    assert not put(sales, "r2", [1], []).new


# roll back


def test_a_rollback_is_a_new_version_with_old_rows(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")], watermark=moment("2026-01-01"))
    put(sales, "r2", [1, 2], [sale(1, "A", 2), sale(2, "B")], watermark=moment("2026-01-02"))
    back = sales.rollback(1, by="ada", reason="wrong prices")
    assert (back.version, back.new, back.rows, back.changed) == (3, True, 1, ("2026-01-01", "2026-01-02"))
    assert content(sales) == [sale(1, "A")]
    live = sales.live()
    assert live is not None
    assert (live.kind, live.by, live.reason, live.restored) == ("rollback", "ada", "wrong prices", 1)
    assert live.watermark == moment("2026-01-01"), "the next run must reach back"
    assert content(sales, 2) == [sale(1, "A", 2), sale(2, "B")], "nothing is destroyed"


def test_a_rollback_can_be_rolled_back(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "A", 2)])
    sales.rollback(1, by="ada", reason="wrong")
    sales.rollback(2, by="ada", reason="right after all")
    assert content(sales) == [sale(1, "A", 2)]
    assert [version.number for version in sales.history()] == [4, 3, 2, 1]


def test_rolling_back_twice_rolls_back_once(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "A", 2)])
    sales.rollback(1, by="ada", reason="wrong")
    again = sales.rollback(1, by="ada", reason="wrong")
    assert (again.version, again.new, again.repeated) == (3, False, True)


def test_an_attempt_staged_before_a_rollback_conflicts(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "A", 2)])
    stale = stage(sales, "r3", [1], [sale(1, "A", 3)])
    sales.rollback(1, by="ada", reason="wrong")
    with pytest.raises(AttemptError):
        sales.publish(stale.attempt, publication("r3"))


def test_only_retained_versions_can_be_rolled_back_to(sales: Collection) -> None:
    for number in (1, 2, 3):
        put(sales, f"r{number}", [1], [sale(1, "A", number)])
    sales.vacuum(keep=2)
    for gone in (1, 9):
        with pytest.raises(VersionGone, match="Retained: 2, 3"):
            sales.rollback(gone, by="ada", reason="wrong")


def test_a_hold_stops_scheduled_runs_until_it_is_released(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "A", 2)])
    sales.rollback(1, by="ada", reason="wrong prices", hold=True)
    staged = stage(sales, "r3", [1], [sale(1, "A", 3)])
    with pytest.raises(HoldError, match=r"wrong prices \(ada"):
        sales.publish(staged.attempt, publication("r3"))
    assert put(sales, "by hand", [2], [sale(2, "B")], scheduled=False).new
    held = sales.hold()
    assert held is not None
    assert (held.by, held.reason) == ("ada", "wrong prices")
    sales.release(by="bob", reason="prices are right again")
    sales.release(by="bob", reason="twice does no harm")
    assert sales.hold() is None
    assert sales.publish(staged.attempt, publication("r3")).new


# vacuum


def test_vacuum_keeps_the_newest_versions_whole(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    for number in (2, 3, 4):
        put(sales, f"r{number}", [1], [sale(1, "A", number)])
    taken = sales.vacuum(keep=2)
    assert (taken.versions, taken.chunks, taken.rows) == ((1, 2), 2, 2)
    assert content(sales, 3) == [sale(1, "A", 3), sale(2, "A")]
    assert content(sales, 4) == [sale(1, "A", 4), sale(2, "A")]
    assert sales.vacuum(keep=2).chunks == 0


def test_vacuum_always_keeps_the_live_version(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])
    sales.rollback(1, by="ada", reason="wrong")
    sales.vacuum(keep=1)
    assert content(sales) == [sale(1, "A")]
    with pytest.raises(StoreError, match="At least one"):
        sales.vacuum(keep=0)


def test_readers_of_a_retired_version_are_told(sales: Collection, opened: Callable[..., Collection]) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    reader = opened(read_only=True)
    assert content(reader, 1) == [sale(1, "A")]
    put(sales, "r2", [1], [sale(1, "B")])
    sales.vacuum(keep=1)
    for ask in (lambda: reader.read(1, Query()), lambda: reader.version(1), lambda: reader.read(7, Query())):
        with pytest.raises(VersionGone, match="Retained: 2"):
            ask()


def test_vacuum_spares_open_attempts(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    staged = stage(sales, "r2", [1], [sale(1, "B")])
    assert sales.vacuum().chunks == 0
    sales.publish(staged.attempt, publication("r2"))
    assert content(sales) == [sale(1, "B")]


def test_an_abandoned_attempt_cannot_publish(sales: Collection) -> None:
    staged = stage(sales, "r1", [1], [sale(1, "A")])
    taken = sales.vacuum(abandon_after=NOW)
    assert (taken.attempts, taken.chunks) == ((staged.attempt,), 1)
    with pytest.raises(AttemptError, match="Stage again"):
        sales.publish(staged.attempt, publication("r1"))
    put(sales, "r1", [1], [sale(1, "A")])
    assert content(sales) == [sale(1, "A")]


# read


def many(sales: Collection) -> list[dict[str, Any]]:
    """Three versions of 60 rows with many ties; returns the live rows."""
    for number in (1, 2, 3):
        rows = [sale(1 + n % 3, f"P{n:02}", n % 4 + (number if n % 5 == 0 else 0)) for n in range(60)]
        put(sales, f"r{number}", [1, 2, 3], rows)
    return rows


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", [None, "date", "product_id", "revenue"])
def test_pages_visit_every_row_once_and_in_order(
    sales: Collection, sort: str | None, descending: bool
) -> None:
    rows = many(sales)
    query = Query(sort=sort, descending=descending, limit=7)
    found = [row for page in pages(sales, 3, query) for row in page.rows.to_pylist()]
    order = [sort, "date", "product_id"] if sort else ["date", "product_id"]
    assert found == sorted(rows, key=lambda row: [row[name] for name in order], reverse=descending)


def test_pages_of_one_listing_stay_in_their_version(sales: Collection) -> None:
    many(sales)
    expected = content(sales, 3)
    found = []
    for page in pages(sales, 3, Query(limit=11)):
        found += page.rows.to_pylist()
        put(sales, f"meanwhile{len(found)}", [1, 2, 3], [])
    assert found == expected


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ([Filter("date", "eq", day(2))], lambda row: row["date"] == day(2)),
        ([Filter("product_id", "eq", "P07")], lambda row: row["product_id"] == "P07"),
        ([Filter("quantity", "gt", 2)], lambda row: row["quantity"] > 2),
        (
            [Filter("quantity", "lte", 1), Filter("date", "gte", day(2))],
            lambda r: r["quantity"] <= 1 and r["date"] >= day(2),
        ),
        ([Filter("revenue", "gte", Decimal("0.75"))], lambda row: row["revenue"] >= Decimal("0.75")),
        ([Filter("revenue", "gt", Decimal("0.74999"))], lambda row: row["revenue"] >= Decimal("0.75")),
        ([Filter("revenue", "lt", Decimal("0.25001"))], lambda row: row["revenue"] <= Decimal("0.25")),
        ([Filter("revenue", "eq", Decimal("0.25001"))], lambda _: False),
        (
            [Filter("date", "eq", day(1)), Filter("product_id", "eq", "P03")],
            lambda row: row["product_id"] == "P03",
        ),
        ([Filter("product_name", "eq", "")], lambda _: False),
    ],
)
def test_filters_narrow_every_page(
    sales: Collection, filters: list[Filter], kept: Callable[..., bool]
) -> None:
    rows = [row for row in many(sales) if kept(row)]
    for query in (
        Query(filters, limit=4),
        Query(filters, "revenue", True, limit=4),
        Query(filters, "product_id", limit=1),
    ):
        found = [row for page in pages(sales, 3, query) for row in page.rows.to_pylist()]
        assert sorted(found, key=lambda row: row["product_id"]) == sorted(
            rows, key=lambda row: row["product_id"]
        )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(fields=("colour",)), "no field colour"),
        (Query([Filter("created_at", "gt", datetime.now(UTC))]), "no field created_at"),
        (Query(sort="quantity"), "Sort by one of: date, product_id, revenue"),
        (Query([Filter("date", "eq", "2026-01-01")]), "Give a date"),
        (Query([Filter("quantity", "eq", True)]), "Give a whole number"),
        (Query([Filter("quantity", "gt", 2**63)]), "within 64 bits"),
        (Query([Filter("revenue", "lt", 0.5)]), "Give a decimal"),
        (Query([Filter("revenue", "lt", Decimal("NaN"))]), "Give a finite decimal"),
        (Query([Filter("product_id", "eq", "\ud800")]), "valid Unicode"),
        (Query(after=(day(1),)), "1 values instead of 2"),
        (Query(limit=0), "at least one row"),
    ],
)
def test_queries_that_the_contract_does_not_offer_are_refused(
    sales: Collection, query: Query, message: str
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    with pytest.raises(QueryError, match=message):
        sales.read(1, query)


def test_the_last_page_says_so(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A"), sale(1, "B")])
    assert sales.read(1, Query(limit=2)).position is None
    assert sales.read(1, Query(limit=1)).position == (day(1), "A")
    assert sales.read(1, Query(limit=1, sort="revenue", fields=("quantity",))).position == (
        Decimal("0.25"),
        day(1),
        "A",
    )
    assert (
        sales.read(
            1, Query([Filter("date", "eq", day(1)), Filter("product_id", "eq", "A")], after=(day(1), "A"))
        ).rows.num_rows
        == 0
    )


# ensure, read only


def test_ensure_again_changes_nothing(sales: Collection) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    sales.ensure()
    assert content(sales) == [sale(1, "A")]


def test_a_contract_that_does_not_fit_the_rows_is_refused(
    sales: Collection, opened: Callable[..., Collection]
) -> None:
    *fields, _ = SALES.fields
    other = replace(
        SALES,
        version="1.1.0",
        key=("product_id", "date"),
        fields=(
            *(one for one in fields if one.name != "product_name"),
            Field("revenue", "decimal", True, 18, 2),
            Field("colour", "string", True),
        ),
    )
    with pytest.raises(ContractError) as refused:
        opened(other)
    for part in (
        "field revenue: stored decimal(18,4) required, contract decimal(18,2) required",
        "field colour: stored nothing, contract string required",
        "field product_name: stored string, contract nothing",
        "key: stored date, product_id, contract product_id, date",
        "major version 2",
    ):
        assert part in str(refused.value)


def test_what_a_contract_adds_is_added_to_rows_that_stand(
    sales: Collection, opened: Callable[..., Collection]
) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    *fields, revenue = SALES.fields
    more = replace(
        SALES,
        version="1.1.0",
        fields=(
            Field("colour", "string"),
            *fields,
            replace(revenue, required=False),
            Field("size", "integer"),
        ),
        indexes=(("product_id", "date"), ("quantity",)),
    )
    newer = opened(more)
    colourless = {"colour": None, "size": None}
    assert content(newer, 1) == [sale(1, "A") | colourless, sale(2, "A") | colourless]
    same = [sale(1, "A") | colourless]
    staged = newer.stage([batch(same, more)], ["2026-01-01"], run_id="r2")
    assert (staged.unchanged, staged.changed) == (1, ()), "a field more changes no row"
    red = sale(2, "A") | {"colour": "red", "size": 2**40, "revenue": None}
    staged = newer.stage([batch([red], more)], ["2026-01-02"], run_id="r3")
    assert staged.updated == 1
    newer.publish(staged.attempt, publication("r3", contract_version="1.1.0"))
    assert content(opened(more)) == [sale(1, "A") | colourless, red]
    with pytest.raises(ContractError, match="field colour: stored string, contract nothing"):
        opened(SALES)


def test_a_reader_of_a_newer_contract_reads_null_until_a_run_adds_the_field(
    sales: Collection, opened: Callable[..., Collection]
) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    newer = replace(SALES, version="1.1.0", fields=(Field("colour", "string"), *SALES.fields))
    reader = opened(newer, read_only=True)
    assert content(reader) == [sale(number, "A") | {"colour": None} for number in (1, 2)]
    assert reader.read(1, Query(fields=["colour"], limit=1)).rows.to_pylist() == [{"colour": None}]
    assert reader.read(1, Query([Filter("colour", "gte", "")])).rows.num_rows == 0
    writer = opened(newer)
    staged = writer.stage([batch([sale(1, "A") | {"colour": "red"}], newer)], ["2026-01-01"], run_id="r2")
    writer.publish(staged.attempt, publication("r2"))
    assert [row["colour"] for row in content(reader)] == ["red", None]


def test_a_writer_of_an_older_contract_is_stopped(
    sales: Collection, opened: Callable[..., Collection]
) -> None:
    staged = stage(sales, "slow", [1], [sale(1, "A")])
    opened(replace(SALES, version="1.1.0", fields=(*SALES.fields, Field("colour", "string"))))
    for late in (
        lambda: sales.publish(staged.attempt, publication("slow")),
        lambda: stage(sales, "late", [2], [sale(2, "A")]),
    ):
        with pytest.raises(ContractError, match="prepared for another version of the contract"):
            late()
    assert sales.live() is None


def test_two_contracts_do_not_share_a_name(opened: Callable[..., Collection]) -> None:
    opened(replace(SALES, domain="sales_eu", subject="orders"))
    with pytest.raises(ContractError, match="has sales_eu/orders under the name that sales/eu_orders would"):
        opened(replace(SALES, domain="sales", subject="eu_orders"))


def test_two_deployments_share_a_store(url: str) -> None:
    for prefix in ("", "staging_"):
        store = open_store(url, batch_size=3, prefix=prefix)
        collection = store.collection(SALES)
        collection.ensure()
        put(collection, f"r{prefix}", [1], [sale(1, prefix or "A")])
        assert content(collection) == [sale(1, prefix or "A")]
        store.close()
    assert content(open_store(url, batch_size=3, read_only=True).collection(SALES)) == [sale(1, "A")]


def test_what_is_unique_is_judged_on_all_rows_of_a_partition(opened: Callable[..., Collection]) -> None:
    collection = opened(replace(SALES, unique=(("date", "product_name"),)))
    put(collection, "r1", [1], [sale(1, "A", name="Mug")])
    with pytest.raises(StageError, match="one date and product_name"):
        stage(collection, "r2", [1], [sale(1, "B", name="Mug")], mode="upsert")
    moved = [sale(1, "A", name="Pot"), sale(1, "B", name="Mug")]
    assert counts(stage(collection, "r3", [1], moved, mode="upsert")) == (1, 1, 0, 0)


def test_two_rows_of_a_partition_are_never_alike_in_what_is_unique(opened: Callable[..., Collection]) -> None:
    collection = opened(replace(SALES, unique=(("date", "product_name"),)))
    rows = [sale(1, "A", name="Mug"), sale(1, "B", name="Mug"), sale(1, "C"), sale(1, "D")]
    with pytest.raises(StageError, match=r"one date and product_name: date 2026-01-01, product_name Mug \(2"):
        stage(collection, "r", [1], rows)
    assert stage(collection, "r", [1], rows[1:]).inserted == 3, "missing values are not alike"
    with pytest.raises(ContractError, match="cannot be kept unique by product_name across partitions"):
        opened(replace(SALES, unique=(("product_name",),)))


@pytest.mark.parametrize(
    ("field", "text"),
    [("detail", "[1]"), ("detail", "{"), ("tags", "{}"), ("tags", "null"), ("text", "a\0b")],
)
def test_texts_that_no_field_of_their_type_can_hold_are_refused(
    opened: Callable[..., Collection], field: str, text: str
) -> None:
    collection = opened(EVERY_TYPE)
    rows = [{"id": 1, "at": moment("2026-01-01"), field: text}]
    with pytest.raises(StageError, match=f"{field} has "):
        collection.stage([batch(rows, EVERY_TYPE)], ["2026-01"], run_id="r")


def test_objects_and_arrays_cannot_be_compared(opened: Callable[..., Collection]) -> None:
    collection = opened(EVERY_TYPE)
    staged = collection.stage([], ["2026-01"], run_id="r")
    collection.publish(staged.attempt, publication("r"))
    with pytest.raises(QueryError, match="detail is an object"):
        collection.read(1, Query([Filter("detail", "eq", "{}")]))


# buckets


def account(name: str, balance: int) -> dict[str, Any]:
    return {"account": name, "balance": balance}


def test_rows_of_no_day_stand_in_buckets(opened: Callable[..., Collection]) -> None:
    collection = opened(ACCOUNTS)
    rows = [account(f"a{number:02}", number) for number in range(20)]
    assert buckets(ACCOUNTS) == ("b000", "b001", "b002", "b003")
    staged = collection.stage([batch(rows, ACCOUNTS)], buckets(ACCOUNTS), run_id="r1")
    assert (staged.inserted, staged.changed) == (20, buckets(ACCOUNTS))
    collection.publish(staged.attempt, publication("r1"))
    assert content(collection) == rows
    assert content(collection, 1, "account", "partition_date")[0] == {
        "account": "a00",
        "partition_date": None,
    }
    more = [account("a07", 70), account("new", 1)]
    staged = collection.stage([batch(more, ACCOUNTS)], buckets(ACCOUNTS), run_id="r2", mode="upsert")
    assert (staged.inserted, staged.updated, staged.removed, staged.changed) == (1, 1, 0, ("b000",))
    collection.publish(staged.attempt, publication("r2"))
    expected = sorted([*rows[:7], *rows[8:], *more], key=lambda row: str(row["account"]))
    assert content(collection) == expected
    by_balance = collection.read(
        2, Query([Filter("balance", "gt", 17)], sort="balance", descending=True)
    ).rows
    assert by_balance.to_pylist() == [account("a07", 70), account("a19", 19), account("a18", 18)]
    with pytest.raises(StageError, match="'b004' is no partition: they are written like b007"):
        collection.stage([], ["b004"], run_id="r3")


# merging


def months(collection: Collection, names: list[str]) -> dict[str, int]:
    """The rows of some partitions of the live version."""
    live = collection.live()
    assert live is not None
    return {name: live.manifest[name].rows for name in names if name in live.manifest}


JUNE = [{**sale(number, "A"), "date": date(2026, 6, number)} for number in (1, 2)]
DAYS_OF_JUNE = [str(row["date"]) for row in JUNE]


def put_june(sales: Collection) -> None:
    """The newest month, which is not merged."""
    staged = sales.stage([batch(JUNE)], DAYS_OF_JUNE, run_id="june")
    sales.publish(staged.attempt, publication("june", moment("2026-06-02")))


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few partitions are a long manifest already."""
    monkeypatch.setattr(merging, "LONG", 3)


@pytest.fixture
def merged(sales: Collection, long: None) -> Collection:
    """Three days of January 2026 merged, and two of June not; live is version 3."""
    put(sales, "r1", [1, 2, 3], [sale(number, product) for number in (1, 2, 3) for product in "AB"])
    put_june(sales)
    assert sales.merge() is not None
    return sales


def test_old_days_are_merged_into_their_month(merged: Collection) -> None:
    live = merged.live()
    assert live is not None
    assert (live.number, live.kind, live.watermark) == (3, "merge", moment("2026-06-02"))
    assert {name: chunk.rows for name, chunk in live.manifest.items()} == {
        "2026-01": 6,
        "2026-06-01": 1,
        "2026-06-02": 1,
    }
    system = ("date", "product_id", "partition_date", "created_at", "updated_at", "quantity")
    assert content(merged, 3, *system) == content(merged, 2, *system), "no row changed"
    assert merged.merge() is None, "nothing is due any more"
    merged.vacuum(keep=1)
    assert len(content(merged)) == 8


def test_a_day_of_a_merged_month_is_replaced_alone(merged: Collection) -> None:
    before = content(merged, None, "date", "product_id", "created_at", "updated_at")
    staged = stage(merged, "r3", [2], [sale(2, "A"), sale(2, "C")])
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (1, 0, 5, 1)
    assert staged.changed == ("2026-01",)
    merged.publish(staged.attempt, publication("r3"))
    after = content(merged, None, "date", "product_id", "created_at", "updated_at")
    kept = [row for row in before if (row["date"], row["product_id"]) != (day(2), "B")]
    assert [row for row in after if row["product_id"] != "C"] == kept
    assert stage(merged, "r4", [2], [sale(2, "A"), sale(2, "C")]).changed == ()
    assert put(merged, "r5", [1, 3], []).changed == ("2026-01",)
    assert months(merged, ["2026-01"]) == {"2026-01": 2}
    put(merged, "r6", [2], [])
    assert months(merged, ["2026-01"]) == {}
    put(merged, "r7", [2], [sale(2, "A")])
    assert months(merged, ["2026-01-02"]) == {"2026-01-02": 1}


def test_a_row_is_laid_over_a_merged_month(merged: Collection) -> None:
    staged = stage(merged, "r3", [2], [sale(2, "A", 9), sale(2, "C")], mode="upsert")
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (1, 1, 5, 0)
    merged.publish(staged.attempt, publication("r3"))
    assert months(merged, ["2026-01"]) == {"2026-01": 7}


@pytest.mark.usefixtures("long")
def test_what_was_staged_before_a_merge_is_staged_again(sales: Collection) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A"), sale(2, "A")])
    put_june(sales)
    late = stage(sales, "r3", [2], [sale(2, "A", 5)])
    other = sales.stage([batch([{**JUNE[0], "quantity": 7}])], DAYS_OF_JUNE[:1], run_id="r4")
    assert sales.merge() is not None
    with pytest.raises(AttemptError, match="2026-01-02"):
        sales.publish(late.attempt, publication("r3"))
    assert sales.publish(other.attempt, publication("r4")).changed == ("2026-06-01",)
    put(sales, "r3", [2], [sale(2, "A", 5)])
    assert [row["quantity"] for row in content(sales)] == [1, 5, 7, 1]


def test_going_back_beyond_a_merge_names_only_what_differs(merged: Collection) -> None:
    put(merged, "r3", [2], [sale(2, "A", 5)])
    back = merged.rollback(2, by="ada", reason="wrong")
    assert back.changed == ("2026-01",)
    assert content(merged) == content(merged, 2)
    assert merged.rollback(3, by="ada", reason="the same rows").repeated


def test_major_versions_stand_side_by_side(sales: Collection, opened: Callable[..., Collection]) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    second = opened(replace(SALES, version="2.0.0", fields=SALES.fields[:4], indexes=()))
    assert second.live() is None
    assert content(sales) == [sale(1, "A")]


def test_a_new_index_needs_no_new_version(sales: Collection, opened: Callable[..., Collection]) -> None:
    put(sales, "r1", [1], [sale(1, "A", 2), sale(1, "B", 1)])
    more = opened(replace(SALES, version="1.1.0", indexes=(*SALES.indexes, ("quantity",))))
    assert [row["product_id"] for row in more.read(1, Query(sort="quantity")).rows.to_pylist()] == ["B", "A"]


def test_read_only_creates_nothing_and_refuses_to_write(url: str, tmp_path: Path) -> None:
    collection = open_store(url, batch_size=10, read_only=True).collection(SALES)
    assert (collection.live(), collection.history()) == (None, [])
    with pytest.raises(VersionGone):
        collection.read(1, Query())
    with pytest.raises(VersionGone):
        collection.version(1)
    with pytest.raises(StoreError, match="read only"):
        collection.ensure()
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_collection_follows_the_writer(opened: Callable[..., Collection]) -> None:
    reader = opened(read_only=True)
    assert reader.live() is None
    writer = opened()
    assert reader.live() is None
    for number in (1, 2):
        put(writer, f"r{number}", [1], [sale(1, "A", number)])
        assert content(reader) == [sale(1, "A", number)]
    with pytest.raises(StoreError, match="read only"):
        put(reader, "r3", [1], [])


# many at once


def test_many_threads_publish_disjoint_days_of_one_collection(opened: Callable[..., Collection]) -> None:
    opened()
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            collection = opened()
            for time in range(3):
                put(collection, f"r{number}.{time}", [number], [sale(number, "A", time)])
        except Exception as error:  # noqa: BLE001 (shown by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    collection = opened()
    assert content(collection) == [sale(number, "A", 2) for number in range(1, 7)]
    numbers = [version.number for version in collection.history()]
    assert all(later == earlier + 1 for later, earlier in pairwise(numbers))
    assert len(numbers) == 18


PROCESS = """
import sys
from common.io.collections import open_store
from common.io.collections.protocol import AttemptError
from contract.kit import SALES, put, sale
collection = open_store(sys.argv[1], batch_size=3).collection(SALES)
collection.ensure()
for time in range(5):
    while True:
        try:
            put(collection, f"{sys.argv[2]}.{time}", [1], [sale(1, sys.argv[2], time)], mode="upsert")
            break
        except AttemptError:
            continue
"""


def test_two_processes_at_once_lose_nothing(url: str, opened: Callable[..., Collection]) -> None:
    command = [sys.executable, "-c", PROCESS, url]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    both = [subprocess.Popen([*command, name], env=environment) for name in "AB"]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    collection = opened()
    assert content(collection) == [sale(1, "A", 4), sale(1, "B", 4)]
    live = collection.live()
    assert live is not None
    assert live.number == 10
