"""How each student does in each presentation of a course: what the two subjects of learning are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import narwhals.stable.v2 as nw

from common.transforms import engine
from common.transforms.learning_records import NONE, SCORE, started
from common.transforms.operations import Frame

COURSE = ("course", "presentation")
KEY = (*COURSE, "student_id")

PASS_MARK = 40
"""The least score that passes, and the least average that is no risk."""
INACTIVE_DAYS = 14
"""Days without activity that are a risk."""
MISSED = 2
"""Assessments due and not submitted that are a risk."""

COMPLETED = ("pass", "passed", "distinction", "complete", "completed")
FAILED = ("fail", "failed")
WITHDRAWN = ("withdrawn", "withdrew", "dropped", "dropped out", "unenrolled")
"""Words of a result, in any case; any other word is no result yet."""


def students(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row per presentation and student that an enrolment, a submission or an activity names.

    Args:
        silver: Of all sources, typed.
        as_of: The end of the run's window.

    Returns:
        ``KEY``, all that ``student_progress`` has, ``starts_on`` and ``ends_on`` of the presentation, and
        ``left_on``: the day on which one was lost who withdrew, or who did not complete and had no activity
        for ``INACTIVE_DAYS`` or more before the presentation's end or the run. That day is the withdrawal's,
        else the last activity's.
    """
    enrolled = enrolments(silver)
    days, results = active_days(silver), _results(silver, enrolled, as_of.date())
    keys = engine.distinct(nw.concat([one.select(*KEY) for one in (enrolled, days, results)]), KEY)
    frame = dated(keys, silver)
    for part in (enrolled, _use(silver), _activity(days), results):
        frame = frame.join(part, on=[*KEY], how="left")
    return _judged(frame, as_of.date())


def dated(frame: Frame, silver: Mapping[str, Frame], *moments: str) -> Frame:
    """The frame with title, start and end of its presentations, and the day of each of some moments.

    What is counted in days from a start that nobody knows has no day.
    """
    courses = engine.grouped(
        silver["courses"],
        COURSE,
        title="max(title)",
        _starts_on="min(starts_on)",
        _ends_on="max(ends_on)",
        _ends_day="max(ends_day)",
    )
    joined = frame.join(courses, on=[*COURSE], how="left")
    started_on = engine.with_sql(joined, starts_on=f"coalesce(_starts_on, {started('presentation')})")
    days = {name: _day(name) for name in moments}
    placed = engine.with_sql(started_on, ends_on=_day("_ends"), **days)
    gone = [f"{name}_{part}" for name in moments for part in ("on", "day")]
    return placed.drop("_starts_on", "_ends_on", "_ends_day", *gone)


def _day(name: str) -> str:
    return f"coalesce({name}_on, starts_on + {name}_day::INTEGER)"


def enrolments(silver: Mapping[str, Frame]) -> Frame:
    """One row per enrolment: ``result``, ``registered_on``, ``withdrawn_on``, ``enrolled`` (true)."""
    days = [f"{name}_{part}" for name in ("registered", "withdrawn") for part in ("on", "day")]
    kept = [*KEY, "result", *days]
    without = silver["registrations"].with_columns(result=nw.lit(None).cast(nw.String()))
    both = nw.concat([silver["enrolments"].select(kept), without.select(kept)], how="vertical")
    return engine.grouped(
        dated(both, silver, "registered", "withdrawn"),
        KEY,
        result="max(result)",
        registered_on="min(registered)",
        withdrawn_on="max(withdrawn)",
        enrolled="true",
    )


def marks(silver: Mapping[str, Frame]) -> Frame:
    """One row per student and assessment that has been submitted: ``attempts`` and the best ``score``.

    What was submitted for an assessment that the source of assessments lacks is of the course ``NONE``.
    """
    best = engine.grouped(
        silver["submissions"], ("student_id", "assessment_id"), attempts="count(*)", score="max(score)"
    )
    joined = best.join(_assessments(silver), on="assessment_id", how="left")
    return joined.with_columns(nw.col("course", "presentation").fill_null(NONE))


def active_days(silver: Mapping[str, Frame]) -> Frame:
    """One row per student, presentation and ``day`` with activity or a submission; null where unknown.

    A score that was carried over from an earlier presentation (``banked``) is no activity.
    """
    visited = engine.distinct(silver["activity"], (*KEY, "visited_on", "visited_day"))
    visits = dated(visited, silver, "visited").select(*KEY, day=nw.col("visited"))
    own = silver["submissions"].filter(~nw.col("banked"))
    of_course = _assessments(silver).select("assessment_id", *COURSE)
    placed = own.join(of_course, on="assessment_id", how="left")
    placed = placed.with_columns(nw.col("course", "presentation").fill_null(NONE))
    handed_in = dated(placed, silver, "submitted").select(*KEY, day=nw.col("submitted"))
    return engine.distinct(nw.concat([visits, handed_in], how="vertical"), (*KEY, "day"))


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """Enrolments, clicks, submissions, scores and their sum in silver, in one row."""
    enrolled = enrolments(silver).select(enrolments=nw.len())
    clicks = silver["activity"].select(nw.col("clicks").sum())
    summed = marks(silver).with_columns(nw.col("score").cast(nw.Decimal(38, 4)))
    results = summed.select(
        submissions=nw.col("attempts").sum(), scores=nw.col("score").count(), score_sum=nw.col("score").sum()
    )
    return enrolled.join(clicks, how="cross").join(results, how="cross")


