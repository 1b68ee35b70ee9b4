"""``make up`` for real: it starts, serves, runs the DAG, and leaves no process behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from common.io import reports
from common.utils.settings import Settings
from dags.house import HEADER
from vlp.up import demand_free

LIMIT = 300.0  # seconds for each wait; an idle machine needs twenty


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_starts_runs_the_dag_and_stops_without_a_trace(tmp_path: Path, repository: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.csv").write_text(f"{HEADER}\n2026-01-05,P-1,Cup,2,3.50\n")
    port = free_port()
    home = tmp_path / "home"
    command = ["sh", "-c", f'. env/activate && exec "{sys.executable}" -m vlp.up "DATA={files}"']
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment = {**kept, "VITRINE_HOME": str(home), "VITRINE_SAMPLES": "", "PORT": str(port)}
    process = subprocess.Popen(
        command, cwd=repository, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    assert process.stdout
    reader = threading.Thread(target=lambda: said.extend(process.stdout or []))
    reader.start()
    try:
        until(lambda: process.poll() is not None or "Ctrl-C" in "".join(said), "the banner")
        assert "password" in "".join(said), "".join(said)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health") as answer:
            assert json.load(answer)["scheduler"]["status"] == "healthy"
        settings = Settings(home=home)
        until(lambda: any(one.state == "published" for one in reports.newest(settings)), "the scheduled run")
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 4
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
    reader.join()
    assert code == 0, "".join(said)
    assert "Everything is stopped" in said[-1]
    assert [one for one in family if one.is_running()] == []
    demand_free(port)
    for name in ("airflow.cfg", "simple_auth_manager_passwords.json.generated"):
        assert oct((home / "airflow" / name).stat().st_mode)[-3:] == "600"
