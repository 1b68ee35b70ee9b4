"""The sample school: the same files everywhere, and all that real exports have."""

import csv
import hashlib
import json
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from samples import course_analytics, student_progress
from samples.school import VARIABLES, WEEKS, Term, files

FIRST, LAST = date(2026, 8, 22), date(2026, 11, 20)


@pytest.fixture(scope="module")
def school() -> dict[str, str]:
    return dict(files(7, FIRST, LAST))


def read(school: dict[str, str], folder: str) -> list[dict[str, str]]:
    names = sorted(name for name in school if name.startswith(f"{folder}/"))
    return [row for name in names for row in csv.DictReader(school[name].splitlines())]


def test_the_files_are_these_to_the_byte() -> None:
    digest = hashlib.sha256(repr(sorted(files(7, LAST, LAST))).encode()).hexdigest()
    assert digest == "278bb6adabeb205791dc7e5765836494443fb528a8a4c013e78c2296e177fc97"


def test_another_seed_is_another_school(school: dict[str, str]) -> None:
    assert dict(files(8, FIRST, LAST)) != school


def test_a_day_more_brings_files_and_changes_none(school: dict[str, str]) -> None:
    later = dict(files(7, FIRST + timedelta(days=30), LAST + timedelta(days=30)))
    both = school.keys() & later.keys()
    assert len(both) > 100
    assert all(school[name] == later[name] for name in both)
    assert {
        "activity/2026-09/week-11.ndjson",
        "enrolments/2026-06-week-21.csv",
    } <= later.keys() - school.keys()


def test_the_days_of_a_week_are_in_its_file_once_it_is_over(school: dict[str, str]) -> None:
    days = sorted(name for name in school if re.fullmatch(r"activity/2026-09/2026-.*", name))
    later = dict(files(7, FIRST, LAST + timedelta(days=7)))
    over = later[f"activity/2026-09/week-{(LAST - Term(7, 27).start).days // 7 + 1:02}.ndjson"]
    assert days
    assert over.startswith("".join(school[name] for name in days))


def test_it_has_the_size_of_a_small_school(school: dict[str, str]) -> None:
    enrolments = read(school, "enrolments")
    courses = read(school, "courses")
    assert len({row["student_id"] for row in enrolments}) > 380
    assert len({row["course"] for row in courses}) == 6
    assert {
        (date.fromisoformat(row["ends"]) - date.fromisoformat(row["starts"])).days for row in courses
    } == {7 * WEEKS}
    assert (
        sum(content.count("\n") for name, content in school.items() if name.startswith("activity")) > 20_000
    )


def test_some_terms_are_over_and_some_run(school: dict[str, str]) -> None:
    ends = Counter(row["ends"] > LAST.isoformat() for row in read(school, "courses"))
    assert ends[True] >= 3
    assert ends[False] >= 3


def test_results_and_withdrawals_come_late_with_the_same_id(school: dict[str, str]) -> None:
    of: dict[str, list[str]] = {}
    for row in sorted(read(school, "enrolments"), key=lambda row: row["updated_at"]):
        of.setdefault(row["enrolment_id"], []).append(row["result"])
    results = Counter(values[-1] for values in of.values() if len(values) > 1)
    assert {"Pass", "Fail", "Distinction", "Withdrawn"} <= set(results)
    marks = Counter(row["submission_id"] for row in read(school, "submissions"))
    assert Counter(marks.values())[2] > 1000


def test_it_has_what_real_exports_have(school: dict[str, str]) -> None:
    scores = {row["score"] for row in read(school, "submissions")}
    assert {"", "abs.", "170"} <= scores
    assert any(not row["student_id"] for row in read(school, "enrolments"))
    lines = [
        line
        for name, content in school.items()
        if name.startswith("activity")
        for line in content.splitlines()
    ]
    broken = [line for line in lines if not line.endswith("}")]
    records = [json.loads(line) for line in lines if line.endswith("}")]
    assert broken
    assert max(Counter(record["event_id"] for record in records).values()) == 2
    assert any(record["clicks"] == "many" for record in records)
    assert len(broken) + sum(record["student_id"] is None for record in records) < len(lines) / 100


def test_nobody_is_active_once_gone() -> None:
    term = Term(7, 20)
    gone = [one for one in term.enrolments if one.leaves <= WEEKS]
    assert 5 < len(gone) < len(term.enrolments) / 4


def test_both_subjects_read_it() -> None:
    for subject in (student_progress, course_analytics):
        assert subject.files is files
        assert subject.VARIABLES is VARIABLES
    assert all(one["PATH"] == f"{{folder}}/{name}" for name, one in VARIABLES.items())
