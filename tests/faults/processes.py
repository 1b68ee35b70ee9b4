"""Processes that carry out jobs: forked from one that has everything loaded, so that a kill costs little."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import psutil

from faults.child import Boundary, Ended, Job, run

PATIENCE = 90.0  # seconds for any operation here; what takes longer hangs


class Child:
    """One process with one job."""

    def __init__(self, context: multiprocessing.context.ForkServerContext, job: Job) -> None:
        self._pipe, theirs = context.Pipe(duplex=False)
        self.job, self._news = job, list[object]()
        self._process = context.Process(target=run, args=(job, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def wait(self) -> Ended | None:
        """Waits until it is gone; ``None`` where it was killed."""
        self._read(Ended)
        self._process.join(PATIENCE)
        return next((one for one in self._news if isinstance(one, Ended)), None)

    def stopped(self) -> Boundary | None:
        """Waits until it stands at its boundary; ``None`` where it ended before."""
        self._read(Boundary, Ended)
        if self.boundary:  # it says so just before
            process = psutil.Process(self.pid)
            while process.status() != psutil.STATUS_STOPPED:
                time.sleep(0.001)
        return self.boundary

    @property
    def boundary(self) -> Boundary | None:
        """Where it was killed or stopped."""
        return next((one for one in self._news if isinstance(one, Boundary)), None)

    @property
    def published(self) -> bool:
        """Whether it was told that its version is live."""
        return "published" in self._news

    @property
    def pid(self) -> int:
        """Of the process."""
        return int(self._process.pid or 0)

    def wake(self) -> None:
        """Lets it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        self._process.kill()

    def _read(self, *until: type) -> None:
        deadline = time.monotonic() + PATIENCE
        while not any(isinstance(one, until) for one in self._news):
            if not self._pipe.poll(max(0.0, deadline - time.monotonic())):
                self.kill()
                raise AssertionError(f"{self.job.operation} has not ended after {PATIENCE:.0f} s")
            try:
                self._news.append(_received(self._pipe))
            except EOFError:
                return


def _received(pipe: Connection) -> object:
    return pipe.recv()


class Processes:
    """Starts them; what they write beside the store is in ``folder``."""

    def __init__(self, context: multiprocessing.context.ForkServerContext, folder: Path) -> None:
        self._context, self.folder = context, folder
        self._started: list[Child] = []

    def start(self, job: Job) -> Child:
        """A process that begins its job."""
        self._started.append(Child(self._context, job))
        return self._started[-1]

    def end(self) -> None:
        """Kills what a failed test has left: a stopped process would keep this one from its own end."""
        for child in self._started:
            child.kill()

    def finish(self, job: Job) -> Ended:
        """A job carried out to its end."""
        ended = self.start(job).wait()
        if ended is None:
            raise AssertionError(f"{job.operation} died")
        return ended


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """What starts processes.

    They are not measured for coverage: it would be lost with each kill and cost as much as the rest.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults.child"])
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    given = {"PYTHONPATH": ":".join(sys.path), "FAULTS_FOLDER": str(folder)}
    with mock.patch.dict(os.environ, {**ours, **given}, clear=True):
        context.Process(target=str).start()  # the server starts with the first, in this environment
    started = Processes(context, folder)
    try:
        yield started
    finally:
        started.end()
