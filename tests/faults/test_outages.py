"""What else befalls a store: its server dies or hangs, its disk is full, a lock is held, clocks jump.

Each time a writer is told so by a StoreError in bounded time, readers see one whole version as soon as they
see anything, and afterwards the same run goes through.
"""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from common.io.collections import open_store
from common.io.collections.sql import postgresql_connections
from contract.kit import STORES
from disks import small_disk
from faults.child import Boundary, Ended, Job
from faults.contents import Content
from faults.matrix import _first_load, load, vacuum
from faults.processes import Child, Processes
from faults.results import ALL, RESULTS
from faults.tally import Line, Tally
from faults.trial import Step, Trial
from servers import KINDS, Server, server
from servers.process import free_port
from servers.session import Session

BOUND = 30.0  # seconds in which a writer is told
SERVERS = [store for store in STORES if store in KINDS]
FILES = [store for store in STORES if store not in KINDS]
SQL = [store for store in STORES if store in ("sqlite", "postgresql", "mysql")]
HEAVY = 2_000_000  # characters in a row, so that a load needs room on the disk
ROUNDS = 5 if ALL else 1
EACH = list(STORES) if ALL else ["sqlite"]  # for what is the protocol's, which all stores share
# The product's waits, shortened; each is bounded as it stands.
WAITS = {
    "sql.sqlite.BUSY_SECONDS": 1,
    "sql.postgresql_connections.SETTINGS": {**postgresql_connections.SETTINGS, "lock_timeout": "1s"},
    "sql.postgresql_connections.STATEMENT_SECONDS": 2,
    "sql.postgresql_connections.GRACE_SECONDS": 1,
    "sql.mysql_connections.CONNECT_SECONDS": 1,
    "sql.mysql_connections.ANSWER_SECONDS": 2,
    "sql.mysql_connections.LOCK_SECONDS": 1,
    "mongo.database.WAITS": {
        "serverSelectionTimeoutMS": 1500,
        "connectTimeoutMS": 1500,
        "socketTimeoutMS": 1500,
    },
}
BEFORE_ROWS = Boundary("stage", "write", 1, "before")
AMID_ROWS = Boundary("stage", "write", 1, "amid", 2)
BEFORE_POINTER = Boundary("publish", "swap", 1, "before")
AFTER_POINTER = Boundary("publish", "swap", 1, "after")


@contextmanager
def on_trial(starter: Processes, url: str) -> Iterator[Trial]:
    """A store with one version, which must be in order at the end."""
    with Trial(starter, url, Tally()) as trial:
        trial.prepare(_first_load(trial))
        yield trial
        trial.demand_tidy(Line())
        trial.end(Line())
        assert trial.tally.faults == []
        assert trial.watch.reads > 0


def note(what: str, store: str, ended: Ended, seconds: float) -> None:
    """For the table: what the writer was told, and when."""
    told = f"{ended.error} after {seconds:.1f} s" if ended.error else f"goes on after {seconds:.1f} s"
    RESULTS.outages.setdefault(what, {})[store] = told


def demand_told(trial: Trial, ended: Ended | None, seconds: float, *, fails: bool = True) -> Ended:
    """A clear error in bounded time, without the password; or none where the store was back in time."""
    assert ended is not None
    assert ended.error in (("StoreError",) if fails else ("StoreError", "")), ended.said
    assert seconds < BOUND
    password = urlsplit(trial.url).password
    assert password is None or password not in ended.said
    return ended


def strike(
    trial: Trial,
    step: Step,
    at: Boundary,
    blow: Callable[[Child], object],
    mend: Callable[[], object],
    *,
    fails: bool = True,
) -> tuple[Ended, float]:
    """Strikes a store while a step stands at a boundary; the step goes on, and is then started again."""
    before, after = (trial.number, trial.content), (trial.number + step.new, step.wanted)
    child = trial.processes.start(trial.job(step, stop=at, signal=signal.SIGSTOP, settings=WAITS))
    assert child.stopped() == at
    trial.watch.may_refuse = True
    blow(child)
    began = time.monotonic()
    child.wake()
    try:
        ended = demand_told(trial, child.wait(), seconds := time.monotonic() - began, fails=fails)
    finally:
        mend()
    found = trial.look(Line(), f"after {at}")
    assert found in ((after,) if child.published or at == AFTER_POINTER else (before, after))
    trial.do(step)
    trial.watch.may_refuse = False
    reads = trial.watch.reads
    while trial.watch.reads == reads:  # the reader finds its way back, and is judged again
        time.sleep(0.01)
    return ended, seconds


