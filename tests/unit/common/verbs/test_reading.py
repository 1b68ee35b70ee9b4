"""Reading: streamed or spooled, resumed, and what fails stands for itself where it has a bookmark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from common.io.sources import Item, Part, Scope, rejected, with_origin
from common.io.spool import Spool
from common.utils.errors import SourceError
from common.utils.window import Window
from common.verbs.reading import Reading

WINDOW = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
SCHEMA = pa.schema([("id", pa.int64())])


@dataclass
class Numbers:
    """Items of ten records each, in parts of two; the reading of some breaks off."""

    schema: pa.Schema | None = None
    incremental: bool = False
    names: tuple[str, ...] = ("a", "b", "c")
    breaks: dict[str, int] = field(default_factory=dict)
    scopes: list[tuple[str, Scope]] = field(default_factory=list)
    name: str = "Numbers"
    fingerprint: str = "f"
    dialect: str = ""

    def items(self) -> list[Item]:
        return [Item(name, schema=self.schema) for name in self.names]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        self.scopes.append((item.name, scope))
        for start in range(int(scope.after or 0), 10, 2):
            if start == self.breaks.get(item.name):
                raise SourceError(f"{item.name} went away.")
            records = with_origin(pa.record_batch({"id": [start, start + 1]}), item, [start + 1, start + 2])
            yield Part(records, rejected(item, []), 8, str(start + 2), {"cursor": str(start + 1)}, retries=1)


def reading(source: Numbers, folder: Path) -> Reading:
    bookmarks = {"a": {"cursor": "-1"}}
    spool = Spool(folder / "spool", source.fingerprint)
    return Reading(source, source.items(), lambda item: Scope(WINDOW, bookmarks.get(item.name, {})), spool)


def ids(found: Reading) -> list[int]:
    return [one for records, _ in found.batches() for one in records["id"].to_pylist()]


@pytest.mark.parametrize("schema", [SCHEMA, None], ids=["streamed", "spooled"])
def test_everything_is_read_once_and_counted(schema: pa.Schema | None, tmp_path: Path) -> None:
    found = reading(Numbers(schema), tmp_path)
    assert {str(one) for one in found.schemas()} == {str(SCHEMA)}
    assert ids(found) == [*range(10)] * 3
    assert (found.size, found.retries) == (120, 15)
    assert found.bookmarks == {name: {"cursor": "9"} for name in "abc"}
    assert (tmp_path / "spool").exists() == (schema is None)


def test_a_later_try_goes_on_where_the_first_broke_off(tmp_path: Path) -> None:
    source = Numbers(breaks={"b": 4})
    with pytest.raises(SourceError, match="b went away"):
        reading(source, tmp_path).schemas()
    source.breaks.clear()
    source.scopes.clear()
    again = reading(source, tmp_path)
    again.schemas()
    assert [(name, scope.after) for name, scope in source.scopes] == [("b", "4"), ("c", "")]
    assert ids(again) == [*range(10)] * 3
    assert again.size == 120, "what the first try read counts too"


def test_an_item_with_a_bookmark_stands_for_itself(tmp_path: Path) -> None:
    found = reading(Numbers(incremental=True, breaks={"b": 4}), tmp_path)
    found.schemas()
    assert ids(found) == [*range(10)] * 2
    assert found.failed == {"b": "b went away."}
    assert set(found.bookmarks) == {"a", "c"}, "the next run begins where b was left"


def test_a_streamed_item_that_gives_nothing_stands_for_itself_too(tmp_path: Path) -> None:
    found = reading(Numbers(SCHEMA, incremental=True, breaks={"b": 0}), tmp_path)
    assert ids(found) == [*range(10)] * 2
    assert (found.failed, set(found.bookmarks)) == ({"b": "b went away."}, {"a", "c"})
    for broken in (
        Numbers(SCHEMA, incremental=True, breaks={"b": 4}),  # a part of it is written already
        Numbers(SCHEMA, incremental=True, breaks=dict.fromkeys("abc", 0)),
        Numbers(SCHEMA, breaks={"b": 0}),
    ):
        with pytest.raises(SourceError, match="went away"):
            ids(reading(broken, tmp_path))


def test_where_all_fail_the_run_fails(tmp_path: Path) -> None:
    source = Numbers(incremental=True, breaks={"a": 2, "b": 4, "c": 0})
    with pytest.raises(SourceError, match="a went away"):
        reading(source, tmp_path).schemas()


def test_nothing_to_read_is_nothing(tmp_path: Path) -> None:
    found = reading(Numbers(names=()), tmp_path)
    assert (found.schemas(), ids(found), found.bookmarks) == ([], [], {})
