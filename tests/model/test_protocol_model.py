"""Random schedules of the modelled protocol: whatever is killed or paused, readers see one whole version."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from model.protocol_model import (
    Gone,
    Memory,
    Refused,
    Steps,
    publish,
    random_rows,
    read,
    rollback,
    stage,
    vacuum,
)

SCHEDULES = 2_000
MISTAKES = (
    "publishes what was abandoned",
    "does not look whether partitions moved",
    "takes any watermark",
    "deletes before it retires",
    "reads manifests after it retired",
    "does not spare open attempts",
    "deletes what is younger than its record",
    "does not look again after reading",
)


def load(store: Memory, run: str, dice: random.Random) -> Steps:
    """Stages and publishes, twice over; stages again where it is refused."""
    wanted, watermark = random_rows(dice), dice.randint(0, 9)
    for _ in range(3):
        try:
            number = yield from stage(store, run, wanted)
            first = yield from publish(store, number, run, wanted, watermark)
            assert (yield from publish(store, number, run, wanted, watermark)) == first
            return
        except Refused:
            continue


def reader(store: Memory, dice: random.Random) -> Steps:
    """Reads a version that it believes to be retained."""
    if not store.record.versions:
        return
    version = dice.choice(store.record.versions)[0]
    assert (yield from read(store, version)) == store.expected[version], f"version {version} is not whole"


def actor(store: Memory, name: str, dice: random.Random) -> Steps:
    """One actor of a random kind."""
    kinds: list[Callable[[], Steps]] = [
        lambda: load(store, name, dice),
        lambda: load(store, name, dice),
        lambda: reader(store, dice),
        lambda: vacuum(store, dice.randint(1, 3), dice.random() < 0.3),
        lambda: rollback(store, dice.randint(1, max(1, store.record.live[0]))),
    ]
    return dice.choice(kinds)()


def check(store: Memory, before: Any) -> None:
    """What must hold after every single step."""
    record = store.record
    if record is before:
        return
    for version, _ in record.versions:
        held = {p: store.chunks.get(chunk, {}) for p, chunk in store.manifests[version].items()}
        assert held == store.expected[version], f"retained version {version} lost rows"
    assert len(set(store.published_runs)) == len(store.published_runs), "an attempt was published twice"
    same = len(before.versions) == len(record.versions)
    published = len(record.published) > len(before.published)
    if published and before.versions:
        assert record.live[1] >= before.live[1], "the watermark went backwards"
    assert same or record.live[0] >= before.live[0]


def run_schedule(seed: int, mistake: str = "") -> Memory:
    """Steps up to four actors at a time in random order; one in five is killed somewhere."""
    dice = random.Random(seed)
    store = Memory(mistake)
    actors: list[Steps] = []
    for step in range(220):
        if len(actors) < 4 and dice.random() < 0.3:
            actors.append(actor(store, f"run{step}", dice))
        if not actors:
            continue
        chosen, before = dice.choice(actors), store.record
        try:
            if dice.random() < 0.01:
                raise StopIteration  # SIGKILL: the actor never takes another step
            for _ in range(dice.choice((1, 1, 2, 8))):
                next(chosen)
                check(store, before)
                before = store.record
        except (StopIteration, Gone, Refused):
            actors.remove(chosen)
            check(store, before)
    for version, _ in store.record.versions:
        assert exhaust(read(store, version)) == store.expected[version]
    exhaust(vacuum(store, 1, abandon=True))
    named = set(store.manifests[store.record.live[0]].values())
    assert {c for c, rows in store.chunks.items() if rows} == named, "vacuum left chunks behind"
    return store


def exhaust(steps: Steps) -> Any:
    """Runs an actor to its end, alone."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_no_schedule_breaks_the_protocol() -> None:
    versions = sum(run_schedule(seed).record.next_version for seed in range(SCHEDULES))
    assert versions > SCHEDULES, "the schedules hardly publish anything: they prove nothing"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_rule_is_needed(mistake: str) -> None:
    def run_schedules() -> None:
        for seed in range(20_000):
            run_schedule(seed, mistake)

    with pytest.raises((AssertionError, KeyError)):
        run_schedules()
