import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from vlp import processes

# A process with a process of its own, both deaf to some signals; it says both ids.
FAMILY = """
import os, signal, subprocess, sys, time
for number in map(int, sys.argv[1].split(",")):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""

MARK = f"forked-by-the-tests-of-{os.getpid()}"
# A deaf process that starts others without end: some are always too young to be known when it is killed.
FORKS = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for at in range(400):
    subprocess.Popen(["sh", "-c", "sleep 60; :", "{MARK}"])
    if at == 10:
        print(at, flush=True)
    time.sleep(0.01)
time.sleep(60)
"""


def start(*ignored: int) -> tuple[subprocess.Popen[str], list[int]]:
    arguments = [sys.executable, "-c", FAMILY, ",".join(map(str, ignored or (signal.SIGHUP,)))]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, [int(pid) for pid in process.stdout.readline().split()]


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 1.0)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid)]


def test_children_and_theirs_end() -> None:
    process, pids = start()
    began = time.monotonic()
    assert processes.ask([process.pid]) == []
    assert alive(pids) == []
    assert time.monotonic() - began < processes.GRACE


@pytest.mark.usefixtures("short_grace")
def test_who_does_not_listen_is_left() -> None:
    process, pids = start(signal.SIGTERM)
    left = processes.ask([process.pid])
    assert sorted(one.pid for one in left) == sorted(alive(pids)) == sorted(pids)
    for one in left:
        one.kill()
    process.wait()


def test_others_are_left_alone() -> None:
    process, pids = start()
    assert processes.ask([]) == []
    assert alive(pids) == pids
    processes.ask([process.pid])


def test_below_a_process_that_has_ended_is_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    known = psutil.Process(process.pid)
    process.wait()
    assert processes.below(known) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to an ancestor")
def test_orphans_and_the_deaf_are_ended_too(tmp_path: Path, repository: Path) -> None:
    """In a process of its own, because everything below it is killed."""
    script = tmp_path / "stop.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import subprocess, sys
            from vlp import processes
            processes.GRACE = 1.0
            processes.adopt_orphans()
            family = {FAMILY!r}
            pids = []
            for ignored in ("1", "1,15"):
                command = [sys.executable, "-c", family, ignored]
                child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                pids += map(int, child.stdout.readline().split())
                if ignored == "1":
                    child.kill()  # leaves an orphan
                    child.wait()
            forks = subprocess.Popen([sys.executable, "-c", {FORKS!r}], stdout=subprocess.PIPE, text=True)
            forks.stdout.readline()
            print(processes.stop_everything(), forks.pid, *pids, flush=True)
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(repository / "dags")}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=30, check=True
    )
    killed, *pids = map(int, done.stdout.split())
    assert killed >= 3
    assert len(pids) == 5
    assert alive(pids) == []
    assert [one for one in psutil.process_iter(["cmdline"]) if MARK in (one.info["cmdline"] or [])] == []
