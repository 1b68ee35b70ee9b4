"""Run records of any system in one form, on a few lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.transforms import operations, runs
from common.transforms.runs import COLUMNS
from common.utils import secrets

Make = Callable[..., Any]
GOOD = {
    "pipeline": "orders",
    "run_id": "1",
    "state": "success",
    "started_at": "2026-01-01T23:59:00Z",
    "ended_at": "2026-01-02T00:00:30Z",
}


def cleaned(frame: Make, **fields: str | None) -> dict[str, Any]:
    """The one record of some fields, beside those of ``GOOD``."""
    row = {**dict.fromkeys(COLUMNS), **GOOD, **fields, "_item": "a", "_digest": "h", "_position": 1}
    schema = pa.schema(
        [(name, pa.string()) for name in (*COLUMNS, "_item", "_digest")] + [("_position", pa.int64())]
    )
    received = operations.received(frame([row], schema), dict(zip(COLUMNS, COLUMNS, strict=True)), (), "")
    (found,) = runs.clean(received, "cron").to_native().to_arrow_table().to_pylist()
    return found


def test_a_record_is_typed(frame: Make) -> None:
    found = cleaned(frame, rows="12", expected_every="1h", owner="ann")
    assert {name: found[name] for name in runs.FIELDS.names} == {
        "date": date(2026, 1, 2),
        "system": "cron",
        "pipeline": "orders",
        "task": None,
        "run_id": "1",
        "owner": "ann",
        "state": "success",
        "at": datetime(2026, 1, 2, 0, 0, 30, tzinfo=UTC),
        "started_at": datetime(2026, 1, 1, 23, 59, tzinfo=UTC),
        "ended_at": datetime(2026, 1, 2, 0, 0, 30, tzinfo=UTC),
        "seconds": Decimal("90.000000"),
        "rows": 12,
        "expected_every": 3600,
        "error": None,
    }
    assert found["_rule"] is None
    assert found["_event_at"] == found["at"]


def test_fields_have_their_types(frame: Make) -> None:
    row = {**dict.fromkeys(COLUMNS), **GOOD, "_item": "a", "_digest": "h", "_position": 1}
    schema = pa.schema(
        [(name, pa.string()) for name in (*COLUMNS, "_item", "_digest")] + [("_position", pa.int64())]
    )
    received = operations.received(frame([row], schema), dict(zip(COLUMNS, COLUMNS, strict=True)), (), "")
    typed = runs.clean(received, "x").select(*runs.FIELDS.names).to_native().to_arrow_table()
    assert typed.schema.types == runs.FIELDS.types


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("SUCCESS", "success"),
        ("Complete", "success"),
        ("pass", "success"),
        ("FAIL", "failed"),
        ("error", "failed"),
        ("ABORT", "failed"),
        ("upstream_failed", "failed"),
        ("Timed out", "failed"),
        ("START", "running"),
        ("in progress", "running"),
        ("skipped", "skipped"),
        ("no_state", "other"),
        (None, "other"),
    ],
)
def test_states_have_one_word_each(frame: Make, word: str | None, state: str) -> None:
    assert cleaned(frame, state=word)["state"] == state


def test_each_word_stands_for_one_state() -> None:
    words = [word for listed in runs.STATES.values() for word in listed.split()]
    assert len(words) == len(set(words))
    assert all(word == word.lower() for word in words)


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        ("pipeline", " ", "pipeline_missing"),
        ("started_at", "yesterday", "started_at_impossible"),
        ("ended_at", "2026-02-30T00:00:00Z", "ended_at_impossible"),
        ("seconds", "long", "seconds_not_a_number"),
        ("seconds", "1e30", "seconds_not_a_number"),
        ("rows", "1.5", "rows_not_whole"),
        ("rows", "many", "rows_not_whole"),
    ],
)
def test_what_a_record_is_rejected_for(frame: Make, field: str, text: str, rule: str) -> None:
    found = cleaned(frame, **{field: text})
    assert (found["_rule"], found["_field"]) == (rule, field)
    assert text.strip() in found["_reason"]


def test_a_record_without_any_time_is_rejected(frame: Make) -> None:
    found = cleaned(frame, started_at=None, ended_at=None)
    assert found["_rule"] == "time_missing"


def test_when_it_was_said_stands_for_a_time_that_is_not(frame: Make) -> None:
    found = cleaned(frame, started_at=None, ended_at=None, event_at="2026-03-01T01:00:00.123456789+02:00")
    assert found["at"] == datetime(2026, 2, 28, 23, 0, 0, 123456, tzinfo=UTC)
    assert (found["date"], found["seconds"], found["_rule"]) == (date(2026, 2, 28), None, None)


def test_a_run_that_goes_on_stands_at_its_start(frame: Make) -> None:
    found = cleaned(frame, state="running", ended_at="2026-01-02T00:00:30Z")
    assert (found["date"], found["ended_at"], found["seconds"]) == (date(2026, 1, 1), None, None)


@pytest.mark.parametrize(
    ("seconds", "ended", "expected"),
    [
        ("1.5", "2026-01-02T00:00:30Z", Decimal("1.500000")),
        ("0.8196823596954346", "2026-01-02T00:00:30Z", Decimal("0.819682")),
        (None, "2026-01-01T23:59:00.000001Z", Decimal("0.000001")),
        (None, "2026-01-01T23:58:00Z", None),
        ("-3", "2026-01-01T23:59:01Z", Decimal("1.000000")),
    ],
)
def test_seconds(frame: Make, seconds: str | None, ended: str, expected: Decimal | None) -> None:
    assert cleaned(frame, seconds=seconds, ended_at=ended)["seconds"] == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("900", 900),
        ("900s", 900),
        ("15m", 900),
        ("1.5 h", 5400),
        ("1d", 86400),
        ("1w", 604800),
        ("@daily", None),
        ("0", None),
        ("", None),
    ],
)
def test_how_often_a_run_is_expected(frame: Make, text: str, seconds: int | None) -> None:
    assert cleaned(frame, expected_every=text)["expected_every"] == seconds


SECRETS = [
    ("cannot reach postgresql://etl:s3cr3t@db:5432/shop", "cannot reach postgresql://***@db:5432/shop"),
    ("password=s3cr3t; host=db", "password=***; host=db"),
    ('{"api_key": "s3cr3t", "a": 1}', '{"api_key": "***", "a": 1}'),
    ("Authorization: Bearer s3cr3t.s3cr3t", "Authorization: Bearer ***"),
    ("https://x.org/?access_token=s3cr3t&page=2", "https://x.org/?access_token=***&page=2"),
    ("key AKIAABCDEFGHIJKLMNOP", "key ***"),
    ("jwt eyJs3cr3t.s3cr3t.s3cr3t!", "jwt ***!"),
    ("table orders has no column token_count", "table orders has no column token_count"),
    ("the tokens ran out at 12:30", "the tokens ran out at 12:30"),
]


@pytest.mark.parametrize(("text", "shown"), SECRETS)
def test_credentials_are_masked_by_the_engine_as_in_python(frame: Make, text: str, shown: str) -> None:
    assert cleaned(frame, error=text)["error"] == shown
    assert secrets.masked(text, runs.LONGEST_ERROR) == shown


def test_a_long_error_is_cut_off(frame: Make) -> None:
    text = f"{'x' * 495} password=s3cr3t " + "y" * 2000
    found = cleaned(frame, error=text)["error"]
    assert len(found) == runs.LONGEST_ERROR
    assert found == secrets.masked(text, runs.LONGEST_ERROR)
    assert "s3cr3t" not in found
