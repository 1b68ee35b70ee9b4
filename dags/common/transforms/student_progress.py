"""How each student does in each course: pure functions over lazy frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms.learning_records import SCORE, SOURCES
from common.transforms.learning_students import silver_totals, students
from common.transforms.operations import Frame
from common.utils.arrow import schema_of

__all__ = ["GOLD", "SOURCES", "WHOLE", "aggregate", "gold_totals", "silver_totals"]

WHOLE = True

COUNTS = (
    "courses_completed",
    "assessments_due",
    "assessments_missed",
    "assessments_submitted",
    "assessments_passed",
    "submissions",
    "scores",
    "clicks",
    "active_days",
)

GOLD = schema_of(
    student_id=pa.string(),
    course=pa.string(),
    presentation=pa.string(),
    title=pa.string(),
    status=pa.string(),
    result=pa.string(),
    registered_on=pa.date32(),
    withdrawn_on=pa.date32(),
    **dict.fromkeys(COUNTS, pa.int64()),
    score_sum=pa.decimal128(18, 4),
    average_score=pa.decimal128(*SCORE),
    weighted_score=pa.decimal128(*SCORE),
    minutes=pa.decimal128(18, 2),
    first_activity=pa.date32(),
    last_activity=pa.date32(),
    days_inactive=pa.int64(),
    at_risk=pa.bool_(),
    at_risk_rule=pa.string(),
)


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row per student and presentation of a course.

    Args:
        silver: Of all sources, typed.
        as_of: The end of the run's window.

    Returns:
        ``GOLD``; see :func:`common.transforms.learning_students.students` for what the columns mean.
    """
    rows = students(silver, as_of)
    whole = {name: nw.col(name).cast(nw.Int64()).fill_null(0) for name in COUNTS}
    sums = {
        "score_sum": nw.col("score_sum").fill_null(0).cast(nw.Decimal(18, 4)),
        "minutes": nw.col("minutes").cast(nw.Decimal(18, 2)),
    }
    return rows.with_columns(**whole, **sums).select(*GOLD.names)


def gold_totals(gold: Frame) -> Frame:
    """What :func:`silver_totals` gives, of gold."""
    wide = gold.with_columns(nw.col("score_sum").cast(nw.Decimal(38, 4)))
    return wide.select(
        (nw.col("status") != "not_enrolled").cast(nw.Int64()).sum().alias("enrolments"),
        nw.col("clicks", "submissions", "scores", "score_sum").sum(),
    )
