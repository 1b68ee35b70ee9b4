"""Singer message streams, and messages that are none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from common.io.sources.runs import singer
from common.utils.errors import SourceError
from run_files import ndjson, read


def test_streams_of_singer(tmp_path: Path) -> None:
    def record(stream: str, second: int) -> dict[str, Any]:
        at = f"2026-01-01T01:00:{second:02}Z"
        return {"type": "RECORD", "stream": stream, "record": {}, "time_extracted": at}

    path = ndjson(
        tmp_path / "tap.json",
        {"type": "SCHEMA", "stream": "a", "schema": {}, "key_properties": []},
        record("a", 1),
        record("a", 5),
        {"type": "STATE", "value": {"bookmarks": {"a": {"id": 2}}}},
        record("b", 6),
        {"type": "NOTE"},
        {"type": "RECORD", "record": {}},
        [1],
    )
    (a, b), bad = read("singer", path)
    assert (a["rows"], a["state"], a["started_at"], a["ended_at"]) == (
        "2",
        "complete",
        "2026-01-01T01:00:01Z",
        "2026-01-01T01:00:05Z",
    )
    assert json.loads(a["detail"]) == {"messages_of_state": 1, "bookmark": {"id": 2}}
    assert (b["rows"], b["state"], b["_position"]) == ("1", "no_state", 5)
    assert a["id"] != b["id"]
    assert sorted((row["_position"], row["rule"]) for row in bad) == [
        (6, "no_message"),
        (7, "incomplete"),
        (8, "no_object"),
    ]


def test_a_stream_without_a_time_has_that_of_its_file(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "tap.json", {"type": "SCHEMA", "stream": "a", "schema": {}})
    os.utime(path, (0, 1_767_225_600))
    ((row,), _) = read("singer", path)
    assert (row["started_at"], row["event_at"]) == ("2026-01-01T00:00:00+00:00",) * 2


def test_too_many_streams_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(singer, "STREAMS", 2)
    path = ndjson(tmp_path / "t.json", *({"type": "SCHEMA", "stream": name} for name in "abc"))
    with pytest.raises(SourceError, match="more than 2 streams"):
        read("singer", path)
