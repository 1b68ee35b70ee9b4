"""Dead letters: by run and stage, replaced by a retry, kept apart from other runs'."""

from pathlib import Path

import pyarrow as pa

from common.io import dead_letters, lake
from common.io.sources import REJECTED
from common.utils.settings import Settings


def letter(line: int, rule: str = "ragged") -> pa.RecordBatch:
    values = ["a.csv", "hash", line, rule, None, "why", "raw"]
    columns = [pa.array([value]).cast(field.type) for value, field in zip(values, REJECTED, strict=True)]
    return pa.record_batch(columns, schema=REJECTED)


def kept(settings: Settings, run_id: str | None = None) -> list[tuple[str, str, int]]:
    uri = dead_letters.table_uri(settings, "a", "b")
    with lake.connect(settings) as engine:
        found = dead_letters.read(engine, uri, run_id).to_pylist()
    return [(row["_run"], row["_stage"], row["_position"]) for row in found]


def put(settings: Settings, run_id: str, stage: dead_letters.Stage, *lines: int) -> None:
    dead_letters.replace(
        dead_letters.table_uri(settings, "a", "b"),
        map(letter, lines),
        run_id=run_id,
        stage=stage,
        source="abc",
        some=bool(lines),
    )


def test_each_stage_of_a_run_replaces_its_own(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert kept(settings) == []
    put(settings, "one", "extract")
    assert lake.version(dead_letters.table_uri(settings, "a", "b")) == -1, "nothing to say, nothing written"
    put(settings, "one", "extract", 9, 2)
    put(settings, "one", "transform", 5)
    put(settings, "two", "extract", 7)
    assert kept(settings, "one") == [("one", "extract", 2), ("one", "transform", 5), ("one", "extract", 9)]
    put(settings, "one", "extract", 3)
    assert kept(settings, "one") == [("one", "extract", 3), ("one", "transform", 5)]
    put(settings, "one", "extract")
    assert kept(settings) == [("one", "transform", 5), ("two", "extract", 7)]


def test_a_dry_runs_letters_stand_apart(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert dead_letters.table_uri(settings, "a", "b") == f"{tmp_path}/lake/dead_letters/a/b"
    assert (
        dead_letters.table_uri(settings, "a", "b", dry_run=True)
        == f"{tmp_path}/lake/dry_run/dead_letters/a/b"
    )
