"""Open University learning analytics: counts and sums of the files as they are packed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from common.io.sources import Scope
from common.io.sources.files import FileSettings, FileSource
from common.utils.window import Window

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
