"""The collection protocol as a small executable model.

An actor is a generator: what stands between two ``yield`` is one atomic step of a store (one statement or one
short transaction). A schedule steps actors in any order and may drop one at any ``yield``: that is SIGKILL.
A ``mistake`` leaves one rule of the protocol out, to show that the schedules find what the rule is for.

Days are written ``a1``, ``a2``, ``b1``; the months that they can be merged into ``a`` and ``b``. A key begins
with its day.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Rows = dict[str, tuple[int, str]]  # key -> (value, the run that inserted the key)
Steps = Generator[None, None, Any]


class Gone(Exception):
    """The version is not retained."""


class Refused(Exception):
    """The attempt is not open, not whole, on hold, or its partitions moved."""


@dataclass(frozen=True)
class Load:
    """What a run brings: all rows of its days, or in an upsert those to lay over them."""

    run: str
    days: tuple[str, ...]
    rows: dict[str, int]
    upsert: bool
    watermark: int
    scheduled: bool


class Chunk(NamedTuple):
    """A manifest's entry; what its writer meant it to hold stands for the digest."""

    id: int
    holds: frozenset[tuple[str, int]]


class Change(NamedTuple):
    """What an attempt makes of a partition: the chunk it found, the one it wants."""

    base: int | None
    chunk: Chunk | None


Manifest = dict[str, Chunk]


@dataclass(frozen=True)
class Attempt:
    run: str
    base: int
    chunks: range
    staged: bool = False


@dataclass(frozen=True)
class Version:
    """Kept in the record; its manifest is kept under the id ``stored``."""

    number: int
    rows: int
    watermark: int
    stored: str
    by: str


@dataclass(frozen=True)
class Record:
    """The one small record of a collection; changed only by compare-and-set."""

    revision: int = 1
    next_attempt: int = 1
    next_chunk: int = 1
    next_version: int = 1
    versions: tuple[Version, ...] = ()  # the retained, newest last
    attempts: dict[int, Attempt] = field(default_factory=dict)
    published: dict[int, int] = field(default_factory=dict)
    hold: bool = False

    @property
    def live(self) -> Version:
        return self.versions[-1] if self.versions else Version(0, 0, -1, "", "")

    def version(self, number: int) -> Version:
        for version in self.versions:
            if version.number == number:
                return version
        raise Gone

    def without(self, attempt: int) -> dict[int, Attempt]:
        return {number: one for number, one in self.attempts.items() if number != attempt}


class Memory:
    """A store in memory, with what an all-knowing observer expects of it."""

    def __init__(self, mistake: str = "") -> None:
        self.mistake = mistake
        self.record = Record()
        self.manifests: dict[str, Manifest] = {}
        self.changes: dict[int, dict[str, Change]] = {}
        self.chunks: dict[int, Rows] = {}
        self.expected: dict[int, Rows] = {0: {}}  # what each version must hold for ever
        self.seen = Record()  # the latest record that a reader knows

    def swap(self, seen: Record, after: Record) -> bool:
        """Compare-and-set."""
        if self.record.revision != seen.revision and self.mistake != "sets without comparing":
            return False
        self.record = replace(after, revision=seen.revision + 1)
        return True

    def manifest(self, version: Version) -> Manifest | None:
        """``None`` where it has been deleted; an empty one takes no place in a store, so it is there."""
        manifest = self.manifests.get(version.stored, {})
        return manifest if manifest or not version.rows else None


def live_manifest(store: Memory) -> Steps:
    """The record and the manifest of its live version."""
    while True:
        yield
        record = store.record
        yield
        manifest = store.manifest(record.live)
        if manifest is not None:
            return record, manifest


