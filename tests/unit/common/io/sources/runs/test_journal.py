"""The listener's files while they are written: only whole lines are read, each once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.io.sources import Part, Scope
from common.io.sources.files import streams
from common.io.sources.runs.journal import Journal
from common.utils.errors import SourceError
from common.utils.window import Window

WINDOW = Window(None, datetime(2100, 1, 1, tzinfo=UTC))


def line(number: int) -> str:
    return json.dumps({"id": str(number), "run_id": str(number), "unknown": 1}) + "\n"


def read(journal: Journal, bookmark: dict[str, str] | None = None) -> list[Part]:
    (item,) = journal.items()
    return list(journal.read(item, Scope(WINDOW, bookmark or {})))


def ids(parts: list[Part]) -> list[str | None]:
    return [one for part in parts for one in part.records["id"].to_pylist()]


def test_where_there_is_no_folder_there_are_no_items(tmp_path: Path) -> None:
    assert Journal(tmp_path / "nowhere").items() == []


def test_reading_goes_on_after_the_bookmark(tmp_path: Path) -> None:
    path, journal = tmp_path / "2026-01-01.ndjson", Journal(tmp_path)
    path.write_text(line(1) + line(2))
    first = read(journal)
    path.write_text(line(1) + line(2) + line(3))
    second = read(journal, dict(first[-1].bookmark))
    assert (ids(first), ids(second)) == (["1", "2"], ["3"])
    assert second[0].records["_position"].to_pylist() == [3]
    third = read(journal, dict(second[-1].bookmark))
    assert (ids(third), third[-1].bookmark) == ([], second[-1].bookmark)


def test_what_is_written_after_the_listing_waits(tmp_path: Path) -> None:
    path, journal = tmp_path / "2026-01-01.ndjson", Journal(tmp_path)
    path.write_text(line(1))
    (item,) = journal.items()
    path.write_text(line(1) + line(2))
    assert ids(list(journal.read(item, Scope(WINDOW)))) == ["1"]


def test_a_line_that_is_not_whole_yet_waits(tmp_path: Path) -> None:
    path, journal = tmp_path / "2026-01-01.ndjson", Journal(tmp_path)
    path.write_text(line(1) + line(2)[:-5])
    first = read(journal)
    assert (ids(first), first[-1].unreadable.num_rows) == (["1"], 0)
    path.write_text(line(1) + line(2))
    assert ids(read(journal, dict(first[-1].bookmark))) == ["2"]


def test_a_line_that_was_cut_off_is_a_dead_letter(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01.ndjson").write_text(line(1) + line(2)[:9] + line(3) + line(4))
    parts = read(Journal(tmp_path))
    assert ids(parts) == ["1", "4"]
    (bad,) = [row for part in parts for row in part.unreadable.to_pylist()]
    assert (bad["rule"], bad["_position"]) == ("json", 2)


def test_many_blocks_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK", 100)
    (tmp_path / "2026-01-01.ndjson").write_text("".join(map(line, range(50))))
    parts = read(Journal(tmp_path))
    assert ids(parts) == [str(number) for number in range(50)]
    assert len(parts) > 5


def test_a_file_that_became_shorter_is_an_error(tmp_path: Path) -> None:
    path, journal = tmp_path / "2026-01-01.ndjson", Journal(tmp_path)
    path.write_text(line(1) + line(2))
    bookmark = dict(read(journal)[-1].bookmark)
    path.write_text(line(1))
    with pytest.raises(SourceError, match="shorter"):
        read(journal, bookmark)
