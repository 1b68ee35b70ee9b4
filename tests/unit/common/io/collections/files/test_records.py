"""The record as files: one writer a revision, and a reader always finds the highest."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.io.collections.files import records
from common.io.collections.files.durable import create
from common.io.collections.files.records import KEPT, Records
from common.io.collections.protocol import StoreError
from common.io.collections.record import Record

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path) -> Records:
    return Records(tmp_path, "sales")


def write(record: Records, *revisions: int) -> None:
    for revision in revisions:
        assert record.write(Record("sales", revision, next_chunk=revision))


def test_without_a_folder_it_was_never_created(tmp_path: Path) -> None:
    assert Records(tmp_path / "away", "sales").read() == Record("sales")
    assert not (tmp_path / "away").exists()


def test_what_was_written_is_read_by_all(record: Records, tmp_path: Path) -> None:
    other = Records(tmp_path, "sales")
    for revision in (1, 2):
        after = replace(record.read(), revision=revision).opened(f"attempt {revision}", "run", 2, NOW)
        assert record.write(after)
        assert other.read() == record.read() == after


def test_a_record_that_did_not_change_is_read_once(record: Records, tmp_path: Path) -> None:
    write(record, 1)
    first = record.read()
    (tmp_path / "1.json").write_text("its content is not looked at again")
    assert record.read() is first


def test_one_of_many_writers_makes_each_revision(record: Records, tmp_path: Path) -> None:
    def run() -> None:
        mine = Records(tmp_path, "sales")
        while len(won) < 3 * KEPT:
            seen = mine.read()
            if mine.write(replace(seen, revision=seen.revision + 1, next_chunk=seen.next_chunk + 1)):
                won.append(seen.revision + 1)

    won: list[int] = []
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(1, len(won) + 1))
    assert record.read().next_chunk == len(won) + 1
    assert len(list(tmp_path.iterdir())) <= KEPT + 4


def test_a_revision_is_written_once(record: Records) -> None:
    write(record, 1, 2)
    assert not record.write(Record("sales", 2))
    assert not record.write(Record("sales", 1))
    assert record.read().next_chunk == 2


def test_old_revisions_go_with_what_killed_writers_left(record: Records, tmp_path: Path) -> None:
    write(record, *range(1, KEPT))
    for name in ("3.json.dead.part", f"{KEPT + 2}.json.alive.part"):
        (tmp_path / name).touch()
    write(record, *range(KEPT, KEPT + 5))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"{revision}.json" for revision in range(5, KEPT + 5)} | {f"{KEPT + 2}.json.alive.part"}


def asleep(monkeypatch: pytest.MonkeyPatch, meanwhile: int, folder: Path) -> None:
    """Others write so many revisions between a writer's look and its link."""

    def late(path: Path, content: bytes) -> bool:
        monkeypatch.setattr(records, "create", create)
        others = Records(folder, "sales")
        first = others.revision() + 1
        write(others, *range(first, first + meanwhile))
        return create(path, content)

    monkeypatch.setattr(records, "create", late)


def test_a_writer_that_slept_for_a_revision_is_late(
    record: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(record, 1)
    asleep(monkeypatch, 1, tmp_path)
    assert not record.write(Record("sales", 2, next_chunk=99))
    assert record.read().next_chunk == 2


@pytest.mark.parametrize("slept", [KEPT + 1, 2 * KEPT])
def test_a_name_that_was_freed_deceives_nobody(
    record: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slept: int
) -> None:
    write(record, 1)
    asleep(monkeypatch, slept, tmp_path)
    with pytest.raises(StoreError, match="slept"):
        record.write(Record("sales", 2, next_chunk=99))
    reader = Records(tmp_path, "sales")
    assert reader.read().next_chunk == slept + 1
    write(record, slept + 2)
    assert reader.read().next_chunk == slept + 2
    assert not (tmp_path / "2.json").exists()


def test_as_long_as_the_name_was_not_freed_the_answer_is_certain(
    record: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(record, 1)
    asleep(monkeypatch, KEPT, tmp_path)
    assert not record.write(Record("sales", 2, next_chunk=99))
    assert record.read().next_chunk == KEPT + 1
