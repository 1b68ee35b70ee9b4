"""Random schedules of the modelled protocol: whatever is killed or paused, readers see one whole version."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from model.protocol_model import (
    Gone,
    Load,
    Memory,
    Record,
    Refused,
    Steps,
    merge,
    publish,
    read,
    release,
    rollback,
    stage,
    vacuum,
)

SCHEDULES = int(os.environ.get("MODEL_SCHEDULES", "2500"))
STEPS = 220
MISTAKES = (
    "compares a day with itself alone",
    "deletes before it retires",
    "deletes chunks younger than its record",
    "deletes manifests younger than its record",
    "does not know what it published",
    "does not look again after reading",
    "does not spare the chunks of open attempts",
    "does not spare the manifests of open attempts",
    "forgets that a roll-back names an old manifest",
    "goes back to what is retired",
    "marks as whole before the changes are written",
    "merges a month that got a day",
    "names a manifest before it is written",
    "publishes what is not whole",
    "publishes what was abandoned",
    "publishes while it is held",
    "publishes without the base check",
    "sets without comparing",
    "takes a manifest that is gone for an empty one",
    "takes any watermark",
    "uses a chunk id again",
)


class Schedule:
    """One random schedule on one empty store: up to five actors, which are stepped, paused and killed."""

    def __init__(self, seed: int, mistake: str = "") -> None:
        self.dice, self.store = random.Random(seed), Memory(mistake)
        self.loads: dict[str, Load] = {}
        self.runs: dict[int, str] = {}  # by attempt
        self.published: list[int] = []
        self.kinds: list[Callable[[], Steps]] = [
            self.load,
            self.load,
            self.take_over,
            self.read,
            self.vacuum,
            self.roll_back,
            lambda: release(self.store),
            lambda: merge(self.store, self.dice.choice(("a", "b", "ab"))),
        ]

        # Schedules of few kinds go deeper where many of one kind meet than schedules of all kinds alike.
        self.weights = [self.dice.random() ** 2 for _ in self.kinds]

    def run(self) -> Memory:
        actors: list[Steps] = []
        paused: dict[Steps, int] = {}
        for step in range(STEPS):
            if len(actors) < 5 and self.dice.random() < 0.3:
                actors.append(self.dice.choices(self.kinds, self.weights)[0]())
            awake = [actor for actor in actors if paused.get(actor, 0) <= step]
            if not awake:
                continue
            actor, fate = self.dice.choice(awake), self.dice.random()
            if fate < 0.01 or not self.steps(actor, self.dice.choice((1, 1, 2, 8, 30))):
                actors.remove(actor)  # where it was killed, it never takes another step
            elif fate < 0.05:
                paused[actor] = step + self.dice.randint(10, 80)
        self.end()
        return self.store

    def steps(self, actor: Steps, number: int) -> bool:
        """Lets an actor take some steps; whether it has more to take."""
        alive = True
        while alive and number:
            before, number = self.store.record, number - 1
            try:
                next(actor)
            except (StopIteration, Gone, Refused):
                alive = False
            if self.store.record is not before:
                self.check_change(before, self.store.record)
        self.check_versions()
        return alive

    def end(self) -> None:
        """The last vacuum leaves the live version and nothing beside it."""
        store = self.store
        exhaust(vacuum(store, 1, store.record.next_attempt))
        self.check_versions()
        live = store.manifests.get(store.record.live.stored, {})
        assert set(store.chunks) == {chunk.id for chunk in live.values()}, "vacuum left chunks behind"
        assert set(store.manifests) <= {store.record.live.stored}, "vacuum left manifests behind"
        assert not store.changes, "vacuum left changes behind"

    def check_versions(self) -> None:
        """Each retained version holds what it always held, each row once."""
        store = self.store
        for version in store.record.versions:
            manifest = store.manifests.get(version.stored, {})
            beside = [day for day in manifest if day != day[:1] and day[:1] in manifest]
            assert not beside, "a day stands beside its month"
            chunks = [store.chunks.get(chunk.id, {}) for chunk in manifest.values()]
            held = {key: row for rows in chunks for key, row in rows.items()}
            whole = held == store.expected[version.number] and len(held) == sum(map(len, chunks))
            assert whole, f"retained version {version.number} is not whole"

    def check_change(self, before: Record, after: Record) -> None:
        """What one compare-and-set may do."""
        self.check_versions()
        self.runs |= {number: attempt.run for number, attempt in after.attempts.items()}
        assert after.live.number - before.live.number in (0, 1), "a number was left out or came back"
        for number in after.published.keys() - before.published.keys():
            self.published.append(number)
            assert after.live.watermark >= before.live.watermark, "the watermark went backwards"
            assert not (before.hold and self.loads[self.runs[number]].scheduled), (
                "published while it was held"
            )
        assert len(set(self.published)) == len(self.published), "an attempt was published twice"

    # actors

    def load(self) -> Steps:
        """Stages and publishes, twice over; stages again where it is refused."""
        load = random_load(self.dice, f"run{len(self.loads)}")
        self.loads[load.run] = load
        for _ in range(3):
            try:
                number = yield from stage(self.store, load)
                version = yield from publish(self.store, number, load)
            except Refused:
                continue
            try:
                assert (yield from publish(self.store, number, load)) == version
            except Refused:
                pytest.fail("publishing again was refused")
            return

    def take_over(self) -> Steps:
        """Publishes what another actor staged, or has not yet staged."""
        yield
        attempts = {n: one for n, one in self.store.record.attempts.items() if one.run != "merge"}
        if attempts:
            number, attempt = self.dice.choice(list(attempts.items()))
            yield from publish(self.store, number, self.loads[attempt.run])

    def read(self) -> Steps:
        """Reads some pages of a version that it has seen, or that it believes to be there."""
        store = self.store
        yield
        known = self.dice.choice((store.record, store.seen)).versions
        if known:
            number = self.dice.choice(known).number
            for _ in range(3):
                found = yield from read(store, number)
                assert found == sorted(store.expected[number].items()), f"version {number} is not whole"

    def roll_back(self) -> Steps:
        yield
        if self.store.record.versions:
            to = self.dice.choice(self.store.record.versions)
            yield from rollback(self.store, to, self.dice.random() < 0.2)

    def vacuum(self) -> Steps:
        """Now and then it takes some open attempts for dead, some of them wrongly."""
        opened_before = self.store.record.next_attempt - self.dice.randint(0, 3)
        return vacuum(self.store, self.dice.randint(1, 3), opened_before if self.dice.random() < 0.3 else 0)


def random_load(dice: random.Random, run: str) -> Load:
    """What a run brings: up to three days, each with none to two of two keys and one of two values."""
    days = tuple(sorted(dice.sample(("a1", "a2", "a3", "b1", "b2"), dice.randint(1, 3))))
    keys = [day + key for day in days for key in "xy"]
    rows = {key: dice.randint(0, 1) for key in dice.sample(keys, dice.randint(0, len(keys)))}
    return Load(run, days, rows, dice.random() < 0.4, dice.randint(0, 9), dice.random() < 0.7)


def exhaust(steps: Steps) -> Any:
    """Runs an actor to its end, alone."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.timeout(60 + SCHEDULES // 20)
def test_no_schedule_breaks_the_protocol() -> None:
    versions = sum(Schedule(seed).run().record.live.number for seed in range(SCHEDULES))
    assert versions > SCHEDULES, "the schedules hardly publish anything: they prove nothing"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_rule_is_needed(mistake: str) -> None:
    def run_schedules() -> None:
        for seed in range(20_000):
            Schedule(seed, mistake).run()

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run_schedules()