def _assessments(silver: Mapping[str, Frame]) -> Frame:
    """One row per assessment: its presentation, ``weight`` and ``due``, else the last day."""
    placed = dated(silver["assessments"], silver, "due")
    return engine.grouped(
        placed,
        ("assessment_id",),
        course="min(course)",
        presentation="min(presentation)",
        weight="coalesce(max(weight), 0)",
        due="coalesce(max(due), max(ends_on) - 1)",
    )


def _results(silver: Mapping[str, Frame], enrolled: Frame, today: date) -> Frame:
    """One row per student and presentation of what was due, submitted and scored."""
    own = marks(silver)
    held = _assessments(silver).join(own.select("assessment_id"), on="assessment_id", how="semi")
    expected = (
        enrolled.join(held, on=[*COURSE])
        .filter(nw.col("due") < today, (nw.col("due") < nw.col("withdrawn_on")).fill_null(True))
        .with_columns(attempts=nw.lit(0).cast(nw.Int64()), score=nw.lit(None).cast(nw.Decimal(*SCORE)))
        .with_columns(is_due=nw.lit(True))
    )
    columns = [*KEY, "assessment_id", "weight", "attempts", "score", "is_due"]
    submitted = own.with_columns(is_due=nw.lit(False))
    both = nw.concat([one.select(columns) for one in (expected, submitted)], how="vertical")
    each = engine.grouped(
        both,
        (*KEY, "assessment_id"),
        weight="coalesce(max(weight), 0)",
        attempts="sum(attempts)",
        score="max(score)",
        is_due="bool_or(is_due)",
    )
    return engine.grouped(
        each,
        KEY,
        assessments_due="count(*) FILTER (is_due)",
        assessments_missed="count(*) FILTER (is_due AND attempts = 0)",
        assessments_submitted="count(*) FILTER (attempts > 0)",
        assessments_passed=f"count(*) FILTER (score >= {PASS_MARK})",
        submissions="sum(attempts)",
        scores="count(score)",
        score_sum="sum(score)",
        _weighted="coalesce(sum(weight * score), 0)",
        _weight="sum(weight) FILTER (score IS NOT NULL OR attempts = 0)",
    )


def _use(silver: Mapping[str, Frame]) -> Frame:
    return engine.grouped(silver["activity"], KEY, clicks="sum(clicks)", minutes="sum(minutes)")


def _activity(days: Frame) -> Frame:
    return engine.grouped(
        days, KEY, active_days="count(day)", first_activity="min(day)", last_activity="max(day)"
    )


def _judged(frame: Frame, today: date) -> Frame:
    """With status, averages, days without activity, risk and the day of leaving."""
    day = f"DATE '{today.isoformat()}'"
    until = f"least({day}, ends_on, withdrawn_on)"
    since = "greatest(last_activity, starts_on, registered_on)"
    judged = engine.with_sql(
        frame,
        status=_status(day),
        average_score=engine.quotient("score_sum", "scores", *SCORE),
        weighted_score=engine.quotient("_weighted", "_weight", *SCORE),
        days_inactive=f"CASE WHEN {since} IS NOT NULL THEN greatest({until} - {since}, 0) END",
    )
    judged = engine.with_sql(judged, at_risk_rule=_rule(), left_on=_left())
    return engine.with_sql(
        judged,
        at_risk="at_risk_rule IS NOT NULL",
        courses_completed="count(*) FILTER (status = 'completed') OVER (PARTITION BY student_id)",
    )


def _status(day: str) -> str:
    cases = {"completed": COMPLETED, "failed": FAILED, "withdrawn": WITHDRAWN}
    told = " ".join(f"WHEN lower(result) IN {words} THEN '{status}'" for status, words in cases.items())
    return (
        f"CASE WHEN enrolled IS NULL THEN 'not_enrolled' {told} WHEN withdrawn_on <= {day} THEN 'withdrawn' "
        f"WHEN ends_on <= {day} THEN 'ended' ELSE 'active' END"
    )


def _rule() -> str:
    """The first rule that makes a student of a running presentation one at risk."""
    rules = {
        f"inactive_{INACTIVE_DAYS}_days": f"days_inactive >= {INACTIVE_DAYS}",
        "missed_assessments": f"assessments_missed >= {MISSED}",
        "low_average": f"average_score < {PASS_MARK}",
    }
    cases = " ".join(f"WHEN {broken} THEN '{rule}'" for rule, broken in rules.items())
    return f"CASE WHEN status <> 'active' THEN NULL {cases} END"


def _left() -> str:
    quiet = f"status IN ('failed', 'ended', 'active') AND days_inactive >= {INACTIVE_DAYS}"
    withdrew = "WHEN status = 'withdrawn' THEN coalesce(withdrawn_on, last_activity)"
    return f"CASE {withdrew} WHEN {quiet} THEN last_activity END"
