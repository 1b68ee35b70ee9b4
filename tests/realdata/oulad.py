"""Open University learning analytics: how they are configured, and the two collections in plain Python.

Nothing of the project computes here: `csv`, `Fraction` and loops do.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

COURSE = "course=code_module,presentation=code_presentation"
PERSON = f"{COURSE},student_id=id_student"
SOURCES = {
    "courses": ("courses.csv", f"{COURSE},ends=module_presentation_length", "code_module,code_presentation"),
    "enrolments": (
        "studentInfo.csv.gz",
        f"{PERSON},result=final_result",
        "code_module,code_presentation,id_student",
    ),
    "registrations": (
        "studentRegistration.csv.gz",
        f"{PERSON},registered=date_registration,withdrawn=date_unregistration",
        "code_module,code_presentation,id_student",
    ),
    "assessments": (
        "assessments.csv",
        f"{COURSE},assessment_id=id_assessment,kind=assessment_type,due=date",
        "id_assessment",
    ),
    "submissions": (
        "studentAssessment.csv.gz",
        "assessment_id=id_assessment,student_id=id_student,submitted=date_submitted,banked=is_banked",
        "id_assessment,id_student",
    ),
    "contents": ("vle.csv", f"{COURSE},content_id=id_site,kind=activity_type", "id_site"),
    "activity": ("studentVle.csv.gz", f"{PERSON},content_id=id_site,visited=date,clicks=sum_click", ""),
}
"""File, COLUMNS and KEY of each source."""

MONTHS = {"B": 2, "J": 10}
QUIET = 14
STATUS = {"Pass": "completed", "Distinction": "completed", "Fail": "failed", "Withdrawn": "withdrawn"}

Key = tuple[str, str, str]


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a file, packed or not."""
    data = (folder / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    yield from csv.DictReader(text.splitlines())


def rounded(value: Fraction) -> Decimal:
    """Four decimals, half up."""
    return Decimal((value * 20_000 + 1) // 2) / Decimal(10_000)


@dataclass
class Student:
    """A student in a presentation, as the files have it."""

    result: str | None = None
    registered: date | None = None
    withdrawn: date | None = None
    clicks: int = 0
    days: set[date] = field(default_factory=set)
    scores: dict[str, Fraction | None] = field(default_factory=dict)


class University:
    """All presentations, as of a day.

    Args:
        folder: Of the files.
        today: Of the run.
        results: Whether final results are known; without them it is told by dates who withdrew.
    """

    def __init__(self, folder: Path, today: date, *, results: bool) -> None:
        self.today, self.results = today, results
        self.ends: dict[tuple[str, str], date] = {}
        for row in rows(folder, "courses.csv"):
            key = (row["code_module"], row["code_presentation"])
            self.ends[key] = self.day(key, row["module_presentation_length"])
        self.students: dict[Key, Student] = defaultdict(Student)
        for row in rows(folder, "studentInfo.csv.gz"):
            self.students[self._key(row)].result = row["final_result"] if results else None
        for row in rows(folder, "studentRegistration.csv.gz"):
            key = self._key(row)
            student = self.students[key]
            for name, text in (("registered", "date_registration"), ("withdrawn", "date_unregistration")):
                setattr(student, name, self.day(key, row[text]) if row[text] else None)
        self._assess(folder)
        self.visits: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for row in rows(folder, "studentVle.csv.gz"):
            student = self.students[self._key(row)]
            student.clicks += int(row["sum_click"])
            student.days.add(self.day(self._key(row), row["date"]))
            self.visits[self._key(row)[:2]][row["id_site"]] += int(row["sum_click"])

    def _assess(self, folder: Path) -> None:
        self.assessments = {row["id_assessment"]: row for row in rows(folder, "assessments.csv")}
        self.held: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in rows(folder, "studentAssessment.csv.gz"):
            of = self.assessments[row["id_assessment"]]
            key = (of["code_module"], of["code_presentation"], row["id_student"])
            self.held[key[:2]].add(row["id_assessment"])
            score = Fraction(row["score"]) if row["score"] else None
            self.students[key].scores[row["id_assessment"]] = score
            if row["is_banked"] == "0":
                self.students[key].days.add(self.day(key, row["date_submitted"]))

    def _key(self, row: dict[str, str]) -> Key:
        return (row["code_module"], row["code_presentation"], row["id_student"])

    def start(self, key: tuple[str, ...]) -> date:
        """2013J starts in October."""
        return date(int(key[1][:4]), MONTHS[key[1][4]], 1)

    def day(self, key: tuple[str, ...], days: str) -> date:
        """So many days after the start."""
        return self.start(key) + timedelta(days=int(days))

    def status(self, key: Key) -> str:
        """In the words of the collection."""
        student = self.students[key]
        if student.result:
            return STATUS[student.result]
        if student.withdrawn and student.withdrawn <= self.today:
            return "withdrawn"
        return "ended" if self.ends[key[:2]] <= self.today else "active"

    def due(self, key: Key) -> set[str]:
        """Assessments that were due of the student."""
        limit = min(filter(None, (self.today, self.students[key].withdrawn)))
        last = self.ends[key[:2]] - timedelta(days=1)
        days = {
            name: self.day(key, self.assessments[name]["date"]) if self.assessments[name]["date"] else last
            for name in self.held[key[:2]]
        }
        return {name for name, day in days.items() if day < limit}

    def inactive(self, key: Key) -> int:
        """Days without activity."""
        student = self.students[key]
        until = min(filter(None, (self.today, self.ends[key[:2]], student.withdrawn)))
        since = max([self.start(key), *student.days, *filter(None, [student.registered])])
        return max(0, (until - since).days)

    def progress(self, key: Key) -> dict[str, Any]:
        """A row of student_progress."""
        student, due, inactive = self.students[key], self.due(key), self.inactive(key)
        given = {name: score for name, score in student.scores.items() if score is not None}
        weights = {name: Fraction(self.assessments[name]["weight"]) for name in due | set(student.scores)}
        counted = sum((weights[name] for name in {*given, *(due - set(student.scores))}), Fraction())
        weighted = sum((weights[name] * score for name, score in given.items()), Fraction())
        average = sum(given.values(), Fraction()) / len(given) if given else None
        missed = len(due - set(student.scores))
        rules = {"inactive_14_days": inactive >= QUIET, "missed_assessments": missed >= 2}
        rules["low_average"] = average is not None and average < 40
        rule = next((name for name, broken in rules.items() if broken), None)
        rule = rule if self.status(key) == "active" else None
        return {
            "status": self.status(key),
            "result": student.result,
            "registered_on": student.registered,
            "withdrawn_on": student.withdrawn,
            "courses_completed": self.completed[key[2]],
            "assessments_due": len(due),
            "assessments_missed": missed,
            "assessments_submitted": len(student.scores),
            "assessments_passed": sum(score >= 40 for score in given.values()),
            "submissions": len(student.scores),
            "scores": len(given),
            "clicks": student.clicks,
            "active_days": len(student.days),
            "score_sum": Decimal(int(sum(given.values(), Fraction()))),
            "average_score": None if average is None else rounded(average),
            "weighted_score": rounded(weighted / counted) if counted else None,
            "minutes": None,
            "first_activity": min(student.days, default=None),
            "last_activity": max(student.days, default=None),
            "days_inactive": inactive,
            "at_risk": rule is not None,
            "at_risk_rule": rule,
        }

    @cached_property
    def completed(self) -> Counter[str]:
        """Presentations that each student has completed."""
        return Counter(key[2] for key in self.students if self.status(key) == "completed")

    def analytics(self, course: tuple[str, str]) -> dict[str, Any]:
        """A row of course_analytics."""
        keys = [key for key in self.students if key[:2] == course]
        every = [self.students[key] for key in keys]
        scores = sorted(score for one in every for score in one.scores.values() if score is not None)
        status = Counter(self.status(key) for key in keys)
        active: dict[int, set[str]] = defaultdict(set)
        for key in keys:
            for day in self.students[key].days:
                active[self._week(course, day)].add(key[2])
        left = Counter(self._week(course, day) for key in keys if (day := self._left(key)))
        top = sorted((-count, week) for week, count in left.items() if week > 0)[:1]
        sites = sorted(self.visits[course].items(), key=lambda site: (-site[1], site[0]))[:5]
        return {
            "enrolled": len(keys),
            **{name: status[name] for name in ("active", "completed", "failed", "withdrawn", "ended")},
            "active_students": sum(bool(one.days) for one in every),
            "submissions": sum(len(one.scores) for one in every),
            "clicks": sum(one.clicks for one in every),
            "completion_rate": rounded(Fraction(status["completed"], len(keys))),
            "average_score": rounded(sum(scores, Fraction()) / len(scores)),
            **{f"score_p{share}": int(scores[-(-len(scores) * share // 100) - 1]) for share in (25, 50, 75)},
            "popular_content": [(site, clicks) for site, clicks in sites],
            "drop_off_week": top[0][1] if top else None,
            "drop_off_students": -top[0][0] if top else None,
            "weeks": [(week, len(active[week]), left[week]) for week in sorted({*active, *left})],
        }

    def _week(self, course: tuple[str, str], day: date) -> int:
        return max(0, (day - self.start(course)).days // 7 + 1)

    def _left(self, key: Key) -> date | None:
        status, student = self.status(key), self.students[key]
        last = max(student.days, default=None)
        if status == "withdrawn":
            return student.withdrawn or last
        return last if status in ("failed", "ended", "active") and self.inactive(key) >= QUIET else None
