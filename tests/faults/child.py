"""One operation on a store in a process of its own, which is killed or stopped at one of its boundaries.

Boundaries are before and after each call of the backend and between the pieces of what it writes and reads;
and finer ones where the driver tells of them: statements and commits of SQL, commands of MongoDB, the file
system's renames, links and syncs. Each is told apart by what was under way.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import import_module
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import event

from common.io.collections import merging, open_store, staging  # noqa: F401 (loaded once, for all that fork)
from common.io.collections.collection import VersionedCollection
from common.utils.contract import Contract
from common.utils.errors import VitrineError
from faults import mistakes, operations

BATCH_SIZE = 2
# Small, so that a few rows come in several tables and transactions, and old months are merged.
SIZES = {"scratch.ROWS": 5, "sql.backend.TRANSACTION_ROWS": 4, "merging.LONG": 2}
SQL_EVENTS = ("before_cursor_execute", "after_cursor_execute", "commit")
FILE_SYSTEM = ("replace", "rename", "link", "fsync", "unlink")
# What a store loads when it is first used: once for all processes, which saves each of them half a second.
LOADED = (
    "pandas",
    "pyarrow.csv",
    "pyarrow.parquet",
    "common.io.collections.files.database",
    "common.io.collections.mongo.database",
    "common.io.collections.sql.backend",
    "common.io.collections.sql.mysql",
    "common.io.collections.sql.postgresql",
    "common.io.collections.sql.sqlite",
    "psycopg",
    "pymongo",
    "pymysql",
)
for _module in LOADED:
    import_module(_module)


@dataclass(frozen=True)
class Boundary:
    """Where a process can be killed.

    Attributes:
        phase: What the operation was about: stage, publish, vacuum …
        call: The backend's method that is under way; empty between calls.
        turn: Which call of this method it is in its phase, from 1.
        where: ``before``, ``after`` or ``amid`` the call, or the driver's event within it.
        nth: Which of these it is, from 1.
    """

    phase: str
    call: str
    turn: int
    where: str
    nth: int = 1

    @property
    def native(self) -> bool:
        """Whether the driver told of it."""
        return self.where not in ("before", "after", "amid")

    @property
    def locked(self) -> bool:
        """Whether a lock may be held there, which others wait for."""
        return self.where in SQL_EVENTS

    def __str__(self) -> str:
        return f"{self.phase}: {self.where} {self.nth} of {self.call} {self.turn}"


@dataclass(frozen=True)
class Job:
    """An operation and where its process is to be killed or stopped.

    Attributes:
        operation: A function of :mod:`faults.operations`, which takes ``arguments``.
        stop: The boundary, if any.
        signal: SIGKILL or SIGSTOP.
        mistake: A rule of the protocol that this process does not keep.
        clock: How far its clock is off.
        settings: Constants of the product that are changed in this process: module and name to value.
    """

    url: str
    operation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    stop: Boundary | None = None
    signal: int = signal.SIGKILL
    mistake: str = ""
    clock: timedelta = timedelta(0)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How an operation ended that was not killed.

    Attributes:
        result: What it returned; ``None`` where it failed.
        error: The class of its error, empty where there was none; ``crash`` where it is not one of ours.
        said: Its message.
        passed: The boundaries it went through.
    """

    result: Any
    error: str
    said: str
    passed: list[Boundary]


