"""Run records of OpenLineage, dbt and Singer against the counts of the files themselves."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io.collections.protocol import Query
from common.io.sources import Scope
from common.io.sources.runs import ADAPTER, RunSettings
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject

EVERYTHING = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
EVENTS = (
    "dbt_openlineage_cases/*/result.json",
    "dbt_structured_logs/**/*ol_events.json*",
    "marquez/*.json",
    "openlineage/**/*.json",
)
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def runs(realdata: Path) -> Path:
    """The folder of run records."""
    return realdata / "etl_runs"


def read(kind: str, path: Path | str) -> tuple[Rows, Rows]:
    """All records and all dead letters."""
    source = ADAPTER.open(RunSettings(format=kind, path=str(path)), "VITRINE_A_B_")
    parts = [part for item in source.items() for part in source.read(item, EVERYTHING)]
    good = [row for part in parts for row in part.records.to_pylist()]
    return good, [row for part in parts for row in part.unreadable.to_pylist()]


def test_openlineage_events(runs: Path) -> None:
    found = [read("openlineage", runs / pattern) for pattern in EVENTS]
    good = [row for rows, _ in found for row in rows]
    bad = Counter(row["rule"] for _, rows in found for row in rows)
    whole = [
        row for _, rows in found for row in rows if row["rule"] == "template" and complete(row["record"])
    ]
    # Events with all that the specification requires, but for the URL of its schema; 9 of them are templates.
    assert (len(good), len(whole), len(good) + len(whole)) == (58, 9, 67)
    assert Counter(row["state"] for row in good)["FAIL"] == 2
    assert bad["no_run"] > 0
    assert bad["incomplete"] > 0


def complete(record: str) -> bool:
    """Whether an event has what the specification requires, be it a template."""
    event = json.loads(record)
    run, job = event.get("run") or {}, event.get("job") or {}
    needed = (event.get("eventTime"), event.get("producer"), run.get("runId"), job.get("namespace"))
    return all(needed) and bool(job.get("name"))


def test_openlineage_takes_the_start_from_the_first_event_of_a_run(runs: Path) -> None:
    good, bad = read("openlineage", runs / "marquez" / "metadata.json")
    ended = [row for row in good if row["state"] == "COMPLETE"]
    assert (len(good), len(ended), bad) == (26, 13, [])
    assert {row["started_at"] for row in ended} == {"2020-02-22T22:42:42.000Z"}


def test_dbt_results_of_the_fourth_version(runs: Path) -> None:
    good, bad = read("dbt", runs / "dbt_artifacts" / "run_results__v4*.json")
    assert Counter(row["state"] for row in good) == {"success": 8, "pass": 20, "error": 1}
    assert bad == []


def test_dbt_results_of_all_versions_are_what_the_files_hold(runs: Path) -> None:
    patterns = ("dbt_artifacts/run_results*.json", "dbt_openlineage_cases/*/target_run_results.json")
    expected: Counter[str] = Counter()
    rows = 0
    for path in (path for pattern in patterns for path in runs.glob(pattern)):
        for result in json.loads(path.read_text())["results"]:
            expected[result["status"]] += 1
            rows += max(0, result["adapter_response"].get("rows_affected") or 0)
    good = [row for pattern in patterns for row in read("dbt", runs / pattern)[0]]
    assert Counter(row["state"] for row in good) == expected
    assert sum(int(row["rows"] or 0) for row in good) == rows
    assert all(row["ended_at"] and row["pipeline"] for row in good)


def test_other_artifacts_of_dbt_hold_no_runs(runs: Path) -> None:
    assert read("dbt", runs / "dbt_artifacts" / "catalog*.json") == ([], [])


def test_singer_streams(runs: Path) -> None:
    good, bad = read("singer", runs / "singer")
    states = {row["_item"]: json.loads(row["detail"])["messages_of_state"] for row in good}
    assert sum(int(row["rows"]) for row in good) == 103
    assert sum(states.values()) == 63
    assert bad == []
    assert {row["state"] for row in good} == {"complete", "no_state"}


def publish(contract_name: str = "pipeline_days") -> Rows:
    """All five verbs over everything; what readers see then. The corpora are mostly of templates."""
    settings = Settings.from_environment()
    contract = load_contract(settings.contracts / "monitoring" / f"{contract_name}.odcs.yaml")
    contract = replace(contract, max_rejected=1.0, retention=None)
    run = Run("r1", Window(None, datetime(2027, 1, 1, tzinfo=UTC)), scheduled=False)
    pipeline.run_all(Subject("monitoring", contract_name, 1), contract, settings, run)
    with opened(contract, settings, "main") as collection:
        live = collection.live()
        assert live is not None
        return collection.read(live.number, Query(limit=100_000)).rows.to_pylist()


def test_all_of_them_through_the_verbs(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    (tmp_path / "events").mkdir()
    for at, path in enumerate(path for pattern in EVENTS for path in sorted(runs.glob(pattern))):
        (tmp_path / "events" / f"{at:03}-{path.name}").symlink_to(path)
    paths = {
        "openlineage": tmp_path / "events",
        "dbt": runs / "dbt_artifacts" / "run_results__v4*.json",
        "singer": runs / "singer",
    }
    for kind, path in paths.items():
        monkeypatch.setenv(f"VITRINE_MONITORING_PIPELINE_DAYS_{kind.upper()}_PATH", str(path))
    days = publish()

    def total(name: str, system: str) -> int:
        return sum(row[name] or 0 for row in days if row["system"] == system)

    good, _ = read("openlineage", tmp_path / "events")
    assert total("runs", "openlineage") == len({row["id"] for row in good})
    assert [total(name, "dbt") for name in ("runs", "succeeded", "failed")] == [29, 28, 1]
    assert total("rows", "singer") == 103
    (food,) = {row["seconds"] for row in days if row["pipeline"] == "food_delivery/etl_menus"}
    assert food == 190  # 22:42:42 to 22:45:52
    status = publish("sync_status")
    assert len(status) == len({(row["system"], row["pipeline"]) for row in days})
    assert sum(row["runs"] for row in status) == sum(row["runs"] for row in days)
