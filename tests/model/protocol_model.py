"""The collection protocol as a small executable model.

An actor is a generator: what stands between two ``yield`` is one atomic step of a store (one statement or one
short transaction). A schedule steps actors in any order and may drop one at any ``yield``: that is SIGKILL.
A ``mistake`` leaves one rule of the protocol out, to show that the schedules find what the rule is for.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

Rows = dict[str, tuple[int, str]]  # key -> (value, the run that inserted the key)
Content = dict[str, Rows]  # partition -> rows
Wanted = dict[str, dict[str, int]]  # partition -> key -> value, as a run brings them
Steps = Generator[None, None, Any]


class Gone(Exception):
    """The version is not retained."""


class Refused(Exception):
    """The attempt is abandoned or its partitions moved."""


@dataclass(frozen=True)
class Attempt:
    base: int
    chunks: range
    staged: bool = False


@dataclass(frozen=True)
class Record:
    """The one small record of a collection; changed only by compare-and-set."""

    counter: int = 0
    next_chunk: int = 0
    next_version: int = 1
    versions: tuple[tuple[int, int], ...] = ()  # (number, watermark) of the retained, newest last
    attempts: dict[int, Attempt] = field(default_factory=dict)
    published: dict[int, int] = field(default_factory=dict)

    @property
    def live(self) -> tuple[int, int]:
        return self.versions[-1] if self.versions else (0, -1)


class Memory:
    """A store in memory, with what an all-knowing observer expects of it."""

    def __init__(self, mistake: str = "") -> None:
        self.mistake = mistake
        self.record = Record()
        self.manifests: dict[int, dict[str, int]] = {0: {}}
        self.changes: dict[
            int, dict[str, tuple[int | None, int | None]]
        ] = {}  # attempt -> partition -> (base, chunk)
        self.chunks: dict[int, Rows] = {}
        self.expected: dict[int, Content] = {0: {}}  # what each version must hold for ever
        self.published_runs: list[str] = []

    def swap(self, seen: Record, wanted: Record) -> bool:
        """Compare-and-set."""
        if self.record is not seen:
            return False
        self.record = wanted
        return True


def stage(store: Memory, run: str, wanted: Wanted) -> Steps:
    """Registers an attempt, writes chunks a row at a time, marks it as staged; returns its number."""
    while True:
        seen = store.record
        number, first = seen.counter, seen.next_chunk
        attempt = Attempt(seen.live[0], range(first, first + len(wanted)))
        yield
        opened = {**seen.attempts, number: attempt}
        if store.swap(
            seen, replace(seen, counter=number + 1, next_chunk=attempt.chunks.stop, attempts=opened)
        ):
            break
    base, changes = dict(store.manifests.get(attempt.base, {})), {}
    for chunk, (partition, rows) in zip(attempt.chunks, wanted.items(), strict=True):
        yield
        old = dict(store.chunks.get(base.get(partition, -1), {}))
        if {key: value for key, (value, _) in old.items()} == rows:
            changes[partition] = (base.get(partition), base.get(partition))
            continue
        for key, value in rows.items():
            yield
            store.chunks.setdefault(chunk, {})[key] = (value, old[key][1] if key in old else run)
        changes[partition] = (base.get(partition), chunk if rows else None)
    while True:
        yield
        seen = store.record
        if number not in seen.attempts:
            raise Refused
        staged = {**seen.attempts, number: replace(seen.attempts[number], staged=True)}
        if store.swap(seen, replace(seen, attempts=staged)):
            store.changes[number] = changes
            return number


def publish(store: Memory, number: int, run: str, wanted: Wanted, watermark: int) -> Steps:
    """Makes the attempt live with one compare-and-set; returns the version that holds it."""
    while True:
        yield
        seen = store.record
        if number in seen.published:
            return seen.published[number]
        if number not in seen.attempts and store.mistake != "publishes what was abandoned":
            raise Refused
        yield
        (live, mark), changes = seen.live, store.changes.get(number, {})
        manifest = dict(store.manifests.get(live, {}))
        moved = any(manifest.get(p) != base for p, (base, _) in changes.items())
        if moved and store.mistake != "does not look whether partitions moved":
            raise Refused
        manifest.update({p: chunk for p, (_, chunk) in changes.items() if chunk is not None})
        for gone in [p for p, (_, chunk) in changes.items() if chunk is None]:
            manifest.pop(gone, None)
        mark = watermark if store.mistake == "takes any watermark" else max(mark, watermark)
        new = not live or manifest != store.manifests.get(live)
        version = seen.next_version if new else live
        yield
        done = replace(
            seen,
            next_version=seen.next_version + new,
            versions=(*(seen.versions if new else seen.versions[:-1]), (version, mark)),
            attempts={n: a for n, a in seen.attempts.items() if n != number},
            published={**seen.published, number: version},
        )
        if not store.swap(seen, done):
            continue
        if new:
            store.manifests[version] = manifest
            store.expected[version] = laid_over(store.expected[live], run, wanted)
            store.published_runs.append(f"{run}/{number}")
        return version


def rollback(store: Memory, to: int) -> Steps:
    """A new version with an old manifest."""
    while True:
        yield
        seen = store.record
        if to not in dict(seen.versions):
            raise Gone
        manifest = dict(store.manifests[to])
        yield
        version = seen.next_version
        done = replace(
            seen, next_version=version + 1, versions=(*seen.versions, (version, dict(seen.versions)[to]))
        )
        if store.swap(seen, done):
            store.manifests[version] = manifest
            store.expected[version] = store.expected[to]
            return version


def vacuum(store: Memory, keep: int, abandon: bool) -> Steps:
    """Retires and abandons in one write of the record, and only then deletes."""
    while True:
        yield
        seen = store.record
        named = {chunk for number, _ in seen.versions[-keep:] for chunk in store.manifests[number].values()}
        yield
        after = replace(seen, versions=seen.versions[-keep:], attempts={} if abandon else seen.attempts)
        if store.mistake == "deletes before it retires":
            yield from delete(store, after, named)
        if store.swap(seen, after):
            break
    if store.mistake == "reads manifests after it retired":
        yield
        named = {c for number, _ in after.versions for c in store.manifests.get(number, {}).values()}
    yield from delete(store, after, named)


def delete(store: Memory, record: Record, named: set[int]) -> Steps:
    """Deletes what neither a retained version names nor an open attempt owns, a row at a time."""
    owned = {chunk for attempt in record.attempts.values() for chunk in attempt.chunks}
    if store.mistake == "does not spare open attempts":
        owned = set()
    yield
    limit = record.next_chunk if store.mistake != "deletes what is younger than its record" else 10**9
    for chunk in [c for c in store.chunks if c not in named | owned and c < limit]:
        for key in list(store.chunks.get(chunk, {})):
            yield
            if chunk in store.chunks:
                store.chunks[chunk].pop(key, None)
        yield
        store.chunks.pop(chunk, None)
    retained = {number for number, _ in record.versions}
    for version in [v for v in store.manifests if v and v not in retained and v < record.next_version]:
        yield
        store.manifests.pop(version, None)


def read(store: Memory, version: int) -> Steps:
    """All rows of one version, a chunk at a time; ``Gone`` unless it is retained before and after."""
    yield
    if version not in dict(store.record.versions):
        raise Gone
    yield
    answer: Content = {}
    for partition, chunk in store.manifests.get(version, {}).items():
        yield
        answer[partition] = dict(store.chunks.get(chunk, {}))
    yield
    if version not in dict(store.record.versions) and store.mistake != "does not look again after reading":
        raise Gone
    return answer


def laid_over(content: Content, run: str, wanted: Wanted) -> Content:
    """The content with a run's partitions replaced; the time of insertion is carried over by key."""
    result = dict(content)
    for partition, rows in wanted.items():
        old = content.get(partition, {})
        kept = {key: (value, old[key][1] if key in old else run) for key, value in rows.items()}
        result[partition] = kept
        if not kept:
            del result[partition]
    return result


def random_rows(dice: random.Random, partitions: str = "abc") -> Wanted:
    """What a run brings: some partitions, each with none to three of three keys and one of two values."""
    chosen = dice.sample(partitions, dice.randint(1, len(partitions)))
    return {
        p: {p + key: dice.randint(0, 1) for key in dice.sample("xyz", dice.randint(0, 3))} for p in chosen
    }
