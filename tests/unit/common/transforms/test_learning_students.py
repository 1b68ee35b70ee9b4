"""One student in one course of ten days' rhythm, and what the shared steps make of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.transforms.learning_students import active_days, marks, silver_totals, students
from unit.common.transforms.conftest import collected
from unit.common.transforms.learning_kit import Make, silver

START = date(2026, 1, 1)  # of 2026A
MARCH = datetime(2026, 3, 1, tzinfo=UTC)  # day 59
HELD = [
    {"assessment_id": "a1", "weight": Decimal("10"), "due_day": 20},
    {"assessment_id": "a2", "weight": Decimal("30"), "due_day": 40},
    {"assessment_id": "a3", "weight": Decimal("60"), "due_day": 90},
]
OTHERS = [{"student_id": "other", "assessment_id": name, "submitted_day": 1} for name in ("a1", "a2", "a3")]


def one(frame: Make, as_of: datetime = MARCH, student: str = "s", **rows: Any) -> dict[str, Any]:
    rows = {"courses": [{}], "enrolments": [{"registered_day": -5}], **rows}
    (found,) = [
        row for row in collected(students(silver(frame, **rows), as_of)) if row["student_id"] == student
    ]
    return found


def visit(day: int, **more: Any) -> dict[str, Any]:
    return {"visited_day": day, "content_id": "home", **more}


def handed_in(assessment: str, day: int, score: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "assessment_id": assessment,
        "submitted_day": day,
        "score": None if score is None else Decimal(score),
        **more,
    }


@pytest.mark.parametrize(
    ("enrolment", "as_of", "status"),
    [
        ({}, MARCH, "active"),
        ({}, datetime(2026, 5, 1, tzinfo=UTC), "ended"),
        ({"result": "Distinction"}, MARCH, "completed"),
        ({"result": "pass"}, MARCH, "completed"),
        ({"result": "FAIL"}, MARCH, "failed"),
        ({"result": "Fail", "withdrawn_day": 20}, MARCH, "failed"),
        ({"result": "Withdrawn"}, MARCH, "withdrawn"),
        ({"withdrawn_day": 59}, MARCH, "withdrawn"),
        ({"withdrawn_day": 60}, MARCH, "active"),
        ({"result": "in progress"}, MARCH, "active"),
    ],
)
def test_the_status(frame: Make, enrolment: dict[str, Any], as_of: datetime, status: str) -> None:
    assert one(frame, as_of, enrolments=[enrolment])["status"] == status


def test_dates_of_an_enrolment_may_be_of_another_source(frame: Make) -> None:
    row = one(
        frame,
        enrolments=[{"result": "Pass"}],
        registrations=[{"registered_day": -20, "withdrawn_on": date(2026, 2, 1)}],
    )
    assert (row["registered_on"], row["withdrawn_on"]) == (date(2025, 12, 12), date(2026, 2, 1))
    assert row["status"] == "completed"


def test_a_start_that_is_given_goes_before_the_codes(frame: Make) -> None:
    row = one(frame, courses=[{"starts_on": date(2026, 1, 12), "ends_day": 10, "ends_on": None}])
    assert (row["starts_on"], row["ends_on"]) == (date(2026, 1, 12), date(2026, 1, 22))
    assert row["registered_on"] == date(2026, 1, 7)


def test_what_is_missing_counts_as_nothing_and_what_is_not_due_does_not_count(frame: Make) -> None:
    row = one(frame, assessments=HELD, submissions=[*OTHERS, handed_in("a1", 25, "80")])
    assert (row["assessments_due"], row["assessments_submitted"], row["assessments_missed"]) == (2, 1, 1)
    assert row["weighted_score"] == Decimal("20.0000")  # 10 × 80 of 10 + 30
    assert row["average_score"] == Decimal("80.0000")


def test_who_has_submitted_nothing_that_was_due_has_0_and_before_that_nothing(frame: Make) -> None:
    rows = {"assessments": HELD, "submissions": OTHERS}
    found = one(frame, **rows)
    assert (found["weighted_score"], found["average_score"]) == (Decimal(0), None)
    assert one(frame, datetime(2026, 1, 21, tzinfo=UTC), **rows)["weighted_score"] is None


def test_what_is_not_marked_yet_does_not_count_and_what_is_early_does(frame: Make) -> None:
    row = one(
        frame,
        assessments=HELD,
        submissions=[handed_in("a1", 1, "70"), handed_in("a2", 40), handed_in("a3", 50, "50")],
    )
    assert (row["assessments_due"], row["assessments_missed"], row["scores"]) == (2, 0, 2)
    assert row["weighted_score"] == Decimal("52.8571")  # (700 + 3000) / 70
    assert row["assessments_passed"] == 2


def test_what_nobody_has_submitted_is_not_held(frame: Make) -> None:
    row = one(frame, assessments=HELD, submissions=[handed_in("a1", 1, "39.9999")])
    assert (row["assessments_due"], row["assessments_missed"], row["assessments_passed"]) == (1, 0, 0)


def test_what_is_due_after_a_withdrawal_is_not_missed(frame: Make) -> None:
    row = one(frame, enrolments=[{"withdrawn_day": 30}], assessments=HELD, submissions=OTHERS)
    assert (row["assessments_due"], row["assessments_missed"]) == (1, 1)


def test_without_a_day_it_is_due_on_the_last(frame: Make) -> None:
    exam = [{"assessment_id": "x", "weight": Decimal(100)}]
    sat = [handed_in("x", 119, student_id="other")]
    last, ended = datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    assert not one(frame, last, assessments=exam, submissions=sat)["assessments_due"]
    assert one(frame, ended, assessments=exam, submissions=sat)["assessments_due"] == 1


def test_the_best_of_several_attempts_counts(frame: Make) -> None:
    row = one(frame, assessments=HELD, submissions=[handed_in("a1", 1, "30"), handed_in("a1", 9, "60")])
    assert (row["submissions"], row["assessments_submitted"], row["score_sum"]) == (2, 1, Decimal(60))


def test_an_average_is_rounded_half_up_and_never_a_double(frame: Make) -> None:
    row = one(
        frame,
        assessments=HELD,
        submissions=[handed_in("a1", 1, "50"), handed_in("a2", 1, "50.0001"), handed_in("a3", 1, "50")],
    )
    assert row["average_score"] == Decimal("50.0000")
    row = one(frame, assessments=HELD, submissions=[handed_in("a1", 1, "50"), handed_in("a2", 1, "50.0001")])
    assert row["average_score"] == Decimal("50.0001")  # 50.00005


@pytest.mark.parametrize(
    ("rows", "days", "rule"),
    [
        ({"activity": [visit(58), visit(58)]}, 1, None),
        ({"activity": [visit(46)]}, 13, None),
        ({"activity": [visit(45)]}, 14, "inactive_14_days"),
        ({"activity": [visit(-30)]}, 59, "inactive_14_days"),
        ({"enrolments": [{"registered_day": 50}]}, 9, None),
        ({"activity": [visit(58)], "assessments": HELD, "submissions": OTHERS}, 1, "missed_assessments"),
        (
            {
                "activity": [visit(58)],
                "assessments": HELD,
                "submissions": [*OTHERS, handed_in("a1", 5, "39")],
            },
            1,
            "low_average",
        ),
        (
            {
                "activity": [visit(58)],
                "assessments": HELD,
                "submissions": [*OTHERS, handed_in("a1", 5, "40")],
            },
            1,
            None,
        ),
        ({"enrolments": [{"result": "Pass"}], "activity": [visit(5)]}, 54, None),
        ({"enrolments": [{"withdrawn_day": 15}], "activity": [visit(5)]}, 10, None),
    ],
)
def test_who_is_at_risk_and_by_which_rule(frame: Make, rows: Any, days: int, rule: str | None) -> None:
    row = one(frame, **rows)
    assert (row["days_inactive"], row["at_risk"], row["at_risk_rule"]) == (days, rule is not None, rule)


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ({"enrolments": [{"withdrawn_day": 15}], "activity": [visit(5)]}, 15),
        ({"enrolments": [{"result": "Withdrawn"}], "activity": [visit(5)]}, 5),
        ({"enrolments": [{"result": "Fail"}], "activity": [visit(5)]}, 5),
        ({"enrolments": [{"result": "Fail"}], "activity": [visit(58)]}, None),
        ({"enrolments": [{"result": "Pass"}], "activity": [visit(5)]}, None),
        ({"activity": [visit(5)]}, 5),
        ({"activity": [visit(50)]}, None),
    ],
)
def test_who_left_and_when(frame: Make, rows: Any, day: int | None) -> None:
    assert one(frame, **rows)["left_on"] == (None if day is None else START + timedelta(days=day))


def test_repeated_visits_are_summed_and_their_days_counted_once(frame: Make) -> None:
    row = one(
        frame,
        activity=[visit(-1, clicks=4), visit(-1, clicks=1), visit(-1, clicks=1), visit(3, clicks=2)],
        assessments=HELD,
        submissions=[handed_in("a1", 3), handed_in("a2", 7), handed_in("a3", 9, "80", banked=True)],
    )
    assert (row["clicks"], row["active_days"]) == (8, 3)
    assert (row["first_activity"], row["last_activity"]) == (date(2025, 12, 31), date(2026, 1, 8))


def test_nothing_is_lost_that_belongs_nowhere(frame: Make) -> None:
    rows = silver(
        frame,
        enrolments=[{"result": "Pass"}],
        activity=[visit(1, student_id="guest", clicks=7)],
        submissions=[handed_in("unheard of", 4, "88", student_id="guest")],
    )
    found = {(row["course"], row["student_id"]): row for row in collected(students(rows, MARCH))}
    assert set(found) == {("C", "s"), ("C", "guest"), ("-", "guest")}
    assert found["C", "guest"]["status"] == found["-", "guest"]["status"] == "not_enrolled"
    assert (found["C", "guest"]["clicks"], found["-", "guest"]["score_sum"]) == (7, Decimal(88))


def test_courses_completed_are_the_students_in_all(frame: Make) -> None:
    rows = silver(
        frame,
        enrolments=[
            {"result": "Pass"},
            {"course": "D", "result": "Distinction"},
            {"course": "E", "result": "Fail"},
        ],
    )
    assert [row["courses_completed"] for row in collected(students(rows, MARCH))] == [2, 2, 2]


def test_where_no_start_is_known_days_are_no_dates(frame: Make) -> None:
    rows = silver(frame, activity=[visit(3, presentation="-"), visit(0, presentation="-", visited_on=START)])
    assert {row["day"] for row in collected(active_days(rows))} == {None, START}
    row = one(frame, enrolments=[], courses=[], activity=[visit(3, presentation="-")])
    assert (row["days_inactive"], row["last_activity"], row["active_days"]) == (None, None, 0)


def test_marks_and_totals(frame: Make) -> None:
    rows = silver(
        frame,
        enrolments=[{}, {}],
        registrations=[{}],
        activity=[visit(1, clicks=2), visit(1, clicks=2)],
        submissions=[handed_in("a1", 1, "30"), handed_in("a1", 2), handed_in("a2", 2)],
        assessments=HELD,
    )
    assert sorted((row["assessment_id"], row["attempts"]) for row in collected(marks(rows))) == [
        ("a1", 2),
        ("a2", 1),
    ]
    assert collected(silver_totals(rows)) == [
        {"enrolments": 1, "clicks": 4, "submissions": 3, "scores": 1, "score_sum": Decimal("30.0000")}
    ]