def open_attempt(store: Memory, run: str, chunks: int) -> Steps:
    """Registers an attempt that owns so many new chunks; an earlier one of its run is abandoned."""
    while True:
        seen, base = yield from live_manifest(store)
        number, end = seen.next_attempt, seen.next_chunk + chunks
        mine = Attempt(run, seen.live.number, range(seen.next_chunk, end))
        attempts = {n: one for n, one in seen.attempts.items() if one.run != run} | {number: mine}
        if store.mistake == "uses a chunk id again":
            end = seen.next_chunk
        yield
        if store.swap(seen, replace(seen, next_attempt=number + 1, next_chunk=end, attempts=attempts)):
            return number, mine, base


def finish(store: Memory, number: int, changes: dict[str, Change]) -> Steps:
    """Keeps the changes, then marks the attempt as written whole."""
    yield
    if store.mistake != "marks as whole before the changes are written":
        store.changes[number] = changes
    while True:
        yield
        seen = store.record
        if number not in seen.attempts:
            raise Refused
        staged = {**seen.attempts, number: replace(seen.attempts[number], staged=True)}
        yield
        if store.swap(seen, replace(seen, attempts=staged)):
            break
    yield
    store.changes.setdefault(number, changes)


def stage(store: Memory, load: Load) -> Steps:
    """Writes the chunks that differ from the base, a row at a time; returns the attempt's number."""
    number, mine, base = yield from open_attempt(store, load.run, len(load.days))
    targets: dict[str, list[str]] = {}
    for day in load.days:
        targets.setdefault(covering(base, day), []).append(day)
    changes = {}
    for chunk, (target, days) in zip(mine.chunks, targets.items(), strict=False):
        found = base.get(target)
        yield
        old = dict(store.chunks.get(found.id, {})) if found else {}
        given = {key: value for key, value in load.rows.items() if key[:2] in days}
        carried = {k: value for k, (value, _) in old.items() if load.upsert or k[:2] not in days}
        wanted = Chunk(chunk, frozenset({**carried, **given}.items()))
        if found and (wanted.holds == found.holds or (load.upsert and not given)):
            wanted = found
        elif wanted.holds:
            yield from write(
                store, chunk, {k: (v, old[k][1] if k in old else load.run) for k, v in wanted.holds}
            )
        changes[target] = Change(found.id if found else None, wanted if wanted.holds else None)
    yield from finish(store, number, changes)
    return number


def write(store: Memory, chunk: int, rows: Rows) -> Steps:
    """Writes rows of a chunk one by one."""
    for key in sorted(rows):
        yield
        store.chunks.setdefault(chunk, {})[key] = rows[key]


def publish(store: Memory, number: int, load: Load) -> Steps:
    """Makes the attempt live with one compare-and-set; returns the version that holds it."""
    while True:
        seen, live = yield from live_manifest(store)
        if number in seen.published and store.mistake != "does not know what it published":
            return seen.published[number]
        demand_publishable(store, seen, number, load)
        yield
        manifest = rebased(store, live, store.changes.get(number, {}))
        watermark = max(seen.live.watermark, load.watermark)
        if store.mistake == "takes any watermark":
            watermark = load.watermark
        new = not seen.versions or contents(manifest) != contents(live)
        version = replace(seen.live, watermark=watermark)
        if new:
            version = named(seen, f"{number}.{seen.revision}", manifest, watermark, load.run)
        after = replace(
            seen,
            next_version=seen.next_version + new,
            versions=(*(seen.versions if new else seen.versions[:-1]), version),
            attempts=seen.without(number),
            published={**seen.published, number: version.number},
        )
        expected = laid_over(store.expected[seen.live.number], load) if new else {}
        if (yield from name(store, seen, after, manifest, expected)):
            return version.number


def demand_publishable(store: Memory, seen: Record, number: int, load: Load) -> None:
    """Raises Refused unless the attempt is open, whole and not on hold."""
    if number not in seen.attempts:
        if store.mistake != "publishes what was abandoned":
            raise Refused
    elif not seen.attempts[number].staged and store.mistake != "publishes what is not whole":
        raise Refused
    if seen.hold and load.scheduled and store.mistake != "publishes while it is held":
        raise Refused


