"""What the platforms write becomes types, or is rejected with its reason."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.transforms import engine, operations
from common.transforms.learning_records import KINDS, SOURCES, started
from unit.common.transforms.conftest import collected
from unit.common.transforms.learning_kit import Make, received

ACTIVITY = {
    "course": "AAA",
    "presentation": "2013J",
    "student_id": "11391",
    "content_id": "546614",
    "visited": "-10",
    "clicks": "4",
}


def cleaned(frame: Make, source: str, **texts: str | None) -> dict[str, Any]:
    (row,) = collected(SOURCES[source].clean(received(frame, source, texts)))
    return row


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_its_fields_in_their_types(frame: Make, source: str) -> None:
    row = SOURCES[source].clean(received(frame, source, {"course": "AAA"}))
    table = row.select(*SOURCES[source].fields.names, *operations.VERDICT, "_event_at").to_native()
    found = table.to_arrow_table().schema
    assert [(one.name, one.type) for one in SOURCES[source].fields] == [
        (one.name, one.type) for one in found if not one.name.startswith("_")
    ]
    assert pa.types.is_timestamp(found.field("_event_at").type)
    assert SOURCES[source].snapshot


def test_days_may_be_counted_from_the_start(frame: Make) -> None:
    row = cleaned(frame, "activity", **ACTIVITY)
    assert (row["visited_on"], row["visited_day"], row["clicks"], row["minutes"]) == (None, -10, 4, None)
    assert row["_event_at"].astimezone(UTC) == datetime(2013, 9, 21, tzinfo=UTC)
    assert (row["date"], row["_rule"]) == (date(1970, 1, 1), None)


def test_days_may_be_dates(frame: Make) -> None:
    row = cleaned(frame, "activity", **{**ACTIVITY, "visited": "2013-10-02T23:30:00-02:00", "minutes": "2.5"})
    assert (row["visited_on"], row["visited_day"]) == (date(2013, 10, 3), None)
    assert row["minutes"] == Decimal("2.50")
    assert row["_event_at"].astimezone(UTC) == datetime(2013, 10, 3, 1, 30, tzinfo=UTC)


def test_what_is_unknown_is_null_and_a_blank_score_is_not_zero(frame: Make) -> None:
    for blank in (None, " ", "?"):
        row = cleaned(
            frame,
            "submissions",
            assessment_id="1752",
            student_id="7",
            submitted="18",
            score=blank,
            banked="0",
        )
        assert (row["score"], row["banked"], row["submitted_day"], row["_rule"]) == (None, False, 18, None)
    assert (
        cleaned(frame, "assessments", course="A", assessment_id="1", due="?", weight="7.5")["due_day"] is None
    )


def test_a_course_without_presentations_has_one(frame: Make) -> None:
    assert cleaned(frame, "courses", course="A", ends="268")["presentation"] == "-"
    assert cleaned(frame, "courses", course="A", ends="268")["ends_day"] == 268


@pytest.mark.parametrize(
    ("source", "field", "text", "rule", "reason"),
    [
        ("activity", "student_id", None, "student_id_missing", "student_id is missing"),
        ("activity", "clicks", None, "clicks_missing", "clicks is missing"),
        ("activity", "clicks", "many", "clicks_not_exact", 'clicks "many" is no number without decimals'),
        ("activity", "clicks", "-1", "clicks_out_of_range", 'clicks "-1" is not at least 0'),
        (
            "activity",
            "visited",
            "20130201",
            "visited_impossible",
            'visited "20130201" is no date; write it as 2026-01-31, or as days from the start of the course',
        ),
        (
            "submissions",
            "score",
            "101",
            "score_out_of_range",
            'score "101" is not at least 0 and at most 100',
        ),
        (
            "submissions",
            "score",
            "abs.",
            "score_not_exact",
            'score "abs." is no number with at most 4 decimals',
        ),
        ("submissions", "banked", "maybe", "banked_not_boolean", 'banked "maybe" is not yes or no'),
        ("courses", "course", " ", "course_missing", "course is missing"),
        ("courses", "starts", "12", "starts_impossible", 'starts "12" is no date; write it as 2026-01-31'),
    ],
)
def test_what_a_record_is_rejected_for(  # noqa: PLR0917 (a case, given by pytest)
    frame: Make, source: str, field: str, text: str | None, rule: str, reason: str
) -> None:
    good = {
        "activity": ACTIVITY,
        "courses": {"course": "A"},
        "submissions": {"assessment_id": "1", "student_id": "2"},
    }
    row = cleaned(frame, source, **{**good[source], field: text})
    assert [row[name] for name in operations.VERDICT] == [rule, field, reason]


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("2013J", date(2013, 10, 1)),
        ("2014B", date(2014, 2, 1)),
        ("2014L", date(2014, 12, 1)),
        ("2014M", None),
        ("2013j", None),
        ("13J", None),
        ("2013J2", None),
        ("-", None),
    ],
)
def test_the_start_that_a_code_stands_for(frame: Make, code: str, day: date | None) -> None:
    ((found,),) = engine.with_sql(frame([{"p": code}]), day=started("p")).select("day").to_native().fetchall()
    assert found == day


def test_a_source_may_lack_what_is_optional(frame: Make) -> None:
    assert SOURCES["activity"].needed({}) == ["course", "student_id", "visited", "clicks"]
    assert "minutes" in SOURCES["activity"].needed({"minutes": "seconds"})
    assert SOURCES["submissions"].needed({}) == ["assessment_id", "student_id", "submitted", "score"]


def test_no_trait_of_a_person_is_read() -> None:
    traits = {"name", "email", "gender", "region", "age", "disability", "education", "imd_band"}
    assert not traits & {column for kind in KINDS.values() for column in kind.records().columns}
