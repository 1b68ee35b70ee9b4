"""The model's schedules on the real stores: actors are threads that stop before each call of their backend.

Whatever is killed, paused or interleaved there, the store must hold what the model says it holds.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from common.io.collections import merging, open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import AttemptError, HoldError, Query, VersionGone
from contract.kit import SALES, STORES, batch, content, pages, publication
from model.interrupted import Interrupted, Killed
from model.protocol_model import Load, Rows, laid_over
from model.test_protocol_model import random_load

SCHEDULES = int(os.environ.get("MODEL_STORE_SCHEDULES", "4"))
STEPS = 120
MONTHS = {"a": 1, "b": 2, "c": 7}  # of 2026; the first two are merged, the newest stays as it is
ANCHOR = Load("anchor", ("c1", "c2"), {"c1x": 7, "c2x": 7}, upsert=False, watermark=0, scheduled=False)


class Actor:
    """A thread that takes one step, to its next call of the backend, when it is told to."""

    def __init__(self, url: str, work: Callable[[VersionedCollection], None]) -> None:
        self.dead = self.ended = False
        self.error: BaseException | None = None
        self._go, self._rested = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(url, work), daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Lets it run to its next call or its end."""
        self._go.release()
        assert self._rested.acquire(timeout=60), "an actor waits for another one that rests"

    def kill(self) -> None:
        """Ends it where it stands."""
        self.dead = True
        while not self.ended:
            self.step()
        self._thread.join()

    def _run(self, url: str, work: Callable[[VersionedCollection], None]) -> None:
        self._go.acquire()
        store = open_store(url, batch_size=1)
        try:
            collection = store.collection(SALES)
            assert isinstance(collection, VersionedCollection)
            collection.backend = Interrupted(collection.backend, self._rest)  # type: ignore[assignment]
            work(collection)
        except (Killed, AttemptError, HoldError, VersionGone):
            pass
        except BaseException as error:  # noqa: BLE001 (raised by the schedule)
            self.error = error
        finally:
            store.close()
            self.ended = True
            self._rested.release()

    def _rest(self) -> None:
        if not self.dead:
            self._rested.release()
            self._go.acquire()
        if self.dead:
            raise Killed