def name(store: Memory, seen: Record, after: Record, manifest: Manifest, expected: Rows) -> Steps:
    """Writes a new version's manifest, then names it by one compare-and-set."""
    new = after.live.number > seen.live.number
    early = store.mistake != "names a manifest before it is written"
    if new and early:
        yield
        store.manifests.setdefault(after.live.stored, manifest)
    yield
    if not store.swap(seen, after):
        return False
    if new:
        store.expected[after.live.number] = expected
    if new and not early:
        yield
        store.manifests.setdefault(after.live.stored, manifest)
    return True


def rebased(store: Memory, live: Manifest, changes: dict[str, Change]) -> Manifest:
    """The live manifest with the attempt's partitions replaced, unless one of them moved."""
    exact = store.mistake == "compares a day with itself alone"
    for partition, change in changes.items():
        found = live.get(partition if exact else covering(live, partition))
        if (
            found.id if found else None
        ) != change.base and store.mistake != "publishes without the base check":
            raise Refused
    came = [day for day in live if day not in changes and day[:1] in changes]
    if came and store.mistake != "merges a month that got a day":
        raise Refused
    kept = {partition: chunk for partition, chunk in live.items() if partition not in changes}
    return kept | {p: change.chunk for p, change in changes.items() if change.chunk is not None}


def merge(store: Memory, months: str) -> Steps:
    """Publishes a version in which the days of each month stand in one chunk."""
    seen, manifest = yield from live_manifest(store)
    due = {month: sorted(day for day in manifest if day[:1] == month and day != month) for month in months}
    due = {month: days for month, days in due.items() if len(days) > 1}
    if not due:
        return
    number, mine, base = yield from open_attempt(store, "merge", len(due))
    if mine.base != seen.live.number:
        return
    changes = {day: Change(base[day].id, None) for days in due.values() for day in days}
    for chunk, (month, days) in zip(mine.chunks, due.items(), strict=True):
        for day in days:
            yield
            yield from write(store, chunk, dict(store.chunks.get(base[day].id, {})))
        changes[month] = Change(None, Chunk(chunk, frozenset().union(*(base[day].holds for day in days))))
    yield from finish(store, number, changes)
    while True:
        seen, live = yield from live_manifest(store)
        if number not in seen.attempts:
            raise Refused
        manifest = rebased(store, live, changes)
        version = named(seen, f"{number}.{seen.revision}", manifest, seen.live.watermark, "merge")
        after = replace(
            seen,
            next_version=version.number + 1,
            versions=(*seen.versions, version),
            attempts=seen.without(number),
        )
        if (yield from name(store, seen, after, manifest, store.expected[seen.live.number])):
            return


def rollback(store: Memory, to: Version, hold: bool) -> Steps:
    """A new version with an old manifest, which is kept where it was; maybe with a hold."""
    while True:
        seen, live = yield from live_manifest(store)
        if store.mistake != "goes back to what is retired":
            to = seen.version(to.number)
        yield
        manifest = store.manifest(to)
        if manifest is None:
            raise Gone
        held = after = replace(seen, hold=seen.hold or hold)
        if contents(manifest) != contents(live):
            version = replace(to, number=seen.next_version, by="")
            after = replace(held, next_version=seen.next_version + 1, versions=(*seen.versions, version))
        yield
        if store.swap(seen, after):
            store.expected.setdefault(after.live.number, store.expected[to.number])
            return


def release(store: Memory) -> Steps:
    """Takes a hold away."""
    while True:
        yield
        seen = store.record
        yield
        if not seen.hold or store.swap(seen, replace(seen, hold=False)):
            return


