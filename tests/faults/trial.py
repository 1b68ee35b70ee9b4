"""One store under trial: what must be in it after each step, and whether it is, for everyone who reads it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any

from sqlalchemy import inspect

from common.io.collections import open_store
from common.io.collections.encoding import SYSTEM
from common.io.collections.protocol import Collection, Query
from common.utils.contract import Contract
from common.utils.errors import VitrineError
from contract.kit import SALES
from faults import operations
from faults.child import BATCH_SIZE, Boundary, Ended, Job
from faults.contents import Content, recognised
from faults.processes import Child, Processes
from faults.reader import HalfSeen, Listing, Watch
from faults.tally import INSTANT, Line, Tally, group_of

NOTHING = (0, None)  # the state of a store without a version


@dataclass(frozen=True)
class Step:
    """An operation and what it makes of the collection.

    Attributes:
        operation: A function of :mod:`faults.operations`.
        wanted: The content afterwards.
        new: How many versions it makes, however often it is killed and started again.
    """

    operation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    wanted: Content | None = None
    new: int = 1


class Undisturbed:
    """Stands in for :class:`faults.child.Steps` where nothing is killed."""

    phase = ""

    def __init__(self, url: str) -> None:
        self._store = open_store(url, batch_size=BATCH_SIZE)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def collection(self, contract: Contract) -> Collection:
        return self._store.collection(contract)

    def tell(self, news: str) -> None:
        """Nobody asks."""


class Trial:
    """A store with a reader that watches it all the time.

    Attributes:
        number, content: The live version as it must be.
        expected: Every version that was ever live, by number.
        value: Of the newest content that any run was given.
        contract: The number of the newest contract of :func:`faults.operations.newer` that was applied.
    """

    def __init__(self, processes: Processes, url: str, tally: Tally, mistake: str = "") -> None:
        self.processes, self.url, self.tally, self.mistake = processes, url, tally, mistake
        self.number: int = 0
        self.content: Content | None = None
        self.expected: dict[int, Content] = {}
        self.value = self.contract = 0
        self.watch = Watch(url)
        self._judged = 0

    def __enter__(self) -> Trial:
        self.watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watch.__exit__(kind, error, trace)

    def job(self, step: Step, **other: Any) -> Job:
        """A step as a job for a process."""
        return Job(self.url, step.operation, step.arguments, mistake=self.mistake, **other)

    def do(self, step: Step, line: Line | None = None) -> Ended:
        """Carries a step out, in a process of its own, and looks whether all is as it must be."""
        line = line or Line()
        ended = self.processes.finish(self.job(step))
        if ended.error:
            line.lost += 1
            self._fault(f"{step.operation} failed: {ended.error}: {ended.said}")
        self.settle(step)
        self.demand(line, f"after {step.operation}")
        return ended

    def prepare(self, step: Step) -> Any:
        """Carries a step out in this process, which is quicker, and takes it for done; what it returns."""
        with Undisturbed(self.url) as steps:
            result = getattr(operations, step.operation)(steps, **step.arguments)
        self.settle(step)
        return result

    def settle(self, step: Step) -> None:
        """Takes a step for done."""
        self.number += step.new
        self.content = step.wanted
        if step.wanted is not None:
            self.expected[self.number] = step.wanted

    def kill(self, step: Step, stop: Boundary) -> None:
        """Kills a step at a boundary, looks, and carries it out again."""
        child = self.processes.start(self.job(step, stop=stop))
        child.wait()
        if child.boundary is None:  # this time it has fewer boundaries
            self.settle(step)
            return
        self._killed(step, child, group_of(child.boundary), str(child.boundary))

    def kill_after(self, step: Step, seconds: float) -> None:
        """Kills a step at any instant."""
        child = self.processes.start(self.job(step))
        time.sleep(seconds)
        child.kill()
        if child.wait() is not None:  # it was done already
            self.settle(step)
            return
        self._killed(step, child, INSTANT, f"{seconds * 1000:.0f} ms after its start")

    def _killed(self, step: Step, child: Child, group: str, where: str) -> None:
        line, what = self.tally.lines[group], f"{step.operation} killed at {where}"
        line.kills += 1
        before, after = (self.number, self.content), (self.number + step.new, step.wanted)
        found = self.look(line, what)
        if found not in ((after,) if child.published else (before, after)):
            line.lost += 1
            self._fault(f"{what}: {found} is live, not {before} or {after}")
        self.demand_retained(line, what, {**self.expected, after[0]: step.wanted or Content(0)})
        self.do(step, line)
        self._count_reads(line)

    def stop(self, step: Step, stop: Boundary, rival: Callable[[Trial, Step, Line], None]) -> None:
        """Stops a step at a boundary, lets a rival go by, wakes it: it must harm nothing."""
        before = self.number
        child = self.processes.start(self.job(step, stop=stop, signal=signal.SIGSTOP))
        boundary = child.stopped()
        if boundary is None:
            self.settle(step)
            return
        line, what = self.tally.lines[group_of(boundary)], f"{step.operation} stopped at {boundary}"
        line.stale += 1
        found = self.look(line, what)
        done = found == (before + step.new, step.wanted)
        if done:
            self.settle(step)
        rival(self, step, line)
        child.wake()
        self._demand_harmless(child, step, line, what, done=done)
        self.demand(line, f"{what}, woken later")
        self.demand_retained(line, what, self.expected)
        self._count_reads(line)

    def _demand_harmless(self, child: Child, step: Step, line: Line, what: str, *, done: bool) -> None:
        """A stale writer is late or has nothing to do; a reader has its version, or hears that it is gone."""
        ended = child.wait()
        if ended is None or ended.error == "crash":
            line.lost += 1
            self._fault(f"{what} and woken: {ended.said if ended else 'it died'}")
        elif step.operation == "read" and not ended.error and recognised(ended.result) != step.wanted:
            line.half_seen += 1
            self._fault(f"{what} and woken: it reads {ended.result}")
        elif step.new and not done and ended.result is not None:
            line.lost += 1
            self._fault(f"{what} and woken: it publishes version {ended.result}")

    def look(self, line: Line, what: str) -> tuple[int, Content | None]:
        """What is live, for the API and for the library alike."""
        answers = []
        for way in (self.watch.reader.ask, self.watch.reader.read):
            try:
                answers.append(way())
            except (VitrineError, HalfSeen) as error:
                line.half_seen += 1
                self._fault(f"{what}: {error}")
        found = {_state(answer) for answer in answers}
        for number, content in found:
            if number and content is None:
                line.half_seen += 1
                self._fault(f"{what}: version {number} is no whole content")
        line.reads += len(answers)
        return found.pop() if len(found) == 1 else (-1, None)

    def demand(self, line: Line, what: str) -> None:
        """The live version is the one that must be."""
        number, content = self.look(line, what)
        if number > self.number:
            line.doubled += 1
            self._fault(f"{what}: version {number} is live instead of {self.number}: published twice")
        elif (number, content) != (self.number, self.content):
            line.lost += 1
            self._fault(f"{what}: {number}, {content} is live instead of {self.number}, {self.content}")
        self.number, self.content = number, content

    def demand_retained(self, line: Line, what: str, expected: dict[int, Content]) -> None:
        """Every version that can be gone back to is whole."""
        for version in self.watch.reader.collection.history():
            try:
                listing = self.watch.reader.read(version.number)
            except VitrineError as error:  # files are missed where rows of a table are just away
                line.lost += 1
                self._fault(f"{what}: the retained version {version.number} cannot be read: {error}")
                continue
            if listing and recognised(listing[1]) != expected.get(version.number):
                line.lost += 1
                self._fault(f"{what}: the retained version {version.number} is {listing[1]}")

    def demand_tidy(self, line: Line) -> None:
        """Vacuum leaves what the live version names and nothing else."""
        store: Any = open_store(self.url, batch_size=BATCH_SIZE)
        collection = store.collection(SALES)
        collection.vacuum(keep=1, abandon_after=timedelta(0))
        again, live, backend = collection.vacuum(keep=1), collection.live(), collection.backend
        named = {chunk.id for chunk in live.manifest.values()}
        left = (again.chunks, set(backend.chunks()) - named, backend.entries())
        if left != (0, set(), ({live.stored}, set())):
            line.lost += 1
            self._fault(f"vacuum leaves {left} beside {live.stored} with {named}")
        store.close()
        self.demand(line, "after the last vacuum")

    def demand_newest(self, line: Line) -> None:
        """The next run of the newest contract finds every field and index that it declares, and no other."""
        contract = operations.newer(self.contract)
        self.do(Step("ensure", {"number": self.contract}, self.content, new=0), line)
        store: Any = open_store(self.url, batch_size=BATCH_SIZE)
        collection = store.collection(contract)
        found = collection.read(self.number, Query(limit=1)).rows
        extra = set(contract.schema.names) - set(SALES.schema.names)
        if any(found.column(name).null_count != found.num_rows for name in extra):
            line.lost += 1
            self._fault(f"the fields that were added are not null: {found.to_pylist()}")
        if engine := getattr(store.database, "engine", None):
            table, inspector = collection.backend.table, inspect(engine)
            wanted = {field.name for field in (*contract.fields, *SYSTEM)}
            shown = {column["name"] for column in inspector.get_columns(collection.backend.name)}
            if shown != wanted:
                line.lost += 1
                self._fault(f"the view shows {shown}, not {wanted}")
            there = {index["name"] for index in inspector.get_indexes(table.name)}
            if there != {index.name for index in table.indexes}:
                line.lost += 1
                self._fault(f"the indexes are {there}")
        store.close()

    def end(self, line: Line) -> None:
        """Judges what the reader has seen all the while."""
        self._count_reads(line)
        strange = {
            number: content
            for number, content in self.watch.seen.items()
            if self.expected.get(number) != content
        }
        for fault in [*self.watch.half_seen, *(f"the reader saw {one}" for one in strange.items())]:
            line.half_seen += 1
            self._fault(fault)

    def _count_reads(self, line: Line) -> None:
        reads = self.watch.reads
        line.reads += reads - self._judged
        self._judged = reads

    def _fault(self, text: str) -> None:
        self.tally.faults.append(text)


def _state(answer: Listing | None) -> tuple[int, Content | None]:
    return (answer[0], recognised(answer[1])) if answer else NOTHING
