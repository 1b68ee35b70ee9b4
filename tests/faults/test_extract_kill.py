"""An extraction that is killed anywhere, and run again, ends with exactly the source's records."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.sources import KINDS, Case, case_of
from contract.test_source import parts, received, rows
from faults.extract_job import Job, extracted, job_of, run
from faults.results import ALL

KILLS = 10 if ALL else 3
RECORDS = 600
PATIENCE = 60.0

CONTEXT = multiprocessing.get_context("forkserver")


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """Each kind in turn."""
    with case_of(request.param, tmp_path) as made:
        yield made


def started(job: Job) -> tuple[multiprocessing.process.BaseProcess, float]:
    """A process that has begun to extract, and when it did."""
    begun = CONTEXT.Event()
    process = CONTEXT.Process(target=run, args=(job, begun), daemon=True)
    process.start()
    assert begun.wait(PATIENCE)
    return process, time.monotonic()


def finished(job: Job) -> float:
    """Extracts to the end; how long that took, in seconds."""
    process, since = started(job)
    process.join(PATIENCE)
    assert process.exitcode == 0
    return time.monotonic() - since


def test_killed_anywhere_and_run_again_it_has_each_record_once(case: Case, tmp_path: Path) -> None:
    case.put(rows(RECORDS))
    id_ = case.fields.get("id", "id")
    everything = Counter(one for one, _, _ in received(case, parts(case.source())))
    assert len(everything) in (RECORDS, 20), "all of them, or the latest that a feed shows"
    whole = finished(job_of(case.source(), tmp_path / "whole", id_))
    chance = random.Random(f"{type(case).__module__}")
    killed = 0
    for kill in range(KILLS):
        job = job_of(case.source(), tmp_path / str(kill), id_)
        process, _ = started(job)
        time.sleep(whole * (kill + chance.random()) / KILLS)
        if process.is_alive() and process.pid:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.join(PATIENCE)
        finished(job)
        assert extracted(job) == everything, f"killed {kill}"
    assert killed >= KILLS // 2
