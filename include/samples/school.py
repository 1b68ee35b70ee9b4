"""The exports of an invented school: each file is a pure function of the seed and its own dates.

Six courses are given for twenty weeks each, three of them from every thirteenth Monday on. A later day brings
more files and changes none: what changes comes again, with the same id and a later ``updated_at``, and the
activity of a week comes again as one file. The files have what real ones have: lines twice, late marks,
withdrawals, students who fall silent, some records that cannot be used. Python promises to keep ``random()``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random

ANCHOR, EVERY, WEEKS = date(2020, 1, 6), timedelta(weeks=13), 20  # the first term; a Monday
LENGTH, RESULTS = timedelta(weeks=WEEKS), timedelta(weeks=WEEKS + 1)
STUDENTS, SHARE, NEVER = 400, 0.33, 99

COURSES = (
    ("BIO-101", "Cell biology"),
    ("CHE-110", "General chemistry"),
    ("HIS-120", "Europe since 1815"),
    ("LAW-105", "Introduction to law"),
    ("MAT-102", "Linear algebra"),
    ("PSY-100", "How we learn"),
)
ASSESSMENTS = (  # kind, end of which week, weight
    ("quiz", 3, "5"),
    ("essay", 6, "20"),
    ("quiz", 10, "7.5"),
    ("essay", 14, "27.5"),
    ("exam", 19, "40"),
)
WRONG = {998: "abs.", 999: "170"}  # scores, by a submission's fate
CONTENTS = (
    "home",
    "forum",
    "reading",
    "video",
    "quiz",
    "video",
    "reading",
    "glossary",
    "exercise",
    "exercise",
)

VARIABLES: Mapping[str, Mapping[str, str]] = {
    "courses": {"PATH": "{folder}/courses", "KEY": "course,presentation"},
    "enrolments": {"PATH": "{folder}/enrolments", "KEY": "enrolment_id", "UPDATED_AT": "updated_at"},
    "assessments": {"PATH": "{folder}/assessments", "KEY": "assessment_id"},
    "submissions": {"PATH": "{folder}/submissions", "KEY": "submission_id", "UPDATED_AT": "updated_at"},
    "contents": {"PATH": "{folder}/contents", "KEY": "content_id"},
    "activity": {"PATH": "{folder}/activity", "KEY": "event_id"},
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A student in a presentation: per cent that work gets on average, how likely a day with activity is.

    ``silent`` is the week from which on nothing is done, ``leaves`` the one in which the student withdraws.
    """

    id: str
    student: str
    course: str
    ability: int
    diligence: float
    silent: int
    leaves: int


@dataclass(frozen=True)
class Term:
    """Three courses that start on one Monday."""

    seed: int
    number: int

    @property
    def start(self) -> date:
        """The first day."""
        return ANCHOR + self.number * EVERY

    @property
    def code(self) -> str:
        """``2026-09``."""
        return f"{self.start:%Y-%m}"

    @property
    def courses(self) -> list[tuple[str, str]]:
        """Those that are given."""
        return list(COURSES[self.number % 2 :: 2])

    def due(self, week: int) -> date:
        """The Sunday of a week."""
        return self.start + timedelta(days=7 * week - 1)

    @cached_property
    def enrolments(self) -> list[Enrolment]:
        """Who takes part."""
        return [one for course, _ in self.courses for one in self._enrolments(course)]

    def _enrolments(self, course: str) -> Iterator[Enrolment]:
        draw = drawer(self.seed, self.code, course)
        for number in range(STUDENTS):
            chosen, ability, diligence, silent, leaves = (draw() for _ in range(5))
            if chosen < SHARE:
                yield Enrolment(
                    f"{course}/{self.code}/{number:03}",
                    f"S{number + 1001}",
                    course,
                    35 + int(60 * ability),
                    0.12 + 0.4 * diligence,
                    3 + int(100 * silent) if silent < 0.16 else NEVER,
                    1 + int(100 * leaves) if leaves < 0.14 else NEVER,
                )


def drawer(*of: object) -> Callable[[], float]:
    """Draws numbers from 0 to 1 that are always the same for the same thing."""
    return Random("/".join(map(str, of))).random  # noqa: S311 (a sample is no secret)


