"""What is special to files: missing ones, full disks, older contracts, stale writers."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.files import durable
from common.io.collections.protocol import AttemptError, Query, StoreError, VersionGone
from common.utils.contract import Field
from contract.kit import SALES, batch, content, publication, put, sale, stage
from disks import as_root, small_disk


def test_a_file_that_somebody_took_away_is_told_and_rolled_back_from(
    sales: VersionedCollection, folder: Path
) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    put(sales, "two", [1, 2], [sale(1, "B"), sale(2, "B")])
    (folder / "chunks" / f"2.{folder.name}").unlink()
    with pytest.raises(
        StoreError, match=r"chunk 2 is missing, which version 2 needs for 2026-01-01.*roll back"
    ):
        content(sales)
    with pytest.raises(StoreError, match=r"chunk 2 is missing"):
        stage(sales, "three", [1], [sale(1, "C")])
    sales.rollback(1, by="me", reason="damage")
    assert content(sales) == [sale(1, "A")]


def test_files_that_vacuum_took_away_are_gone_with_their_version(sales: VersionedCollection) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    live = sales.live()
    assert live is not None
    for number in (2, 3):
        put(sales, f"run {number}", [1], [sale(1, "A", number)])
    open_other = sales.backend.page

    def late(stored: str, query: object) -> object:
        sales.vacuum(keep=1)
        return open_other(stored, query)  # type: ignore[arg-type]

    sales.backend.page = late  # type: ignore[method-assign,assignment]
    with pytest.raises(VersionGone):
        sales.read(1, Query())
    assert list(sales.backend.rows([live.manifest["2026-01-01"].id], ["quantity"])) == []


def test_a_file_that_is_damaged_is_told(sales: VersionedCollection, folder: Path) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    chunk = folder / "chunks" / f"1.{folder.name}"
    chunk.write_bytes(chunk.read_bytes().replace(b"2026-01-01", b"yesterday!")[:-3])
    with pytest.raises(StoreError, match=r"cannot be read.*Restore"):
        content(sales)
    (folder / "record" / f"{sales.backend.record().revision + 1}.json").write_text("{")
    with pytest.raises(StoreError, match=r"cannot be read.*Restore"):
        sales.live()


def test_rows_of_an_older_contract_have_nulls(url: str) -> None:
    store = open_store(url, batch_size=3)
    narrow = tuple(replace(one, precision=8) if one.name == "revenue" else one for one in SALES.fields)
    before = replace(SALES, fields=narrow)
    old = store.collection(before)
    old.ensure()
    rows = batch([sale(1, "A"), sale(2, "A")], before)
    staged = old.stage([rows], ["2026-01-01", "2026-01-02"], run_id="one")
    old.publish(staged.attempt, publication("one"))
    fields = (Field("note", "string"), *SALES.fields, Field("share", "decimal", precision=4, scale=3))
    young = replace(SALES, version="1.1.0", fields=fields)
    collection = store.collection(young)
    collection.ensure()
    nothing = {"note": None, "share": None}
    wanted = [{**sale(1, "A"), **nothing}, {**sale(2, "A"), **nothing}]
    assert content(collection) == wanted
    row = {**sale(2, "B", 10**9), "note": "", "share": Decimal("0.125")}
    staged = collection.stage([batch([row], young)], ["2026-01-02"], run_id="two", mode="upsert")
    assert (staged.inserted, staged.unchanged) == (1, 1)
    collection.publish(staged.attempt, publication("two"))
    assert content(collection) == [*wanted, row]
    by_product = collection.read(2, Query(sort="product_id", descending=True)).rows.to_pylist()
    assert by_product == [row, wanted[1], wanted[0]]
    seen = [one["quantity"] for one in content(old, 2, "quantity", "revenue")]
    assert seen == [1, 1, 10**9], "a reader that was not restarted"
    store.close()


def test_a_stale_writer_harms_nothing(sales: VersionedCollection, url: str, folder: Path) -> None:
    """It is woken in the middle of a chunk, after its successor has published and vacuumed."""
    slow = open_store(url, batch_size=3).collection(SALES)
    assert isinstance(slow, VersionedCollection)
    finish, woken = durable.settle, threading.Event()
    with pytest.MonkeyPatch.context() as patch:

        def late(part: Path, path: Path) -> bool:
            if not woken.is_set():
                woken.set()
                put(sales, "r", [1], [sale(1, "B")])
                sales.vacuum()
            return finish(part, path)

        patch.setattr("common.io.collections.files.chunks.settle", late)
        with pytest.raises(AttemptError, match="taken away while it was written"):
            put(slow, "r", [1], [sale(1, "A")])
    assert content(sales) == [sale(1, "B")]
    assert {path.name for path in (folder / "chunks").iterdir()} == {f"2.{folder.name}"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    with small_disk(tmp_path / "small", "512k") as disk:
        yield disk


def test_a_full_disk_is_told_and_harms_nothing(kind: str, small: Path) -> None:
    store = open_store(f"{kind}://{small}", batch_size=3)
    sales = store.collection(SALES)
    sales.ensure()
    put(sales, "one", [1], [sale(1, "A")])
    many = [sale(1, os.urandom(32).hex(), number) for number in range(15_000)]
    for _ in range(2):
        with pytest.raises(StoreError, match=r"No space left.*Make room"):
            stage(sales, "two", [1], many)
        assert content(sales) == [sale(1, "A")]
    put(sales, "three", [1], [sale(1, "B")])
    assert content(sales) == [sale(1, "B")]
    assert list(small.rglob("*.part")) == []
    store.close()


def test_what_is_mounted_to_be_read_is_read_and_not_written(kind: str, small: Path) -> None:
    store = open_store(f"{kind}://{small}", batch_size=3)
    sales = store.collection(SALES)
    sales.ensure()
    put(sales, "one", [1], [sale(1, "A")])
    as_root("mount", "-o", "remount,ro", str(small)).check_returncode()
    sales.ensure()
    assert content(sales) == [sale(1, "A")]
    with pytest.raises(StoreError, match=r"Read-only file system.*Mount"):
        put(sales, "two", [1], [sale(1, "B")])
    store.close()
