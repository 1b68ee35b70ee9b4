"""OpenLineage run events, and events that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.io.sources.runs import openlineage
from run_files import ndjson, read


def event(kind: str | None, at: str, **fields: Any) -> dict[str, Any]:
    found = {
        "eventType": kind,
        "eventTime": at,
        "producer": "https://example.org",
        "run": {"runId": "r1"},
        "job": {"namespace": "shop", "name": "load"},
    }
    return {name: value for name, value in (found | fields).items() if value is not None}


def test_an_openlineage_run(tmp_path: Path) -> None:
    rows = [{"outputFacets": {"outputStatistics": {"rowCount": count}}} for count in (5, 7)]
    failed = {"runId": "r1", "facets": {"errorMessage": {"message": "no table"}}}
    path = ndjson(
        tmp_path / "e.ndjson",
        event("START", "2026-01-01T01:00:00Z"),
        event("RUNNING", "2026-01-01T01:01:00Z"),
        event("FAIL", "2026-01-01T01:02:00Z", run=failed, outputs=rows),
    )
    good, bad = read("openlineage", path)
    assert bad == []
    assert [row["state"] for row in good] == ["START", "RUNNING", "FAIL"]
    assert {row["id"] for row in good} == {"shop/load/r1"}
    assert {row["started_at"] for row in good} == {"2026-01-01T01:00:00Z"}
    assert [row["ended_at"] for row in good] == [None, None, "2026-01-01T01:02:00Z"]
    assert (good[2]["rows"], good[2]["error"], good[2]["event_at"]) == ("12", "no table", good[2]["ended_at"])


@pytest.mark.parametrize(
    ("fields", "rule", "field"),
    [
        ({"producer": None}, "incomplete", "producer"),
        ({"producer": " "}, "incomplete", "producer"),
        ({"run": {}}, "incomplete", "run.runId"),
        ({"job": {"name": "load"}}, "incomplete", "job.namespace"),
        ({"job": "load"}, "incomplete", "job.namespace"),
        ({"run": {"runId": "{{ any(result) }}"}}, "template", "run.runId"),
        ({"run": None}, "no_run", "run"),
        ({"eventTime": True}, "incomplete", "eventTime"),
    ],
)
def test_an_event_that_is_none_is_kept_with_its_reason(
    tmp_path: Path, fields: dict[str, Any], rule: str, field: str
) -> None:
    given = event("START", "2026-01-01T01:00:00Z", **fields)
    good, (bad,) = read("openlineage", ndjson(tmp_path / "e.ndjson", given))
    assert good == []
    assert (bad["rule"], bad["field"], bad["_position"]) == (rule, field, 1)
    assert json.loads(bad["record"])["job"] == given["job"]


def test_few_starts_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openlineage, "STARTED", 2)
    started = [event("START", f"2026-01-01T0{at}:00:00Z", run={"runId": str(at)}) for at in range(3)]
    ended = [event("COMPLETE", "2026-01-01T09:00:00Z", run={"runId": str(at)}) for at in range(3)]
    good, _ = read("openlineage", ndjson(tmp_path / "e.ndjson", *started, *ended))
    assert [bool(row["started_at"]) for row in good[3:]] == [False, True, True]
