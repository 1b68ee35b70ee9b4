"""Gold of students: its columns and types, and totals that are silver's."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from common.transforms import student_progress
from unit.common.transforms.conftest import collected
from unit.common.transforms.learning_kit import Make, Silver, silver

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def school(frame: Make) -> Silver:
    visits: list[Any] = [
        {"visited_day": 3, "clicks": 5, "minutes": Decimal("2.5")},
        {"student_id": "t", "visited_day": 4},
    ]
    return silver(
        frame,
        courses=[{"title": "Cells"}],
        enrolments=[{"registered_day": 0}, {"student_id": "u", "result": "Pass"}],
        assessments=[{"assessment_id": "a1", "weight": Decimal(10), "due_day": 20}],
        submissions=[
            {"assessment_id": "a1", "submitted_day": 50, "score": Decimal("77.5")},
            {"assessment_id": "lost"},
        ],
        activity=visits,
    )


def test_gold_has_its_columns_and_types(frame: Make) -> None:
    table = student_progress.aggregate(school(frame), MARCH).to_native().to_arrow_table()
    assert table.schema.names == student_progress.GOLD.names
    assert table.schema.types == student_progress.GOLD.types
    assert student_progress.WHOLE


def test_a_row_whole(frame: Make) -> None:
    rows = collected(student_progress.aggregate(school(frame), MARCH))
    (row,) = [row for row in rows if (row["student_id"], row["course"]) == ("s", "C")]
    assert row == {
        "student_id": "s",
        "course": "C",
        "presentation": "2026A",
        "title": "Cells",
        "status": "active",
        "result": None,
        "registered_on": date(2026, 1, 1),
        "withdrawn_on": None,
        "courses_completed": 0,
        "assessments_due": 1,
        "assessments_missed": 0,
        "assessments_submitted": 1,
        "assessments_passed": 1,
        "submissions": 1,
        "scores": 1,
        "clicks": 5,
        "active_days": 2,
        "score_sum": Decimal("77.5000"),
        "average_score": Decimal("77.5000"),
        "weighted_score": Decimal("77.5000"),
        "minutes": Decimal("2.50"),
        "first_activity": date(2026, 1, 4),
        "last_activity": date(2026, 2, 20),
        "days_inactive": 9,
        "at_risk": False,
        "at_risk_rule": None,
    }


def test_counts_of_nothing_are_0_and_averages_are_null(frame: Make) -> None:
    rows = collected(student_progress.aggregate(school(frame), MARCH))
    (row,) = [row for row in rows if row["student_id"] == "u"]
    assert (row["clicks"], row["submissions"], row["score_sum"], row["active_days"]) == (0, 0, 0, 0)
    assert (row["average_score"], row["minutes"], row["last_activity"]) == (None, None, None)


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    rows = school(frame)
    gold = student_progress.aggregate(rows, MARCH)
    assert collected(student_progress.silver_totals(rows)) == collected(student_progress.gold_totals(gold))
    assert collected(student_progress.gold_totals(gold)) == [
        {"enrolments": 2, "clicks": 6, "submissions": 2, "scores": 1, "score_sum": Decimal("77.5000")}
    ]


def test_of_no_records_nothing_is_made(frame: Make) -> None:
    assert collected(student_progress.aggregate(silver(frame), MARCH)) == []
