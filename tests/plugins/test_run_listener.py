"""The listener, in this process and in real DAG runs: what it writes, and that it never harms a run."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.io.sources import Scope
from common.io.sources.runs import ADAPTER, RunSettings
from common.utils.window import Window

# A DAG of every outcome, in a file of its own.
DAG = """
from datetime import UTC, datetime, timedelta
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

tries = []

@dag("watched", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), default_args={"owner": "ann"})
def watched():
    @task
    def good():
        return 1

    @task
    def skipping():
        raise AirflowSkipException("nothing to do")

    @task(retries=1, retry_delay=timedelta(0))
    def once_again():
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("cannot reach postgresql://etl:s3cr3t@db/shop")

    @task(trigger_rule="all_done", owner="bob")
    def bad():
        raise RuntimeError("broken")

    [good(), skipping(), once_again()] >> bad()

watched()
"""
# Runs it as `make run` runs the DAGs of the house, once for each house; one line of JSON comes out last.
SCRIPT = """
import json, os, sys
from airflow.utils.db import upgradedb
upgradedb()
from airflow.dag_processing.dagbag import DagBag
found = []
for home in sys.argv[2:]:
    os.environ["VITRINE_HOME"] = home
    run = DagBag(sys.argv[1]).dags["watched"].test()
    found.append({"state": str(run.state), "run_id": run.run_id,
                  "tasks": {ti.task_id: str(ti.state) for ti in run.get_task_instances()}})