def vacuum(store: Memory, keep: int, opened_before: int) -> Steps:
    """Retires and abandons in one write of the record, and only then deletes."""
    while True:
        yield
        seen = store.record
        alive = {number: one for number, one in seen.attempts.items() if number >= opened_before}
        after = replace(seen, versions=seen.versions[-keep:], attempts=alive)
        manifests = []
        for version in after.versions:
            yield
            manifests.append(store.manifest(version))
        if None in manifests and store.mistake != "takes a manifest that is gone for an empty one":
            continue
        spared = {chunk.id for manifest in manifests for chunk in (manifest or {}).values()}
        if store.mistake == "deletes before it retires":
            yield from delete_chunks(store, after, spared)
        yield
        if after == seen or store.swap(seen, after):
            break
    yield from delete_chunks(store, after, spared)
    yield from delete_entries(store, after)


def delete_chunks(store: Memory, record: Record, spared: set[int]) -> Steps:
    """Deletes what no retained version names and no open attempt owns, a row at a time."""
    owned = {chunk for attempt in record.attempts.values() for chunk in attempt.chunks}
    if store.mistake == "does not spare the chunks of open attempts":
        owned = set()
    end = record.next_chunk if store.mistake != "deletes chunks younger than its record" else 10**9
    yield
    for chunk in [one for one in store.chunks if one not in spared | owned and one < end]:
        for key in list(store.chunks.get(chunk, {})):
            yield
            store.chunks.get(chunk, {}).pop(key, None)
        if not store.chunks.get(chunk, {}):
            store.chunks.pop(chunk, None)


def delete_entries(store: Memory, record: Record) -> Steps:
    """Deletes the manifests that no version names and all changes, where the attempt is over."""
    named = {version.stored for version in record.versions}
    if store.mistake == "forgets that a roll-back names an old manifest":
        named = {version.stored for version in record.versions if version.by}
    alive = set(record.attempts)
    if store.mistake == "does not spare the manifests of open attempts":
        alive = set()
    end = record.next_attempt if store.mistake != "deletes manifests younger than its record" else 10**9
    yield
    manifests = [one for one in store.manifests if one not in named]
    attempts = [one for one in store.changes if one not in alive and one < end]
    for stored in manifests:
        number = int(stored.split(".")[0])
        if number not in alive and number < end:
            yield
            store.manifests.pop(stored, None)
    for number in attempts:
        yield
        store.changes.pop(number, None)


def read(store: Memory, version: int) -> Steps:
    """All rows of one version, a chunk at a time; ``Gone`` unless it is retained when they are read.

    A version that a record named once needs no look before: once it is retired, it never comes back.
    """
    seen = store.seen
    if version not in {one.number for one in seen.versions}:
        yield
        seen = store.record
    stored = seen.version(version).stored
    yield
    answer = []
    for chunk in list(store.manifests.get(stored, {}).values()):
        yield
        answer += store.chunks.get(chunk.id, {}).items()
    yield
    store.seen = store.record
    if store.mistake != "does not look again after reading":
        store.seen.version(version)
    return sorted(answer)


def covering(manifest: Manifest, partition: str) -> str:
    """The partition that a day's rows stand in: the day itself, or its month where it is merged."""
    return partition[:1] if partition not in manifest and partition[:1] in manifest else partition


def contents(manifest: Manifest) -> frozenset[tuple[str, int]]:
    """What the chunks of a manifest were meant to hold."""
    return frozenset().union(*(chunk.holds for chunk in manifest.values()))


def named(seen: Record, stored: str, manifest: Manifest, watermark: int, by: str) -> Version:
    """The next version."""
    rows = sum(len(chunk.holds) for chunk in manifest.values())
    return Version(seen.next_version, rows, watermark, stored, by)


def laid_over(content: Rows, load: Load) -> Rows:
    """The content with a run's rows; the run that inserted a key is carried over."""
    kept = {key: row for key, row in content.items() if load.upsert or key[:2] not in load.days}
    brought = {
        key: (value, content[key][1] if key in content else load.run) for key, value in load.rows.items()
    }
    return kept | brought
