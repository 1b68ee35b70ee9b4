"""OpenLineage run events become runs, failures and median minutes per job and day."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from common.utils.errors import VitrineError
from pipeline_example import EXAMPLES, Example

DAY = datetime(2026, 11, 18, tzinfo=UTC)
RUNS = [  # job, run, start, minutes, how it ended
    ("orders", "o1", DAY + timedelta(hours=1), 10, "COMPLETE"),
    ("orders", "o2", DAY + timedelta(hours=5), 30, "FAIL"),
    ("orders", "o3", DAY + timedelta(hours=9), 12, "COMPLETE"),
    ("orders", "o4", DAY + timedelta(hours=23, minutes=50), 20, "COMPLETE"),  # ends on the next day
    ("stock", "s1", DAY + timedelta(hours=2), 2.5, "ABORT"),
    ("stock", "s2", DAY + timedelta(days=1, hours=2), 4, "COMPLETE"),
    ("stock", "s3", DAY + timedelta(days=1, hours=3), 0, "RUNNING"),  # has not ended
]


def event(job: str, run: str, at: datetime, kind: str) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "producer": "https://example.org/a-tool",
        "run": {"runId": run},
        "job": {"namespace": "shop", "name": job},
    }


def events(runs: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    found = [event(job, run, start, "START") for job, run, start, *_ in runs]
    ends = [
        event(job, run, start + timedelta(minutes=minutes), kind) for job, run, start, minutes, kind in runs
    ]
    return sorted([*found, *ends], key=lambda one: one["eventTime"])


def write(path: Path, documents: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), "utf-8")


def by_hand(runs: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, str], list[tuple[float, str]]] = {}
    for job, _, start, minutes, kind in runs:
        if kind in ("COMPLETE", "FAIL", "ABORT"):
            day = (start + timedelta(minutes=minutes)).date()
            groups.setdefault((day, f"shop/{job}"), []).append((minutes, kind))
    return [
        {
            "date": day,
            "job": job,
            "runs": len(ended),
            "failures": sum(kind != "COMPLETE" for _, kind in ended),
            "median_minutes": median(minutes for minutes, _ in ended),
        }
        for (day, job), ended in sorted(groups.items())
    ]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    write(tmp_path / "events" / "one.jsonl", events(RUNS))
    path = EXAMPLES / "monitoring" / "lineage_days_v1.yaml"
    return Example(path, tmp_path / "home", monkeypatch, LINEAGE=str(tmp_path / "events"))


def test_jobs_and_days_are_what_plain_python_counts(example: Example) -> None:
    example.run()
    assert example.rows() == by_hand(RUNS)
    assert len(example.rows()) == 4


def test_a_run_that_ends_later_is_counted_on_the_day_of_its_end(example: Example, tmp_path: Path) -> None:
    example.run()
    ended = [*RUNS[:-1], ("stock", "s3", DAY + timedelta(days=1, hours=3), 8, "FAIL")]
    write(tmp_path / "events" / "two.jsonl", events(ended[-1:]))
    example.run()
    assert example.rows() == by_hand(ended)


def test_what_is_no_run_event_is_a_dead_letter(example: Example, tmp_path: Path) -> None:
    wrong = event("orders", "o9", DAY, "COMPLETE")
    write(
        tmp_path / "events" / "bad.jsonl", [{**wrong, "job": {"namespace": "shop"}}, {**wrong, "run": None}]
    )
    text = (EXAMPLES / "monitoring" / "lineage_days_v1.yaml").read_text("utf-8")
    assert "dead_letters" not in text
    with pytest.raises(VitrineError, match="rejected_share"):
        example.run()  # 2 of 10 are more than the usual 5 %
    assert [rule for rule, _ in example.letters()] == ["incomplete", "no_run"]
