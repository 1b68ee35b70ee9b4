"""The model's schedules on the real stores: actors are threads that stop before each transaction.

Whatever is killed, paused or interleaved there, the store must hold what the model says it holds.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from common.io.collections import open_store
from common.io.collections.protocol import AttemptError, Collection, Query, VersionGone
from contract.kit import SALES, STORES, content, pages, publication, sale, stage
from model.protocol_model import Content, Wanted, laid_over, random_rows

SCHEDULES = 6
STEPS = 160


class Killed(BaseException):
    """What an actor dies of; nothing in the store may catch it."""


class Actor:
    """A thread that takes one step, to its next transaction, when it is told to."""

    def __init__(self, url: str, work: Callable[[Collection], None]) -> None:
        self.dead = self.ended = False
        self.error: BaseException | None = None
        self._go, self._rest = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(url, work), daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Lets it run to its next transaction or its end."""
        self._go.release()
        assert self._rest.acquire(timeout=60), "an actor waits for another one inside a transaction"

    def kill(self) -> None:
        """Ends it where it stands."""
        self.dead = True
        while not self.ended:
            self.step()
        self._thread.join()

    def _run(self, url: str, work: Callable[[Collection], None]) -> None:
        store = open_store(url, batch_size=1)
        event.listen(store.database.engine, "checkout", self._pause)
        self._go.acquire()
        try:
            work(store.collection(SALES))
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 (raised by the schedule)
            self.error = error
        finally:
            store.close()
            self.ended = True
            self._rest.release()

    def _pause(self, *_: object) -> None:
        if not self.dead:
            self._rest.release()
            self._go.acquire()
        if self.dead:
            raise Killed


class Schedule:
    """One random schedule on one empty store."""

    def __init__(self, seed: int, url: str) -> None:
        self.dice, self.url = random.Random(seed), url
        store = open_store(url, batch_size=10)
        self.observer = store.collection(SALES)
        self.observer.ensure()
        self.close = store.close
        self.wanted: dict[str, Wanted] = {}
        self.expected: dict[int, Content] = {0: {}}
        self.created: dict[str, object] = {}  # run -> when the rows that it inserted were created
        self.whole = self.gone = 0

    def run(self) -> None:
        actors: list[Actor] = []
        for step in range(STEPS):
            if len(actors) < 4 and self.dice.random() < 0.3:
                actors.append(Actor(self.url, self.work(f"run{step}")))
            if not actors:
                continue
            actor = self.dice.choice(actors)
            if self.dice.random() < 0.02:
                actor.kill()
            for _ in range(self.dice.choice((1, 1, 2, 8))):
                if not actor.ended:
                    actor.step()
                    self.check()
            if actor.ended:
                actors.remove(actor)
                if actor.error:
                    raise actor.error
        for actor in actors:
            actor.kill()
        self.observer.vacuum(keep=1, abandon_after=timedelta(0))
        self.check()
        assert self.observer.vacuum(keep=1).chunks == 0

    def work(self, run: str) -> Callable[[Collection], None]:
        """What an actor of a random kind does."""
        dice = random.Random(self.dice.random())
        self.wanted[run] = random_rows(dice)
        keep, abandon = dice.randint(1, 3), timedelta(0 if dice.random() < 0.3 else 1)
        kinds: list[Callable[[Collection], None]] = [
            lambda collection: self.load(collection, run),
            lambda collection: self.load(collection, run),
            self.read,
            lambda collection: vacuum_off(collection, keep, abandon),
            lambda collection: self.roll_back(collection, dice),
        ]
        return dice.choice(kinds)

    def load(self, collection: Collection, run: str) -> None:
        rows = [
            sale("abc".index(partition) + 1, key, value)
            for partition, wanted in self.wanted[run].items()
            for key, value in wanted.items()
        ]
        days = ["abc".index(partition) + 1 for partition in self.wanted[run]]
        for _ in range(3):
            try:
                staged = stage(collection, run, days, rows)
                first = collection.publish(staged.attempt, publication(run))
                assert collection.publish(staged.attempt, publication(run)).version == first.version
                return
            except AttemptError:
                continue

    def read(self, collection: Collection) -> None:
        live = collection.live()
        if live is None:
            return
        try:
            query = Query(fields=("product_id", "quantity"), limit=2)
            found = [row for page in pages(collection, live.number, query) for row in page.rows.to_pylist()]
        except VersionGone:
            self.gone += 1
            return
        self.whole += 1
        assert {row["product_id"]: row["quantity"] for row in found} == flat(self.expected[live.number])

    def roll_back(self, collection: Collection, dice: random.Random) -> None:
        versions = collection.history()
        if versions:
            try:
                collection.rollback(dice.choice(versions).number, by="test", reason="test")
            except VersionGone:
                return

    def check(self) -> None:
        """The store holds what the model expects of each retained version."""
        versions = sorted(self.observer.history(), key=lambda version: version.number)
        for version in versions:
            number = version.number
            if number not in self.expected:
                assert number == max(self.expected) + 1
                if version.restored:
                    self.expected[number] = self.expected[version.restored]
                else:
                    before = self.expected[number - 1]
                    self.expected[number] = laid_over(before, version.run_id, self.wanted[version.run_id])
            rows = content(self.observer, number, "product_id", "quantity", "created_at")
            assert {row["product_id"]: row["quantity"] for row in rows} == flat(self.expected[number])
            inserted = {key: run for part in self.expected[number].values() for key, (_, run) in part.items()}
            for row in rows:
                run = inserted[row["product_id"]]
                assert self.created.setdefault(run, row["created_at"]) == row["created_at"]


def vacuum_off(collection: Collection, keep: int, abandon_after: timedelta) -> None:
    """A vacuum."""
    collection.vacuum(keep, abandon_after=abandon_after)


def flat(wanted: Content) -> dict[str, int]:
    """Key to value."""
    return {key: value for rows in wanted.values() for key, (value, _) in rows.items()}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_the_store_does_what_the_model_does(store: str, seed: int, tmp_path: Path) -> None:
    schedule = Schedule(seed, STORES[store](tmp_path))
    try:
        schedule.run()
    finally:
        schedule.close()
    assert max(schedule.expected) >= 3, "hardly anything was published: the schedule proves nothing"