def files(seed: int, first: date, last: date) -> Iterator[tuple[str, str]]:
    """Path and content of each export.

    Args:
        seed: Another seed, another school.
        first: A day of the first terms; their files begin with the start of the earliest.
        last: Up to which day records are there.
    """
    for term in (Term(seed, number) for number in range((last - ANCHOR) // EVERY + 1)):
        if term.start + RESULTS >= first:
            yield from _of_a_term(term, last)
            yield from _day_by_day(term, last)


ENROLMENT = "enrolment_id,updated_at,course,presentation,student_id,registered,withdrawn,result"
SUBMISSION = "submission_id,updated_at,assessment_id,student_id,submitted,score"


def _of_a_term(term: Term, last: date) -> Iterator[tuple[str, str]]:
    """What is exported once a term, and the changes of its enrolments week by week."""
    code, end = term.code, term.start + LENGTH
    courses = [f"{course},{code},{title},{term.start},{end}" for course, title in term.courses]
    assessments = [
        f"{course}/{code}/{number},{course},{code},{kind},{term.due(week)},{weight}"
        for course, _ in term.courses
        for number, (kind, week, weight) in enumerate(ASSESSMENTS, 1)
    ]
    contents = [
        f"{course}/{code}/{kind}-{number},{course},{code},{kind},{kind.capitalize()} {number}"
        for course, _ in term.courses
        for number, kind in enumerate(CONTENTS, 1)
    ]
    everybody = term.enrolments
    written = {
        "courses": ["course,presentation,title,starts,ends", *courses],
        "assessments": ["assessment_id,course,presentation,kind,due,weight", *assessments],
        "contents": ["content_id,course,presentation,kind,title", *contents],
        "enrolments": [ENROLMENT, *(line for one in everybody for line in _enrolled(term, one))],
    }
    for folder, lines in written.items():
        yield f"{folder}/{code}.csv", "\n".join([*lines, ""])
    for week in range(1, WEEKS + 2):
        changes = [line for one in everybody for line in _changed(term, one, week)]
        if changes and term.start + timedelta(weeks=week) <= last:
            yield f"enrolments/{code}-week-{week:02}.csv", "\n".join([ENROLMENT, *changes, ""])


def _day_by_day(term: Term, last: date) -> Iterator[tuple[str, str]]:
    """What students hand in and do, up to the last day; a week that is over is one file."""
    handed_in: dict[date, list[str]] = defaultdict(list)
    for day, line in _submissions(term):
        handed_in[day].append(line)
    for day, lines in handed_in.items():
        if day <= last:
            yield f"submissions/{term.code}/{day}.csv", "\n".join([SUBMISSION, *lines, ""])
    for week in range(WEEKS):
        days = [term.start + timedelta(weeks=week, days=at) for at in range(7)]
        lines = {f"{day}": "".join(_activity(term, day)) for day in days if day <= last}
        whole = {f"week-{week + 1:02}": "".join(lines.values())} if days[-1] <= last else lines
        yield from ((f"activity/{term.code}/{name}.ndjson", content) for name, content in whole.items())


def _enrolled(term: Term, one: Enrolment) -> list[str]:
    """An enrolment as it is first exported: some twice, one in a hundred without its student."""
    number = int(one.id[-3:])
    registered = term.start - timedelta(days=3 + number % 40)
    student = "" if number % 100 == 77 else one.student
    line = f"{one.id},{registered}T09:00:00Z,{one.course},{term.code},{student},{registered},,"
    return [line, line] if number % 50 == 3 else [line]


def _changed(term: Term, one: Enrolment, week: int) -> Iterator[str]:
    """A withdrawal in its week; the result in the week after the end."""
    registered = term.start - timedelta(days=3 + int(one.id[-3:]) % 40)
    known = f"{one.course},{term.code},{one.student},{registered}"
    if week == one.leaves:
        day = term.start + timedelta(days=7 * week - 4)
        yield f"{one.id},{day}T12:00:00Z,{known},{day},Withdrawn"
    elif week > WEEKS and one.leaves == NEVER:
        failed = one.silent < NEVER or one.ability < 45
        result = "Fail" if failed else "Distinction" if one.ability > 85 else "Pass"
        yield f"{one.id},{term.start + RESULTS}T12:00:00Z,{known},,{result}"


def _submissions(term: Term) -> Iterator[tuple[date, str]]:
    """The day and line of each submission, and of its mark five days later."""
    for one in term.enrolments:
        for number, (_, week, _) in enumerate(ASSESSMENTS, 1):
            assessment = f"{one.course}/{term.code}/{number}"
            draw = drawer(term.seed, one.id, number)
            early, spread, fate = draw(), draw(), int(1000 * draw())
            if week >= min(one.silent, one.leaves) or fate < 60:
                continue
            day = term.due(week) + timedelta(days=2 - int(6 * early))
            score = max(0, min(100, one.ability + int(30 * spread) - 15))
            marked = day + timedelta(days=5)
            known = f"{assessment},{one.student},{day}"
            yield day, f"{one.id}/{number},{day}T20:00:00Z,{known},"
            yield marked, f"{one.id}/{number},{marked}T10:00:00Z,{known},{WRONG.get(fate, score)}"


def _activity(term: Term, day: date) -> Iterator[str]:
    """What students did on a day, as lines of JSON."""
    draw, number, week = drawer(term.seed, term.code, day), 0, (day - term.start).days // 7 + 1
    for one in term.enrolments:
        if week >= min(one.silent, one.leaves) or draw() >= one.diligence:
            continue
        content = int(len(CONTENTS) * draw() * draw())
        number, fate, clicks = number + 1, int(1000 * draw()), 1 + int(12 * draw())
        record = {
            "event_id": f"{term.code}/{day}/{number}",
            "course": one.course,
            "presentation": term.code,
            "student_id": None if fate == 1 else one.student,
            "content_id": f"{one.course}/{term.code}/{CONTENTS[content]}-{content + 1}",
            "visited": f"{day}T{8 + int(14 * draw()):02}:00:00Z",
            "clicks": "many" if fate == 2 else clicks,
            "minutes": 2 * clicks + 1,
        }
        line = json.dumps(record)
        yield f"{line[:40] if fate == 3 else line}\n" * (2 if fate in range(4, 9) else 1)