# Nobody there


@pytest.mark.parametrize("store", SERVERS)
def test_connection_refused(store: str, starter: Processes) -> None:
    url = urlsplit(server(store).empty_database())
    account = f"{url.username}:{url.password}@" if url.password else ""
    elsewhere = url._replace(netloc=f"{account}{url.hostname}:{free_port()}").geturl()
    began = time.monotonic()
    job = Job(elsewhere, "load", {"run": "run 1", "content": Content(1)}, settings=WAITS)
    ended, seconds = starter.finish(job), time.monotonic() - began
    assert (ended.error, ended.result) == ("StoreError", None), ended.said
    assert seconds < BOUND
    assert url.password is None or url.password not in ended.said
    note("nobody listens at the address", store, ended, seconds)


@pytest.mark.parametrize("store", FILES)
def test_place_that_is_no_folder(store: str, starter: Processes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    job = Job(STORES[store](tmp_path / "file"), "load", {"run": "run 1", "content": Content(1)})
    ended = starter.finish(job)
    assert ended.error == "StoreError", ended.said


# A server that dies, and one that hangs


@pytest.mark.parametrize(
    "at", [BEFORE_POINTER, AMID_ROWS, AFTER_POINTER] if ALL else [BEFORE_POINTER], ids=str
)
@pytest.mark.parametrize("store", SERVERS)
def test_server_killed_and_started_again(store: str, at: Boundary, starter: Processes) -> None:
    there = server(store)
    with on_trial(starter, there.empty_database()) as trial:
        told = strike(trial, load(trial), at, lambda _: there.restart(kill=True), str, fails=False)
        note(f"server killed and restarted, {at.phase}: {at.where} {at.call}", store, *told)


@pytest.mark.parametrize("at", [BEFORE_POINTER, BEFORE_ROWS] if ALL else [BEFORE_POINTER], ids=str)
@pytest.mark.parametrize("store", SERVERS)
def test_server_that_hangs(store: str, at: Boundary, starter: Processes) -> None:
    there = server(store)
    with on_trial(starter, there.empty_database()) as trial:
        told = strike(trial, load(trial), at, lambda _: there.pause(), there.resume)
        note(f"server hangs, {at.phase}: {at.where} {at.call}", store, *told)


# Locks


@pytest.mark.parametrize("store", SQL)
def test_lock_on_the_record(store: str, starter: Processes, tmp_path: Path) -> None:
    from sqlalchemy import text

    url = STORES[store](tmp_path)
    with on_trial(starter, url) as trial:
        holder: Any = open_store(url, batch_size=1)
        connection = holder.database.engine.execution_options(writes=True).connect()

        def hold(_: Child) -> None:
            connection.execute(text("UPDATE vitrine_collections SET revision = revision"))

        told = strike(trial, load(trial), BEFORE_POINTER, hold, connection.rollback)
        connection.close()
        holder.close()
        note("another one holds a lock on the record", store, *told)


# Room


@pytest.fixture
def disk() -> Iterator[Path]:
    """One that a server gets to which runs as another user."""
    with tempfile.TemporaryDirectory(prefix="vitrine-disk-") as above:
        Path(above).chmod(0o711)
        with small_disk(Path(above) / "small", "512m") as disk:
            yield disk


def fill(folder: Path) -> None:
    """Leaves no room."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
    with suppress(OSError), (folder / "filler.end").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))


def free(folder: Path) -> None:
    """Makes room again."""
    for name in ("filler", "filler.end"):
        (folder / name).unlink(missing_ok=True)


def heavy(trial: Trial) -> Step:
    """A load of many megabytes."""
    step = load(trial)
    step.arguments["padding"] = HEAVY
    return step


@pytest.mark.parametrize("store", FILES)
def test_full_disk(store: str, starter: Processes, disk: Path) -> None:
    with on_trial(starter, STORES[store](disk)) as trial:
        for at in (BEFORE_ROWS, BEFORE_POINTER):
            told = strike(trial, heavy(trial), at, lambda _: fill(disk), lambda: free(disk), fails=False)
            note(f"disk full, {at.phase}: {at.where} {at.call}", store, *told)
            if at != BEFORE_POINTER:
                assert told[0].error == "StoreError"


@pytest.mark.parametrize("store", FILES)
def test_files_that_may_not_grow(store: str, starter: Processes, tmp_path: Path) -> None:
    """What a quota does; unlike a full disk it needs no rights to try."""

    def limit(child: Child) -> None:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    with on_trial(starter, STORES[store](tmp_path)) as trial:
        told = strike(trial, heavy(trial), BEFORE_ROWS, limit, str)
        note("files may not grow", store, *told)


@pytest.mark.parametrize("store", SERVERS)
def test_server_on_a_full_disk(
    store: str, starter: Processes, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.environ.get(KINDS[store].variable):
        pytest.skip("the server is not ours")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    session = Session()
    there: Server = KINDS[store](session)
    monkeypatch.undo()
    try:
        there.start()

        def mend() -> None:
            free(disk)
            if not there.answers():
                there.restart(kill=True)

        with on_trial(starter, there.empty_database()) as trial:
            told = strike(trial, heavy(trial), BEFORE_ROWS, lambda _: fill(disk), mend)
            note("disk full, stage: before write", store, *told)
    finally:
        session.end()


# Several writers


@pytest.mark.parametrize("store", EACH)
def test_two_writers_of_the_same_days(store: str, starter: Processes, empty_store: Callable[[], str]) -> None:
    with on_trial(starter, empty_store()) as trial:
        for _ in range(ROUNDS):
            steps = [load(trial), load(trial)]
            children = [starter.start(trial.job(step)) for step in steps]
            ended = [child.wait() for child in children]
            won = [
                (one.result, step.wanted)
                for one, step in zip(ended, steps, strict=True)
                if one and not one.error
            ]
            assert won, [one and one.said for one in ended]
            assert all(one and one.error in ("", "AttemptError") for one in ended)
            for version, content in sorted(won, key=lambda one: int(one[0])):
                assert version == trial.number + 1
                trial.number, trial.content = version, content
                trial.expected[version] = content or Content(0)
            trial.demand(Line(), "after two writers")


@pytest.mark.parametrize("store", EACH)
def test_two_writers_of_different_days(
    store: str, starter: Processes, empty_store: Callable[[], str]
) -> None:
    with on_trial(starter, empty_store()) as trial:
        for month in range(ROUNDS):
            step = load(trial)
            other = Step("load_month", {"run": f"month {month}", "number": month})
            children = [starter.start(trial.job(one)) for one in (step, other)]
            ended = [child.wait() for child in children]
            assert [one and one.error for one in ended] == ["", ""], [one and one.said for one in ended]
            value, months = trial.content or (0, 0)
            wanted = step.wanted or Content(0)
            first = ended[0].result == trial.number + 1 if ended[0] else False
            between = Content(wanted.value, months) if first else Content(value, months + 1)
            trial.expected[trial.number + 1] = between
            trial.number, trial.content = trial.number + 2, Content(wanted.value, months + 1)
            trial.expected[trial.number] = trial.content
            trial.demand(Line(), "after two writers")


# Clocks


@pytest.mark.parametrize("store", EACH)
@pytest.mark.parametrize("jump", [timedelta(days=-4000), timedelta(days=4000)], ids=["back", "forward"])
def test_clocks_that_jump(
    jump: timedelta, store: str, starter: Processes, empty_store: Callable[[], str]
) -> None:
    with on_trial(starter, empty_store()) as trial:
        for step in (load(trial), load(trial)):  # a writer whose clock is off
            ended = starter.finish(trial.job(step, clock=jump))
            assert ended.error == "", ended.said
            trial.settle(step)
            trial.demand(Line(), "after a writer whose clock is off")

        def sweep(trial: Trial, _: Step, line: Line) -> None:
            """A vacuum whose clock is off: it may take what lives for dead."""
            ended = starter.finish(trial.job(vacuum(trial), clock=jump))
            assert ended.error == "", ended.said
            trial.do(load(trial), line)

        trial.stop(load(trial), AMID_ROWS, sweep)
