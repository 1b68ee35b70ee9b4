"""Gold of courses: rates, quartiles, popular contents and the weeks in which students leave."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.transforms import course_analytics
from unit.common.transforms.conftest import collected
from unit.common.transforms.learning_kit import Make, Silver, silver

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def analysed(rows: Silver, as_of: datetime = JUNE) -> dict[str, Any]:
    (row,) = collected(course_analytics.aggregate(rows, as_of))
    return row


def enrolled(student: str, result: str | None = None, **more: Any) -> dict[str, Any]:
    return {"student_id": student, "result": result, **more}


def test_gold_has_its_columns_and_types(frame: Make) -> None:
    table = course_analytics.aggregate(silver(frame, courses=[{}]), JUNE).to_native().to_arrow_table()
    assert table.schema.names == course_analytics.GOLD.names
    assert table.schema.types == course_analytics.GOLD.types


def test_a_course_without_students_has_a_row(frame: Make) -> None:
    row = analysed(silver(frame, courses=[{"title": "Cells"}]))
    assert (row["title"], row["starts_on"], row["ends_on"]) == ("Cells", date(2026, 1, 1), date(2026, 5, 1))
    assert (row["enrolled"], row["completion_rate"], row["average_score"], row["drop_off_week"]) == (
        0,
        None,
        None,
        None,
    )
    assert (row["score_sum"], row["weeks"], row["popular_content"]) == (0, "[]", "[]")


def test_who_completed_of_all_who_enrolled(frame: Make) -> None:
    rows = [enrolled("a", "Pass"), enrolled("b", "Distinction"), enrolled("c", "Fail"), enrolled("d")]
    gone = [enrolled("e", "Withdrawn", withdrawn_day=-3), enrolled("f", "Withdrawn", withdrawn_day=30)]
    row = analysed(silver(frame, courses=[{}], enrolments=[*rows, *gone], activity=[{"student_id": "guest"}]))
    names = ("enrolled", "completed", "failed", "ended", "withdrawn", "withdrawn_before_start", "active")
    assert [row[name] for name in names] == [6, 2, 1, 1, 2, 1, 0]
    assert row["completion_rate"] == Decimal("0.3333")


@pytest.mark.parametrize(
    ("scores", "quartiles"),
    [
        (["50"], ["50", "50", "50"]),
        (["10", "20"], ["10", "10", "20"]),
        (["10", "20", "30", "40"], ["10", "20", "30"]),
        (["40", "10", "30", "20", "50"], ["20", "30", "40"]),
    ],
)
def test_quartiles_are_scores_that_were_given(frame: Make, scores: list[str], quartiles: list[str]) -> None:
    given = [
        {"student_id": str(at), "assessment_id": "a", "score": Decimal(one)} for at, one in enumerate(scores)
    ]
    blank = {"student_id": "late", "assessment_id": "a"}
    row = analysed(silver(frame, assessments=[{"assessment_id": "a"}], submissions=[*given, blank]))
    assert [row[name] for name in ("score_p25", "score_p50", "score_p75")] == list(map(Decimal, quartiles))


def test_the_five_contents_with_most_clicks(frame: Make) -> None:
    visits = [
        {"content_id": name, "clicks": clicks}
        for name, clicks in zip("fedcba", (1, 2, 2, 2, 3, 9), strict=True)
    ]
    rows = silver(
        frame,
        activity=[*visits, {"content_id": "f", "clicks": 1}, {"clicks": 99}],
        contents=[{"content_id": "a", "kind": "quiz", "title": "First"}],
    )
    assert json.loads(analysed(rows)["popular_content"]) == [
        {"content": "a", "title": "First", "kind": "quiz", "clicks": 9},
        {"content": "b", "title": None, "kind": None, "clicks": 3},
        *({"content": name, "title": None, "kind": None, "clicks": 2} for name in "cde"),
    ]


def test_the_week_in_which_most_left(frame: Make) -> None:
    people = [enrolled("a", "Withdrawn", withdrawn_day=-9), enrolled("b", "Withdrawn", withdrawn_day=6)]
    people += [enrolled("c", "Withdrawn", withdrawn_day=7), enrolled("d", "Fail"), enrolled("e", "Pass")]
    visits = [
        {"student_id": name, "visited_day": day} for name, day in [("d", 13), ("d", 8), ("e", 8), ("e", -1)]
    ]
    row = analysed(silver(frame, courses=[{}], enrolments=people, activity=visits))
    assert (row["drop_off_week"], row["drop_off_students"]) == (2, 2)
    assert json.loads(row["weeks"]) == [
        {"week": 0, "active": 1, "left": 1},
        {"week": 1, "active": 0, "left": 1},
        {"week": 2, "active": 2, "left": 2},
    ]


def test_of_weeks_alike_the_first_is_the_drop_off_and_before_the_start_is_none(frame: Make) -> None:
    people = [enrolled(str(day), withdrawn_day=day) for day in (-8, -7, -6, 30, 8)]
    assert analysed(silver(frame, courses=[{}], enrolments=people))["drop_off_week"] == 2
    assert analysed(silver(frame, courses=[{}], enrolments=people[:3]))["drop_off_week"] is None


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    rows = silver(
        frame,
        courses=[{}, {"course": "D"}],
        enrolments=[{}, {"course": "D"}, {"course": "D", "student_id": "t"}],
        assessments=[{"assessment_id": "a"}],
        submissions=[
            {"assessment_id": "a", "score": Decimal("0.5")},
            {"assessment_id": "lost", "score": Decimal(1)},
        ],
        activity=[{"clicks": 3}, {"course": "E", "clicks": 4}],
    )
    totals = collected(course_analytics.gold_totals(course_analytics.aggregate(rows, JUNE)))
    assert collected(course_analytics.silver_totals(rows)) == totals
    assert totals == [
        {"enrolments": 3, "clicks": 7, "submissions": 2, "scores": 2, "score_sum": Decimal("1.5000")}
    ]
