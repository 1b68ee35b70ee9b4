"""What becomes of each presentation of a course: pure functions over lazy frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.transforms.learning_records import SCORE, SOURCES
from common.transforms.learning_students import COURSE, active_days, dated, marks, silver_totals, students
from common.transforms.operations import Frame
from common.utils.arrow import schema_of

__all__ = ["GOLD", "SOURCES", "WHOLE", "aggregate", "gold_totals", "silver_totals"]

WHOLE = True

POPULAR = 5
"""How many contents a row names."""

RATE = (5, 4)
STATUSES = ("active", "completed", "failed", "withdrawn", "ended")
QUARTILES = {"score_p25": 25, "score_p50": 50, "score_p75": 75}

COUNTED = {
    "enrolled": "count(*) FILTER (status <> 'not_enrolled')",
    **{status: f"count(*) FILTER (status = '{status}')" for status in STATUSES},
    "withdrawn_before_start": "count(*) FILTER (status = 'withdrawn' AND withdrawn_on < starts_on)",
    "at_risk": "count(*) FILTER (at_risk)",
    "active_students": "count(*) FILTER (active_days > 0)",
    "submissions": "sum(submissions)",
    "scores": "sum(scores)",
    "clicks": "sum(clicks)",
}

GOLD = schema_of(
    course=pa.string(),
    presentation=pa.string(),
    title=pa.string(),
    starts_on=pa.date32(),
    ends_on=pa.date32(),
    **dict.fromkeys(COUNTED, pa.int64()),
    minutes=pa.decimal128(18, 2),
    completion_rate=pa.decimal128(*RATE),
    score_sum=pa.decimal128(18, 4),
    average_score=pa.decimal128(*SCORE),
    **dict.fromkeys(QUARTILES, pa.decimal128(*SCORE)),
    popular_content=pa.string(),
    drop_off_week=pa.int64(),
    drop_off_students=pa.int64(),
    weeks=pa.string(),
)


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row per presentation of a course, also where nobody is enrolled.

    Args:
        silver: Of all sources, typed.
        as_of: The end of the run's window.

    Returns:
        ``GOLD``. ``completion_rate`` is of all who enrolled. Averages and quartiles are of the best score of
        each student and assessment; a quartile is the smallest score that so many per cent do not exceed
        (nearest rank). Week 1 begins with the start, week 0 is all before it; ``drop_off_week`` is the week
        from 1 on in which most students left, the first of equals. See
        :func:`common.transforms.learning_students.students` for who is at risk and who left when.
    """
    each = students(silver, as_of)
    keys = engine.distinct(nw.concat([one.select(*COURSE) for one in (silver["courses"], each)]), COURSE)
    sums = engine.grouped(each, COURSE, **COUNTED, score_sum="sum(score_sum)", minutes="sum(minutes)")
    frame = dated(keys, silver)
    for part in (sums, _quartiles(silver), _popular(silver), _weeks(silver, each)):
        frame = frame.join(part, on=[*COURSE], how="left")
    frame = engine.with_sql(
        frame,
        completion_rate=engine.quotient("completed", "enrolled", *RATE),
        average_score=engine.quotient("score_sum", "scores", *SCORE),
    )
    return frame.with_columns(
        **{name: nw.col(name).cast(nw.Int64()).fill_null(0) for name in COUNTED},
        score_sum=nw.col("score_sum").fill_null(0).cast(nw.Decimal(18, 4)),
        minutes=nw.col("minutes").cast(nw.Decimal(18, 2)),
        popular_content=nw.col("popular_content").fill_null("[]"),
        weeks=nw.col("weeks").fill_null("[]"),
    ).select(*GOLD.names)


def gold_totals(gold: Frame) -> Frame:
    """What :func:`silver_totals` gives, of gold."""
    wide = gold.with_columns(nw.col("score_sum").cast(nw.Decimal(38, 4)))
    return wide.select(
        enrolments=nw.col("enrolled").sum(),
        **{name: nw.col(name).sum() for name in ("clicks", "submissions", "scores", "score_sum")},
    )


def _quartiles(silver: Mapping[str, Frame]) -> Frame:
    scored = marks(silver).filter(~nw.col("score").is_null())
    ranks = {
        name: f"list_sort(list(score))[(count(*) * {share} + 99) // 100]" for name, share in QUARTILES.items()
    }
    return engine.grouped(scored, COURSE, **ranks)


def _popular(silver: Mapping[str, Frame]) -> Frame:
    """The contents with most clicks, as JSON; of equals the alphabet's first."""
    used = silver["activity"].filter(~nw.col("content_id").is_null())
    of_content = (*COURSE, "content_id")
    clicks = engine.grouped(used, of_content, clicks="sum(clicks)::BIGINT")
    named = engine.grouped(silver["contents"], of_content, title="max(title)", kind="max(kind)")
    each = "{'content': content_id, 'title': title, 'kind': kind, 'clicks': clicks}"
    first = f"list({each} ORDER BY clicks DESC, content_id)[1:{POPULAR}]"
    joined = clicks.join(named, on=[*of_content], how="left")
    return engine.grouped(joined, COURSE, popular_content=f"to_json({first})::VARCHAR")


def _weeks(silver: Mapping[str, Frame], each: Frame) -> Frame:
    """Of each week with anything how many were active and how many left, as JSON; and the drop-off."""
    days = dated(active_days(silver), silver).with_columns(_left=nw.lit(0))
    left = each.select(*COURSE, "student_id", "starts_on", day=nw.col("left_on"), _left=nw.lit(1))
    both = nw.concat([days.select(left.columns), left], how="vertical").filter(
        ~nw.col("day").is_null(), ~nw.col("starts_on").is_null()
    )
    placed = engine.with_sql(
        both, week="CASE WHEN day < starts_on THEN 0 ELSE (day - starts_on) // 7 + 1 END"
    )
    counted = engine.grouped(
        placed,
        (*COURSE, "week"),
        active="count(DISTINCT student_id) FILTER (_left = 0)",
        lost="count(*) FILTER (_left = 1)",
    )
    weeks = "list({'week': week, 'active': active, 'left': lost} ORDER BY week)"
    dropping = "FILTER (week > 0 AND lost > 0)"
    return engine.grouped(
        counted,
        COURSE,
        drop_off_week=f"first(week ORDER BY lost DESC, week) {dropping}",
        drop_off_students=f"max(lost) {dropping}",
        weeks=f"to_json({weeks})::VARCHAR",
    )
