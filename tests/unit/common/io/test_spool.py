"""The spool: what was kept is there for the next try, and only where it asks for the same."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from common.io.sources import Item, Part, rejected, with_origin
from common.io.spool import Spool

ITEM = Item("https://example.org/a")


def part(at: int, mark: str = "") -> Part:
    records = with_origin(pa.record_batch({"id": [at]}), ITEM, [at])
    letters = rejected(ITEM, [(at + 100, "rule", None, "why", "{}")] if at % 2 else [])
    return Part(records, letters, size=10, mark=mark, bookmark={"cursor": str(at)}, retries=1)


def ids(spooled: object) -> list[int]:
    return [one for records, _ in spooled.parts() for one in records["id"].to_pylist()]  # type: ignore[attr-defined]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_a_later_try_goes_on_from_what_was_kept(folder: Path) -> None:
    first = Spool(folder, "scope").item(ITEM, {})
    first.keep(part(1, "one"))
    first.keep(part(2, "two"))
    again = Spool(folder, "scope").item(ITEM, {})
    assert (again.state.mark, again.state.whole, again.state.size, again.state.retries) == (
        "two",
        False,
        20,
        2,
    )
    again.keep(part(3, "three"))
    again.finish()
    whole = Spool(folder, "scope").item(ITEM, {})
    assert whole.state.whole
    assert (ids(whole), whole.state.bookmark) == ([1, 2, 3], {"cursor": "3"})
    assert [letters is not None for _, letters in whole.parts()] == [True, False, True]


def test_what_cannot_be_gone_on_from_begins_anew_unless_it_is_whole(folder: Path) -> None:
    Spool(folder, "scope").item(ITEM, {}).keep(part(1))
    begun = Spool(folder, "scope").item(ITEM, {})
    assert (begun.state.parts, ids(begun)) == (0, [])
    begun.keep(part(2))
    begun.finish()
    assert ids(Spool(folder, "scope").item(ITEM, {})) == [2]


@pytest.mark.parametrize(
    ("scope", "item", "bookmark"),
    [
        ("another", ITEM, {}),
        ("scope", Item(ITEM.name, digest="changed"), {}),
        ("scope", ITEM, {"cursor": "7"}),
    ],
)
def test_what_was_asked_otherwise_is_of_no_use(
    folder: Path, scope: str, item: Item, bookmark: dict[str, str]
) -> None:
    Spool(folder, "scope").item(ITEM, {}).keep(part(1, "one"))
    assert Spool(folder, scope).item(item, bookmark).state.parts == 0


def test_a_part_that_was_cut_off_while_it_was_written_does_not_count(folder: Path) -> None:
    spooled = Spool(folder, "scope").item(ITEM, {})
    spooled.keep(part(1, "one"))
    (spooled.folder / "00000002.records").write_bytes(b"ARROW1 and no end")
    again = Spool(folder, "scope").item(ITEM, {})
    again.keep(part(2, "two"))
    assert ids(again) == [1, 2]


def test_cleared_it_leaves_nothing(folder: Path) -> None:
    spool = Spool(folder, "scope")
    spool.item(ITEM, {}).keep(part(1, "one"))
    spool.clear()
    assert not folder.exists()
    spool.clear()


def test_a_state_that_was_cut_off_begins_anew(folder: Path) -> None:
    spooled = Spool(folder, "scope").item(ITEM, {})
    spooled.keep(part(1, "one"))
    (spooled.folder / "state.json").write_bytes(b'{"scope":"')
    assert Spool(folder, "scope").item(ITEM, {}).state.parts == 0


def test_what_a_killed_try_rejected_is_not_taken_for_the_next_one_s(folder: Path) -> None:
    spooled = Spool(folder, "scope").item(ITEM, {})
    spooled.keep(part(2, "two"))
    (spooled.folder / "00000002.rejected").write_bytes(b"of a part that was never noted")
    again = Spool(folder, "scope").item(ITEM, {})
    again.keep(part(4, "four"))
    assert [letters is None for _, letters in again.parts()] == [True, True]


def test_what_nobody_tried_again_is_forgotten(folder: Path) -> None:
    old, young = Spool(folder.parent / "old", "scope"), Spool(folder.parent / "young", "scope")
    for spool in (old, young):
        spool.item(ITEM, {}).keep(part(1, "one"))
    os.utime(old.folder, (0, 0))
    Spool(folder, "scope").clear()
    assert (old.folder.exists(), young.folder.exists()) == (False, True)