class Steps:
    """Counts the boundaries of one process, and kills or stops it at the one that its job names."""

    def __init__(self, job: Job, pipe: Connection) -> None:
        self.job, self.pipe = job, pipe
        self.passed: list[Boundary] = []
        self.phase, self._call, self._turn = "look", "", 0
        self._turns: dict[tuple[str, str], Iterator[int]] = {}
        self._times: dict[Boundary, Iterator[int]] = {}

    def collection(self, contract: Contract) -> VersionedCollection:
        """The collection, every step of whose backend is a boundary."""
        store: Any = open_store(self.job.url, batch_size=BATCH_SIZE)
        if engine := getattr(store.database, "engine", None):
            for name in SQL_EVENTS:
                event.listen(engine, name, lambda *_, name=name: self.native(name))
        collection: VersionedCollection = store.collection(contract)
        watched: Any = Watched(collection.backend, self)
        collection.backend = watched
        return collection

    def at(self, where: str) -> None:
        """A boundary."""
        here = Boundary(self.phase, self._call, self._turn, where)
        here = replace(here, nth=next(self._times.setdefault(here, count(1))))
        self.passed.append(here)
        if here == self.job.stop:
            self.pipe.send(here)
            os.kill(os.getpid(), self.job.signal)

    def native(self, where: str) -> None:
        """A boundary that the driver tells of, within a call of the backend."""
        if self._call:
            self.at(where)

    def tell(self, news: str) -> None:
        """Says that something is done, for the case that it is killed later."""
        self.pipe.send(news)

    def during(self, name: str, function: Callable[..., Any], arguments: Iterable[Any]) -> Any:
        """Calls a method of the backend between its two boundaries."""
        turn = next(self._turns.setdefault((self.phase, name), count(1)))
        self._call, self._turn = name, turn
        self.at("before")
        result = function(*arguments)
        if name == "rows":
            return self.amid("rows", turn, result)
        self.at("after")
        self._call = ""
        return result

    def amid(self, name: str, turn: int, pieces: Iterable[Any]) -> Iterator[Any]:
        """Pieces with a boundary before each of them."""
        for piece in pieces:
            self._call, self._turn = name, turn
            self.at("amid")
            yield piece
        if name == "rows":
            self._call = ""


class Watched:
    """A backend whose every call goes through :class:`Steps`."""

    def __init__(self, backend: Any, steps: Steps) -> None:
        self._backend, self._steps = backend, steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._backend, name)
        return (lambda *given: self._steps.during(name, found, given)) if callable(found) else found

    def write(self, rows: Iterable[Any]) -> None:
        """Rows come in pieces: nothing else is under way between two of them."""
        self._steps.during("write", lambda: self._backend.write(self._steps.amid("write", 1, rows)), ())


def run(job: Job, pipe: Connection) -> None:
    """Carries a job out and tells of it through a pipe."""
    steps = Steps(job, pipe)
    tempfile.tempdir = os.environ.get("FAULTS_FOLDER")
    for name, value in {**SIZES, **job.settings}.items():
        module, _, constant = name.rpartition(".")
        setattr(import_module(f"common.io.collections.{module}"), constant, value)
    mistakes.make(job.mistake)
    mistakes.turn_clock(job.clock)
    _listen(steps)
    result, error, said = None, "", ""
    try:
        result = getattr(operations, job.operation)(steps, **job.arguments)
    except VitrineError as failure:
        error, said = type(failure).__name__, str(failure)
    except Exception:  # noqa: BLE001 (told to the test)
        error, said = "crash", traceback.format_exc()
    pipe.send(Ended(result, error, said, steps.passed))
    pipe.close()
    sys.stdout.flush()
    os._exit(0)  # as abruptly as a kill: connections are not given back


def _listen(steps: Steps) -> None:
    """Makes boundaries of what the file system and the MongoDB driver do."""
    for name in FILE_SYSTEM:
        setattr(os, name, _around(getattr(os, name), name, steps))
    from pymongo import monitoring

    class Commands(monitoring.CommandListener):
        def started(self, told: monitoring.CommandStartedEvent) -> None:
            steps.native(f"before {told.command_name}")

        def succeeded(self, told: monitoring.CommandSucceededEvent) -> None:
            steps.native(f"after {told.command_name}")

        def failed(self, told: monitoring.CommandFailedEvent) -> None:
            steps.native(f"after {told.command_name}")

    monitoring.register(Commands())


def _around(function: Callable[..., Any], name: str, steps: Steps) -> Callable[..., Any]:
    def around(*given: Any, **named: Any) -> Any:
        steps.native(f"before {name}")
        result = function(*given, **named)
        steps.native(f"after {name}")
        return result

    return around
