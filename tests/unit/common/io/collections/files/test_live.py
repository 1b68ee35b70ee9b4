"""Direct readers find one whole version under ``live``, or a clear error."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from common.io.collections.collection import VersionedCollection
from common.io.collections.files.live import Live
from common.io.collections.protocol import Chunk, Version
from common.io.collections.record import Record
from contract.kit import content, day, moment, publication, put, sale, stage

NOW = timedelta(0)


def version(number: int, stored: str = "") -> Version:
    return Version(
        number, 1, moment("2026-01-01"), None, "s", "r", {}, "1.0.0", stored=stored or f"{number}.0"
    )


def shown(folder: Path) -> list[tuple[object, ...]]:
    """What DuckDB makes of ``live``, as anybody would ask it."""
    files = f"{folder / 'live'}/*.{folder.name}"
    return duckdb.sql(f"SELECT date, product_id, quantity FROM '{files}' ORDER BY ALL").fetchall()


def test_live_shows_the_live_version(sales: VersionedCollection, folder: Path) -> None:
    put(sales, "one", [1, 2], [sale(1, "A"), sale(2, "B", 5)])
    assert shown(folder) == [(day(1), "A", 1), (day(2), "B", 5)]
    put(sales, "two", [2, 3], [sale(3, "C")])
    assert shown(folder) == [(day(1), "A", 1), (day(3), "C", 1)]
    sales.rollback(1, by="me", reason="test")
    assert shown(folder) == [(day(1), "A", 1), (day(2), "B", 5)]
    put(sales, "none", [1, 2, 3], [])
    assert list((folder / "live").iterdir()) == []


def test_names_tell_the_partition_and_the_chunk(sales: VersionedCollection, folder: Path) -> None:
    put(sales, "one", [1, 2], [sale(1, "A"), sale(2, "B")])
    put(sales, "two", [2], [sale(2, "C")])
    names = sorted(path.name for path in (folder / "live").iterdir())
    assert names == [f"2026-01-01.1.{folder.name}", f"2026-01-02.3.{folder.name}"]


def test_who_listed_live_before_it_moved_finds_the_same_content_or_nothing(
    sales: VersionedCollection, folder: Path
) -> None:
    put(sales, "one", [1, 2], [sale(1, "A"), sale(2, "B")])
    listed = {path: path.read_bytes() for path in (folder / "live").iterdir()}
    put(sales, "two", [2], [sale(2, "C")])
    kept = {path: path.read_bytes() for path in listed if path.exists()}
    assert kept == {path: content for path, content in listed.items() if path.name.startswith("2026-01-01")}


def test_files_of_versions_take_no_room(sales: VersionedCollection, folder: Path) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    (file,) = (folder / "live").iterdir()
    assert file.samefile(folder / "chunks" / f"1.{folder.name}")


def test_a_version_that_changed_nothing_leaves_live_as_it_is(
    sales: VersionedCollection, folder: Path
) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    before = (folder / "live").readlink()
    put(sales, "two", [1], [sale(1, "A")], watermark=moment("2026-01-02"))
    assert (folder / "live").readlink() == before


def test_vacuum_takes_retired_versions_away(sales: VersionedCollection, folder: Path) -> None:
    for number in range(1, 5):
        put(sales, f"run {number}", [1], [sale(1, "A", number)])
    sales.vacuum(keep=2)
    assert {path.name.partition("-")[0] for path in (folder / "versions").iterdir()} == {"3", "4"}
    assert shown(folder) == [(day(1), "A", 4)]


def test_a_retired_folder_goes_as_a_whole(
    sales: VersionedCollection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lists it, while its files go one by one, must not take some for all."""
    removed: list[str] = []
    for number in (1, 2):
        put(sales, f"run {number}", [1], [sale(1, "A", number)])
    (retired,) = [path.name for path in (folder / "versions").iterdir() if path.name.startswith("1-")]
    monkeypatch.setattr("shutil.rmtree", lambda path: removed.append(path.name))
    sales.vacuum(keep=1)
    monkeypatch.undo()
    assert [name.startswith(retired) and name.endswith(".part") for name in removed] == [True]


def kill(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The process ends where it would call a method of :class:`Live`."""

    def killed(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(Live, name, killed)


@pytest.mark.parametrize(
    "repair",
    [
        lambda sales: sales.ensure(),
        lambda sales: sales.vacuum(),
        lambda sales: stage(sales, "three", [9], []),
    ],
)
def test_live_lags_after_a_kill_until_the_next_call(
    sales: VersionedCollection,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    repair: Callable[[VersionedCollection], None],
) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    staged = stage(sales, "two", [1], [sale(1, "B")])
    kill(monkeypatch, "follow")
    with pytest.raises(SystemExit):
        sales.publish(staged.attempt, publication("two"))
    monkeypatch.undo()
    assert content(sales) == [sale(1, "B")]
    assert shown(folder) == [(day(1), "A", 1)]
    repair(sales)
    assert shown(folder) == [(day(1), "B", 1)]


def test_a_version_that_was_prepared_and_never_published_goes(
    sales: VersionedCollection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sales, "one", [1], [sale(1, "A")])
    prepared = folder / "versions" / "2-99.9"
    prepared.mkdir()
    sales.vacuum(abandon_after=NOW)
    assert prepared.exists(), "it may yet be published"
    put(sales, "two", [1], [sale(1, "B")])
    sales.vacuum(abandon_after=NOW)
    assert not prepared.exists()


@pytest.fixture
def live(tmp_path: Path) -> Live:
    (tmp_path / "versions").mkdir()
    return Live(tmp_path, lambda chunk: tmp_path / f"{chunk}.csv")


def test_a_slow_process_does_not_leave_live_behind(live: Live, tmp_path: Path) -> None:
    """It asks for the record again after it has pointed."""
    seen = iter([Record("r", 1, versions=(version(1),)), *[Record("r", 2, versions=(version(2),))] * 2])
    live.follow(lambda: next(seen))
    assert (tmp_path / "live").readlink() == Path("versions/2-2.0")
    assert next(seen, None) is None


def test_an_empty_collection_has_no_live(live: Live, tmp_path: Path) -> None:
    live.follow(lambda: Record("r", 1))
    assert not (tmp_path / "live").is_symlink()


def test_a_killed_process_leaves_nothing_for_long(live: Live, tmp_path: Path) -> None:
    (tmp_path / "live.0123.part").symlink_to("versions/1-1.0")
    (tmp_path / "versions" / "1-1.0.0123.part").mkdir()
    (tmp_path / "versions" / "notes").mkdir()
    live.tidy(Record("r", 1, next_version=2))
    assert [path.name for path in tmp_path.rglob("*")] == ["versions", "notes"]


def test_preparing_twice_makes_one_folder(live: Live, tmp_path: Path) -> None:
    (tmp_path / "7.csv").write_text("rows")
    chunk = Chunk(7, 1, "")
    for _ in range(2):
        live.prepare(version(1), {"2026-01-01": chunk})
    assert [path.name for path in (tmp_path / "versions" / "1-1.0").iterdir()] == ["2026-01-01.7.csv"]
    with pytest.raises(FileNotFoundError):
        live.prepare(version(1), {"2026-01-01": replace(chunk, id=8)})