class Schedule:
    """One random schedule on one empty store."""

    def __init__(self, seed: int, url: str) -> None:
        self.dice, self.url = random.Random(seed), url
        self.store = open_store(url, batch_size=10)
        collection = self.store.collection(SALES)
        assert isinstance(collection, VersionedCollection)
        self.observer = collection
        self.observer.ensure()
        self.loads = {ANCHOR.run: ANCHOR}
        self.expected: dict[int, Rows] = {0: {}}
        self.created: dict[str, datetime] = {}  # run -> when the rows that it inserted were created
        self.revision = 0
        self.kinds: list[Callable[[], Callable[[VersionedCollection], None]]] = [
            self.load,
            self.load,
            lambda: self.take_over,
            lambda: self.read,
            self.vacuum,
            self.roll_back,
            lambda: lambda collection: collection.release(by="test", reason="test"),
            lambda: self.merge,
        ]
        self.weights = [0.1 + self.dice.random() for _ in self.kinds]
        self.seen: set[str] = set()  # what came to pass

    def run(self) -> None:
        stage_and_publish(self.observer, ANCHOR)
        actors: list[Actor] = []
        paused: dict[Actor, int] = {}
        try:
            for step in range(STEPS):
                if len(actors) < 4 and self.dice.random() < 0.4:
                    work = self.dice.choices(self.kinds, self.weights)[0]()
                    actors.append(Actor(self.url, work))
                awake = [actor for actor in actors if paused.get(actor, 0) <= step]
                if awake:
                    actor = self.dice.choice(awake)
                    self.steps(actor)
                    if actor.ended:
                        actors.remove(actor)
                    elif self.dice.random() < 0.05:
                        paused[actor] = step + self.dice.randint(10, 40)
        finally:
            for actor in actors:
                actor.kill()
        self.observer.vacuum(keep=1, abandon_after=timedelta(0))
        self.check()
        assert self.observer.vacuum(keep=1).chunks == 0
        assert self.observer.backend.entries()[1] == set(), "vacuum left changes behind"

    def steps(self, actor: Actor) -> None:
        """Lets an actor take some steps, or kills it."""
        if self.dice.random() < 0.02:
            actor.kill()
        for _ in range(self.dice.choice((1, 1, 2, 8, 30))):
            if not actor.ended:
                actor.step()
                self.check_change()
        self.check(some=True)
        if actor.error:
            raise actor.error

    def check_change(self) -> None:
        """After each change of the record."""
        revision = self.observer.backend.record().revision
        if revision != self.revision:
            self.revision = revision
            self.check()

    def check(self, some: bool = False) -> None:
        """Each retained version, or some one of them, holds what the model expects."""
        versions = list(self.observer.backend.record().versions)
        for version in [self.dice.choice(versions)] if some else versions:
            number = version.number
            if number not in self.expected:
                assert number == max(self.expected) + 1
                before = self.expected[number - 1]
                if version.kind == "publish":
                    self.expected[number] = laid_over(before, self.loads[version.run_id])
                else:
                    self.expected[number] = self.expected[version.restored] if version.restored else before
                self.seen.add(version.kind)
            self.check_version(number)

    def check_version(self, number: int) -> None:
        rows = content(self.observer, number, "product_id", "quantity", "created_at")
        expected = self.expected[number]
        assert [(row["product_id"], row["quantity"]) for row in rows] == [
            (key, value) for key, (value, _) in sorted(expected.items())
        ]
        for row in rows:
            _, run = expected[row["product_id"]]
            assert self.created.setdefault(run, row["created_at"]) == row["created_at"]

    # actors

    def load(self) -> Callable[[VersionedCollection], None]:
        load = random_load(self.dice, f"run{len(self.loads)}")
        self.loads[load.run] = load

        def work(collection: VersionedCollection) -> None:
            for _ in range(3):
                try:
                    stage_and_publish(collection, load)
                    return
                except AttemptError:
                    self.seen.add("refused")

        return work

    def take_over(self, collection: VersionedCollection) -> None:
        """Publishes what another actor staged, or has not yet staged."""
        for name, attempt in collection.backend.record().attempts.items():
            if attempt.run_id != "merge":
                publish(collection, name, self.loads[attempt.run_id])

    def read(self, collection: VersionedCollection) -> None:
        """Page by page the version that is the first to be retired, again and again."""
        query = Query(fields=("product_id", "quantity"), limit=2)
        for _ in range(6):
            number = collection.history()[-1].number
            try:
                found = [row for page in pages(collection, number, query) for row in page.rows.to_pylist()]
            except VersionGone:
                self.seen.add("gone")
                continue
            expected = sorted((key, value) for key, (value, _) in self.expected[number].items())
            assert [(row["product_id"], row["quantity"]) for row in found] == expected

    def vacuum(self) -> Callable[[VersionedCollection], None]:
        keep, abandon_after = self.dice.randint(1, 2), timedelta(0 if self.dice.random() < 0.3 else 1)

        def work(collection: VersionedCollection) -> None:
            collection.vacuum(keep, abandon_after=abandon_after)

        return work

    def roll_back(self) -> Callable[[VersionedCollection], None]:
        dice, hold = random.Random(self.dice.random()), self.dice.random() < 0.2

        def work(collection: VersionedCollection) -> None:
            to = dice.choice(collection.history())
            collection.rollback(to.number, by="test", reason="test", hold=hold)

        return work

    def merge(self, collection: VersionedCollection) -> None:
        if collection.merge() is None:
            self.seen.add("nothing merged")


def stage_and_publish(collection: VersionedCollection, load: Load) -> None:
    """Publishes a run, twice over."""
    rows = [
        {
            "date": day_of(key),
            "product_id": key,
            "product_name": None,
            "quantity": value,
            "revenue": Decimal(value) / 4,
        }
        for key, value in load.rows.items()
    ]
    staged = collection.stage(
        [batch(rows)],
        [day_of(day).isoformat() for day in load.days],
        run_id=load.run,
        mode="upsert" if load.upsert else "replace",
    )
    first = publish(collection, staged.attempt, load)
    assert publish(collection, staged.attempt, load) == first


def publish(collection: VersionedCollection, attempt: str, load: Load) -> int:
    """The version that holds the attempt."""
    return collection.publish(attempt, publication(load.run, scheduled=load.scheduled)).version


def day_of(key: str) -> date:
    """The day that a key of the model begins with."""
    return date(2026, MONTHS[key[0]], int(key[1]))


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_the_store_does_what_the_model_does(
    store: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "LONG", 3)
    schedule = Schedule(seed, STORES[store](tmp_path))
    try:
        schedule.run()
    finally:
        schedule.store.close()
    assert max(schedule.expected) >= 3, "hardly anything was published: the schedule proves nothing"