print("\\n" + json.dumps(found))
"""
OUTCOME = {"good": "success", "skipping": "skipped", "once_again": "success", "bad": "failed"}
NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
EVERYTHING = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
House = tuple[Path, dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def listener(home: Path) -> Any:
    from run_listener import RunListener

    return RunListener()


@pytest.fixture(scope="module")
def watched(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, House]:
    """A real run in each of three houses, in one process: the house, and what the run says of itself."""
    root = tmp_path_factory.mktemp("watched")
    (root / "dags").mkdir()
    (root / "dags" / "watched.py").write_text(DAG)
    (root / "in the way").mkdir()
    (root / "in the way" / "monitoring").write_text("a file where the folder should be")
    (root / "full" / "monitoring" / "airflow").mkdir(parents=True)
    for ahead in range(2):
        day = (datetime.now(UTC) + timedelta(days=ahead)).date()
        (root / "full" / "monitoring" / "airflow" / f"{day}.ndjson").symlink_to("/dev/full")
    environment = os.environ | {
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(repository / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "PYTHONPATH": str(repository / "dags"),
    }
    names = ("good", "in the way", "full")
    command = [sys.executable, "-c", SCRIPT, str(root / "dags"), *(str(root / name) for name in names)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {name: (root / name, run) for name, run in zip(names, found, strict=True)}


def lines(home: Path) -> list[dict[str, Any]]:
    files = sorted((home / "monitoring" / "airflow").glob("*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def dag_run(**fields: Any) -> SimpleNamespace:
    given = {"dag_id": "vitrine_a_b_v1", "run_id": "r1", "start_date": NOW, "end_date": NOW, **fields}
    return SimpleNamespace(**given)


def test_a_real_run_is_written_whole(watched: Any) -> None:
    home, run = watched["good"]
    assert (run["state"], run["tasks"]) == ("failed", OUTCOME)
    found = lines(home)
    tasks = [(line["task"], line["state"]) for line in found if "task" in line]
    assert sorted(tasks) == sorted(
        [(name, "running") for name in OUTCOME]
        + [("once_again", "running"), ("once_again", "failed")]
        + list(OUTCOME.items())
    )
    assert {line["owner"] for line in found if line.get("task") == "bad"} == {"bob"}
    (ended,) = [line for line in found if "task" not in line and line["state"] != "running"]
    assert (ended["state"], ended["pipeline"], ended["run_id"]) == ("failed", "watched", run["run_id"])
    assert set(ended["owner"].split(", ")) == {"ann", "bob"}
    (error,) = [line["error"] for line in found if line.get("task") == "bad" and "error" in line]
    assert error == "RuntimeError: broken"
    assert "s3cr3t" not in json.dumps(found)
    assert all(line["started_at"] <= line["event_at"] for line in found)


@pytest.mark.parametrize("obstacle", ["in the way", "full"])
def test_a_real_run_is_not_harmed(watched: Any, obstacle: str) -> None:
    _, run = watched[obstacle]
    assert (run["state"], run["tasks"]) == ("failed", OUTCOME)


def test_what_is_written_can_be_read_by_the_source(listener: Any, home: Path) -> None:
    interval = {
        "data_interval_start": NOW - timedelta(hours=1),
        "data_interval_end": NOW,
        "run_type": "scheduled",
    }
    listener.on_dag_run_running(dag_run(**interval), "")
    listener.on_dag_run_failed(dag_run(**interval, dag=SimpleNamespace(owner="Zoë")), "task_failure")
    source = ADAPTER.open(RunSettings(format="airflow", path=""), "VITRINE_A_B_")
    (item,) = source.items()
    first, second = [row for part in source.read(item, EVERYTHING) for row in part.records.to_pylist()]
    assert (first["state"], second["state"], second["owner"]) == ("running", "failed", "Zoë")
    assert first["id"] == second["id"] == "vitrine_a_b_v1/r1"
    assert (second["expected_every"], second["error"]) == ("3600", "task_failure")
    assert (second["started_at"], second["ended_at"]) == (NOW.isoformat(), NOW.isoformat())


def test_a_run_that_was_triggered_declares_no_interval(listener: Any, home: Path) -> None:
    given = {"data_interval_start": NOW - timedelta(hours=1), "data_interval_end": NOW, "run_type": "manual"}
    listener.on_dag_run_success(dag_run(**given), "")
    assert "expected_every" not in lines(home)[0]


def test_attributes_that_are_not_loaded_are_not_asked_for(listener: Any, home: Path) -> None:
    class Lazy:
        """As a row of the database whose other columns would have to be fetched."""

        def __init__(self) -> None:
            self.dag_id, self.run_id = "a", "r"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was asked for")

    listener.on_dag_run_success(Lazy(), "")
    assert (listener.written, listener.lost) == (1, 0)


@pytest.mark.parametrize("subject", [None, object(), SimpleNamespace(), SimpleNamespace(dag_id=object())])
def test_nothing_is_raised_and_what_is_lost_is_counted(
    listener: Any, subject: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            listener.on_dag_run_failed(subject, "")
            listener.on_task_instance_failed(None, subject, ValueError("x"))
    assert (listener.written, listener.lost) == (0, 6)
    assert len(caplog.records) == 1


def test_an_error_that_cannot_be_told_costs_the_event_alone(listener: Any) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    task = SimpleNamespace(dag_id="a", run_id="r", task_id="t")
    listener.on_task_instance_failed(None, task, Mute())
    listener.on_task_instance_failed(None, task, "x" * 5000 + " password=s3cr3t")
    assert (listener.written, listener.lost) == (1, 1)


def test_an_error_is_masked_and_cut_off(listener: Any, home: Path) -> None:
    task = SimpleNamespace(dag_id="a", run_id="r", task_id="t")
    listener.on_task_instance_failed(None, task, "login failed: password=s3cr3t " + "x" * 5000)
    (line,) = lines(home)
    assert line["error"].startswith("login failed: password=*** xxx")
    assert len(line["error"]) == 500


def test_writers_side_by_side_never_mix_their_lines(listener: Any, home: Path) -> None:
    def write(name: str) -> None:
        for at in range(200):
            listener.on_dag_run_failed(dag_run(run_id=f"{name}-{at}"), "x" * 400)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({line["run_id"] for line in lines(home)}) == 800


def test_a_full_file_takes_no_more(listener: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("run_listener.LARGEST", 1000)
    for at in range(20):
        listener.on_dag_run_success(dag_run(run_id=str(at)), "")
    assert listener.lost > 0
    assert len(lines(home)) == listener.written == 20 - listener.lost


def test_old_files_go_when_a_day_begins(listener: Any, home: Path) -> None:
    folder = home / "monitoring" / "airflow"
    folder.mkdir(parents=True)
    today = datetime.now(UTC).date()
    for ago in (1, 30, 31, 400):
        (folder / f"{today - timedelta(days=ago)}.ndjson").write_text("{}\n")
    (folder / "notes.txt").write_text("mine")
    listener.on_dag_run_success(dag_run(), "")
    kept = {path.stem for path in folder.glob("*.ndjson")}
    assert kept == {str(today - timedelta(days=ago)) for ago in (0, 1, 30)}
    assert (folder / "notes.txt").exists()
