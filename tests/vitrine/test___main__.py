"""The process as a whole: what it imports, how it starts, how it ends."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from unit.common.verbs.house import House

NAME = "sales/product_revenue"
START = (
    2.0  # seconds of the processor until help is there, or the first verb begins: other load does not count
)

# Runs a command in this process, and says what was imported and when the first verb began.
WATCH = """
import json, sys, time
from vitrine.app import app
from vitrine import progress
first = []
call = progress.Verbs.__call__
def watch(self, verb):
    first.append(time.process_time())
    call(self, verb)
progress.Verbs.__call__ = watch
try:
    app(sys.argv[1:], prog_name="vitrine")
except SystemExit as done:
    code = done.code
airflow = [name for name in sys.modules if name.startswith("airflow")]
print(json.dumps({"code": code, "first": first[:1], "airflow": airflow}))
"""


def watched(repository: Path, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(repository / "dags")}
    command = [sys.executable, "-c", WATCH, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_a_run_needs_no_airflow_and_begins_soon(house: House, repository: Path) -> None:
    found = watched(repository, "run", NAME, "--dry-run")
    assert (found["code"], found["airflow"]) == (0, [])
    assert found["first"][0] < START


def test_help_is_there_at_once(process: Any) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process("run", "--help").code == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < START


def test_a_connection_is_looked_up_by_airflow(
    published: House, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "the_store")
    monkeypatch.setenv("AIRFLOW_CONN_THE_STORE", f"sqlite:///{published.settings.home / 'collections.db'}")
    found = watched(repository, "versions", NAME)
    assert found["code"] == 0
    assert found["airflow"]


def test_ctrl_c_ends_it_with_a_message(house: House, repository: Path) -> None:
    house.write("big.csv", *(f"2026-01-05,p{at},Mug,2,3.50" for at in range(300_000)))
    environment = {**os.environ, "PYTHONPATH": str(repository / "dags")}
    command = [sys.executable, "-m", "vitrine", "run", NAME]
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr
        assert child.stderr.readline().startswith("  extract order_lines")
        time.sleep(0.2)  # the engine is at work, and makes an error of its own of it
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert err.endswith("\nInterrupted. Nothing half-loaded is live; run it again at any time.\n")
    assert "Traceback" not in err
    assert [path.name for path in house.settings.home.glob("collections.db")] == []


def test_the_wrapper_works_from_any_folder_and_keeps_it(
    pipeline: Path, repository: Path, tmp_path: Path
) -> None:
    link = tmp_path / "bin" / "vitrine"
    link.parent.mkdir()
    link.symlink_to(repository / "env" / "vitrine")
    command = [str(link), "check", "orders_v1.yaml"]
    done = subprocess.run(command, cwd=pipeline.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "pipelines: 1, problems: 0\n", "")
