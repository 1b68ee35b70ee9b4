"""Open University learning analytics: the files as they are packed, and the collections that come of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.io import lake
from common.io.collections.protocol import Query, Version
from common.io.sources import Scope
from common.io.sources.files import FileSettings, FileSource
from common.io.sources.settings import pairs_of
from common.transforms import course_analytics, operations, student_progress
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
from common.verbs.sums import totals
from realdata.oulad import SOURCES, University

ALL = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))


@pytest.fixture
def oulad(realdata: Path) -> Path:
    return realdata / "student" / "oulad"


def table(path: Path) -> pa.Table:
    """All records of one file; there is nothing that cannot be read."""
    source = FileSource(FileSettings(path=str(path)), "VITRINE_A_B_")
    (item,) = source.items()
    parts = list(source.read(item, ALL))
    assert sum(part.unreadable.num_rows for part in parts) == 0
    return pa.Table.from_batches([part.records for part in parts])


def test_students_and_their_results(oulad: Path) -> None:
    found = table(oulad / "studentInfo.csv.gz")
    assert found.num_rows == 13_529
    assert Counter(found["final_result"].to_pylist()) == {
        "Pass": 5_494,
        "Withdrawn": 3_717,
        "Fail": 3_242,
        "Distinction": 1_076,
    }


def test_assessments_and_their_scores(oulad: Path) -> None:
    scores = table(oulad / "studentAssessment.csv.gz")["score"].to_pylist()
    assert len(scores) == 82_842
    assert sum(score in (None, "?") for score in scores) == 84
    assert sum(int(score) for score in scores if score not in (None, "?")) == 6_320_804


def test_clicks(oulad: Path) -> None:
    clicks = table(oulad / "studentVle.csv.gz")["sum_click"].to_pylist()
    assert (len(clicks), sum(map(int, clicks))) == (9_349, 43_461)


def test_a_folder_of_packed_and_plain_files(oulad: Path) -> None:
    names = [item.name for item in FileSource(FileSettings(path=str(oulad)), "VITRINE_A_B_").items()]
    assert names == sorted(path.name for path in oulad.iterdir())


UNDER_WAY = datetime(2013, 12, 15, tzinfo=UTC)  # the results are not out
FINISHED = datetime(2026, 11, 21, tzinfo=UTC)
TOTALS = {
    "enrolments": 13_529,
    "clicks": 43_461,
    "submissions": 82_842,
    "scores": 82_842 - 84,
    "score_sum": 6_320_804,
}


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with lake.connect(Settings(home=tmp_path)) as engine:
        yield engine


@pytest.fixture
def settings(oulad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A house whose domain reads the files."""
    for source, (file, columns, key) in SOURCES.items():
        for name, value in {"PATH": str(oulad / file), "COLUMNS": columns, "KEY": key}.items():
            monkeypatch.setenv(f"VITRINE_LEARNING_{source.upper()}_{name}", value)
    return Settings(home=tmp_path)


def published(settings: Settings, subject: str) -> tuple[list[dict[str, Any]], Version]:
    """What readers see once all five verbs are through, and what was said of it on the way."""
    contract = load_contract(settings.contracts / "learning" / f"{subject}.odcs.yaml")
    run = Run("all", Window(None, FINISHED), scheduled=False)
    done = pipeline.run_all(Subject("learning", subject, 1), contract, settings, run)
    assert done is not None
    assert done.new
    with opened(contract, settings, read_only=True) as collection:
        live = collection.live()
        assert live is not None
        return collection.read(live.number, Query(limit=100_000)).rows.to_pylist(), live


def as_of_then(duck: duckdb.DuckDBPyConnection, oulad: Path, subject: Any) -> list[dict[str, Any]]:
    """Gold while the presentations of October were under way, by the pure functions alone."""
    silver = {}
    for name, (file, columns, _) in SOURCES.items():
        records, theirs = subject.SOURCES[name], pairs_of(columns) | {"result": "none"}
        bronze = nw.from_native(duck.from_arrow(table(oulad / file)))
        mapped = {ours: theirs.get(ours, ours) for ours in records.columns}
        records.clean(operations.received(bronze, mapped, (), "")).to_native().create(name)
        cleaned = nw.from_native(duck.table(name))
        assert cleaned.filter(~nw.col("_rule").is_null()).to_native().fetchall() == []
        silver[name] = cleaned.select(*records.fields.names)
    subject.aggregate(silver, UNDER_WAY).to_native().create("gold")
    made = nw.from_native(duck.table("gold"))
    assert totals(subject.silver_totals(silver)) == totals(subject.gold_totals(made)) == TOTALS
    return duck.table("gold").to_arrow_table().to_pylist()


def demand_students(rows: list[dict[str, Any]], university: University) -> None:
    """Every column of every row is as plain Python has it."""
    own = ("course", "presentation", "student_id", "title")
    found = {
        tuple(row[name] for name in own[:3]): {name: row[name] for name in row if name not in own}
        for row in rows
    }
    assert len(found) == len(rows) == 13_529
    assert found == {key: university.progress(key) for key in university.students}


def demand_courses(rows: list[dict[str, Any]], university: University) -> None:
    """Every row is as plain Python has it."""
    assert len(rows) == len(university.ends) == 9
    for row in rows:
        expected = university.analytics((row["course"], row["presentation"]))
        popular, weeks = json.loads(row["popular_content"]), json.loads(row["weeks"])
        row["popular_content"] = [(one["content"], one["clicks"]) for one in popular]
        row["weeks"] = [(one["week"], one["active"], one["left"]) for one in weeks]
        assert {name: row[name] for name in expected} == expected


def test_what_is_published_of_students(settings: Settings, oulad: Path) -> None:
    rows, live = published(settings, "student_progress")
    demand_students(rows, University(oulad, FINISHED.date(), results=True))
    assert live.ledger["read"] == live.ledger["written"] == 122_373
    assert {name: Decimal(total) for name, total in live.ledger["gold"].items()} == TOTALS
    assert live.ledger["silver"] == live.ledger["gold"]


def test_what_is_published_of_courses(settings: Settings, oulad: Path) -> None:
    rows, _ = published(settings, "course_analytics")
    demand_courses(rows, University(oulad, FINISHED.date(), results=True))


def test_students_while_the_course_is_under_way(duck: duckdb.DuckDBPyConnection, oulad: Path) -> None:
    rows = as_of_then(duck, oulad, student_progress)
    demand_students(rows, University(oulad, UNDER_WAY.date(), results=False))
    assert Counter(row["at_risk_rule"] for row in rows if row["at_risk"]) == {
        "inactive_14_days": 1_357,
        "low_average": 72,
        "missed_assessments": 18,
    }


def test_courses_while_they_are_under_way(duck: duckdb.DuckDBPyConnection, oulad: Path) -> None:
    rows = as_of_then(duck, oulad, course_analytics)
    demand_courses(rows, University(oulad, UNDER_WAY.date(), results=False))
