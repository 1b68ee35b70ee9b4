"""The monitoring domain through all five verbs: the sample of run records, and a table of runs in MySQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from common.io import reports
from common.io.collections.protocol import Query
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
from samples import pipeline_days as sample
from servers import server

PREFIX = "VITRINE_MONITORING_PIPELINE_DAYS_"
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 10)
AS_OF = datetime(2026, 1, 11, tzinfo=UTC)
Rows = list[dict[str, Any]]
JOB_LOG = """CREATE TABLE job_log (nr BIGINT PRIMARY KEY, job VARCHAR(50), who VARCHAR(50),
    status VARCHAR(20), begun DATETIME(6), done DATETIME(6) NULL, n BIGINT NULL, changed DATETIME(6))"""
JOBS = """INSERT INTO job_log VALUES
    (1, 'nightly', 'ann', 'OK', '2026-01-05 01:00:00', '2026-01-05 01:00:30.5', 10, '2026-01-05 02:00:00'),
    (2, 'nightly', 'ann', 'ERROR', '2026-01-06 01:00:00', '2026-01-06 01:01:00', NULL, '2026-01-06 02:00:00'),
    (3, 'nightly', 'ann', 'STARTED', '2026-01-07 01:00:00', NULL, NULL, '2026-01-07 01:00:00'),
    (4, NULL, 'ann', 'OK', '2026-01-07 01:00:00', NULL, NULL, '2026-01-07 01:00:00')"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    return Settings.from_environment()


def configure(monkeypatch: pytest.MonkeyPatch, source: str, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"{PREFIX}{source.upper()}_{name}", value)


def publish(settings: Settings, name: str, run_id: str = "r1", *, scheduled: bool = False) -> Rows:
    """All five verbs; what readers see then. A scheduled run reads on from where the one before ended."""
    contract = load_contract(settings.contracts / "monitoring" / f"{name}.odcs.yaml")
    run = Run(run_id, Window(None, AS_OF), scheduled=scheduled)
    pipeline.run_all(Subject("monitoring", name, 1), contract, settings, run)
    with opened(contract, settings, "main") as collection:
        live = collection.live()
        assert live is not None
        return collection.read(live.number, Query(limit=100_000)).rows.to_pylist()


def total(rows: Rows, name: str, **where: Any) -> int:
    return sum(row[name] or 0 for row in rows if all(row[key] == value for key, value in where.items()))


def test_the_sample_becomes_four_collections(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, content in sample.files(1, FIRST, LAST):
        (tmp_path / "files" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / path).write_text(content, "utf-8")
    for source, variables in sample.VARIABLES.items():
        folder = str(tmp_path / "files")
        told = {name: value.replace("{folder}", folder) for name, value in variables.items()}
        configure(monkeypatch, source, **told)
    days = publish(settings, "pipeline_days")
    runs_a_day = sum(runs for _, _, runs, _, _ in sample.JOBS)
    assert total(days, "runs", system="openlineage") == runs_a_day * 10
    assert total(days, "runs", system="dbt") == len(sample.MODELS) * 10
    assert total(days, "runs", system="singer") == len(sample.STREAMS) * 10
    assert total(days, "runs", system="batch-1") == len(sample.CRON) * 10
    assert total(days, "failed") > 0
    assert not any("not-a" in (row["last_error"] or "") for row in days)

    status, vitals = publish(settings, "sync_status"), publish(settings, "user_vitals")
    summary = publish(settings, "summary")
    for rows, name in ((status, "runs"), (vitals, "total_runs"), (summary, "runs")):
        assert total(rows, name) == total(days, "runs")
    assert {row["pipeline"] for row in status} == {row["pipeline"] for row in days}
    assert {row["expected_from"] for row in status if row["system"] == "batch-1"} == {"declared"}
    assert {row["freshness"] for row in status} <= {"fresh", "late", "stale"}
    assert {row["date"] for row in summary} == {row["date"] for row in days}


def test_runs_of_the_listener_are_read_on(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from run_listener import append

    def line(number: int, state: str, hour: int) -> None:
        at = f"2026-01-05T{hour:02}:00:00+00:00"
        ended = {} if state == "running" else {"ended_at": at}
        append(
            {
                "id": f"a/{number}",
                "pipeline": "a",
                "run_id": str(number),
                "owner": "ann",
                "state": state,
                "started_at": "2026-01-05T01:00:00+00:00",
                "event_at": at,
                **ended,
            },
            datetime(2026, 1, 5, tzinfo=UTC),
        )

    configure(monkeypatch, "airflow", SOURCE="runs", FORMAT="airflow")
    line(1, "running", 1)
    line(2, "running", 2)
    (row,) = publish(settings, "pipeline_days", scheduled=True)
    assert (row["runs"], row["running"], row["succeeded"]) == (2, 2, 0)
    line(1, "success", 3)
    (row,) = publish(settings, "pipeline_days", "r2", scheduled=True)
    assert (row["runs"], row["running"], row["succeeded"], row["system"]) == (2, 1, 1, "airflow")
    record = reports.read(settings, "monitoring/pipeline_days", "r2")
    assert record is not None
    assert record.ledger is not None
    assert record.ledger.read == 1  # what was written since


def test_a_table_of_runs_in_mysql(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server("mysql").empty_database()
    engine = sa.create_engine(url.replace("mysql://", "mysql+mysqlconnector://"))
    with engine.begin() as connection:
        connection.execute(sa.text(JOB_LOG))
        connection.execute(sa.text(JOBS))
    engine.dispose()
    mapped = "pipeline=job,run_id=nr,owner=who,state=status,started_at=begun,ended_at=done,rows=n"
    configure(monkeypatch, "runs", SOURCE="sql", CONNECTION=url, TABLE="job_log", COLUMNS=mapped)
    configure(monkeypatch, "runs", KEY="nr", UPDATED_AT="changed")
    found = publish(settings, "pipeline_days")
    wanted = ("date", "system", "pipeline", "runs", "succeeded", "failed", "running", "rows", "seconds")
    assert [tuple(str(row[name]) for name in wanted) for row in found] == [
        ("2026-01-05", "runs", "nightly", "1", "1", "0", "0", "10", "30.500000"),
        ("2026-01-06", "runs", "nightly", "1", "0", "1", "0", "0", "60.000000"),
        ("2026-01-07", "runs", "nightly", "1", "0", "0", "1", "0", "0.000000"),
    ]
    record = reports.read(settings, "monitoring/pipeline_days", "r1")
    assert record is not None
    assert record.ledger is not None
    assert dict(record.ledger.rejected) == {"pipeline_missing": 1}
