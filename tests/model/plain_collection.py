"""What a collection is to its users, as plain Python: versions of rows, and the rules that make them.

A chunk is a dict of rows that is never changed; whether a partition moved is whether its dict is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from common.io.collections.protocol import Filter, Mode, Query

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        content: Its fields that are not null.
        created, updated: Which attempt made it, and which last changed it.
    """

    content: Mapping[str, Any]
    created: int
    updated: int


Chunk = dict[Key, Row]
Manifest = dict[str, Chunk]  # partition -> chunk, which has a row at least


@dataclass(frozen=True)
class PlainVersion:
    number: int
    manifest: Manifest
    kind: str
    watermark: datetime | None
    restored: int | None = None

    @property
    def rows(self) -> Chunk:
        return {key: row for chunk in self.manifest.values() for key, row in chunk.items()}


@dataclass
class PlainAttempt:
    """What staging made of each partition, and how many rows became what.

    Attributes:
        changes: Partition to the chunk that was found and the one that is wanted.
        counts: Inserted, updated, unchanged, removed.
        published: Version and rows of the collection, once it is.
    """

    number: int
    run: str
    base: int
    changes: dict[str, tuple[Chunk | None, Chunk | None]]
    counts: tuple[int, int, int, int]
    name: str = ""
    open: bool = True
    published: tuple[int, int] | None = None

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(sorted(p for p, (old, new) in self.changes.items() if old is not new))


class Refused(Exception):
    """What the collection refuses; the message is the name of the error that it raises."""


@dataclass
class PlainCollection:
    """A collection of one contract.

    Attributes:
        key: The names of the key's fields.
        partition_of: Key to the name of its partition.
        merges: Whether old days are merged into their month.
    """

    key: tuple[str, ...]
    partition_of: Callable[[Key], str]
    merges: bool
    versions: list[PlainVersion] = field(default_factory=list)
    attempts: list[PlainAttempt] = field(default_factory=list)
    held: bool = False

    @property
    def live(self) -> PlainVersion:
        return self.versions[-1] if self.versions else PlainVersion(0, {}, "", None)

    def stage(
        self, run: str, partitions: Iterable[str], rows: list[dict[str, Any]], mode: Mode
    ) -> PlainAttempt:
        """An open attempt; an earlier one of its run is open no longer."""
        self.forget(run)
        base, number = self.live.manifest, len(self.attempts)
        answered: dict[str, set[str]] = {}
        for partition in set(partitions):
            answered.setdefault(covering(base, partition), set()).add(partition)
        changes = {
            target: (base.get(target), self._chunk(base.get(target), parts, rows, mode, number))
            for target, parts in answered.items()
        }
        counts = tuple(map(sum, zip(*map(counted, changes.values()), (0, 0, 0, 0), strict=True)))
        attempt = PlainAttempt(number, run, self.live.number, changes, counts)  # type: ignore[arg-type]
        self.attempts.append(attempt)
        return attempt

    def _chunk(
        self, old: Chunk | None, parts: set[str], rows: list[dict[str, Any]], mode: Mode, number: int
    ) -> Chunk | None:
        found = old or {}
        new = {k: row for k, row in found.items() if mode == "upsert" or self.partition_of(k) not in parts}
        for given in rows:
            key = tuple(given[name] for name in self.key)
            content = {name: value for name, value in given.items() if value is not None}
            if self.partition_of(key) in parts:
                before = found.get(key)
                if before is None:
                    new[key] = Row(content, number, number)
                else:
                    new[key] = before if before.content == content else Row(content, before.created, number)
        return old if contents(new) == contents(found) else new or None

    def forget(self, run: str) -> None:
        """The run's attempts are open no longer."""
        for attempt in self.attempts:
            attempt.open &= attempt.run != run

    def publish(
        self, attempt: PlainAttempt, watermark: datetime | None, scheduled: bool
    ) -> tuple[int, bool, bool, int, tuple[str, ...]]:
        """Version, whether it is new, whether it was published before, rows, changed partitions."""
        if attempt.published:
            return attempt.published[0], False, True, attempt.published[1], ()
        if not attempt.open:
            raise Refused("AttemptError")
        if self.held and scheduled:
            raise Refused("HoldError")
        live = self.live
        for partition, (old, _) in attempt.changes.items():
            if live.manifest.get(covering(live.manifest, partition)) is not old:
                raise Refused("AttemptError")
        kept = {p: chunk for p, chunk in live.manifest.items() if p not in attempt.changes}
        manifest = kept | {p: new for p, (_, new) in attempt.changes.items() if new is not None}
        marks = [mark for mark in (live.watermark, watermark) if mark is not None]
        attempt.open, changed = False, difference(live.manifest, manifest)
        new = bool(changed) or not self.versions
        version = replace(live, watermark=max(marks, default=None))
        if new:
            version = PlainVersion(live.number + 1, manifest, "publish", version.watermark)
            self.versions.append(version)
        else:
            self.versions[-1] = version
        attempt.published = version.number, len(version.rows)
        return version.number, new, False, len(version.rows), changed

    def rollback(self, to: int, hold: bool) -> tuple[int, bool, bool, int, tuple[str, ...]]:
        """As :meth:`publish`; nothing happens where it would change nothing."""
        found = [version for version in self.versions if version.number == to]
        if not found:
            raise Refused("VersionGone")
        self.held |= hold
        changed = difference(self.live.manifest, found[0].manifest)
        if changed:
            back = replace(found[0], number=self.live.number + 1, kind="rollback", restored=to)
            self.versions.append(back)
        return self.live.number, bool(changed), not changed, len(self.live.rows), changed

    def release(self) -> None:
        """Takes a hold away."""
        self.held = False

    def due(self, long: int, rows: int) -> dict[str, list[str]]:
        """The months whose days are to be merged: the oldest of several days, but never the last of them.

        Args:
            long: So many partitions stay as they are.
            rows: So many are copied, or those of one month.
        """
        manifest = self.live.manifest if self.merges else {}
        days = sorted(partition for partition in manifest if len(partition) == 10)
        several = [m for m in dict.fromkeys(day[:7] for day in days) if sum(d[:7] == m for d in days) > 1]
        found: dict[str, list[str]] = {}
        while len(several) > 1:
            month = several.pop(0)
            taken = [day for others in found.values() for day in others]
            more = [day for day in days if day[:7] == month]
            if len(manifest) - len(taken) + len(found) <= long:
                break
            if found and sum(len(manifest[day]) for day in taken + more) > rows:
                break
            found[month] = more
        return found

    def merge(self, long: int, rows: int) -> tuple[int, bool, bool, int, tuple[str, ...]] | None:
        """The days of each month that is due stand in one chunk."""
        live, months = self.live, self.due(long, rows)
        if not months:
            return None
        gone = {day for parts in months.values() for day in parts}
        manifest = {partition: chunk for partition, chunk in live.manifest.items() if partition not in gone}
        for month, parts in months.items():
            manifest[month] = {key: row for day in parts for key, row in live.manifest[day].items()}
        merged = replace(live, number=live.number + 1, manifest=manifest, kind="merge", restored=None)
        self.versions.append(merged)
        return merged.number, True, False, len(merged.rows), ()

    def vacuum(self, keep: int, abandon: bool) -> list[int]:
        """The versions that it retires."""
        contents = place = 0
        for place in reversed(range(len(self.versions))):
            copied = self.versions[place + 1 : place + 2]  # a merge and what it copied count as one
            contents += not (copied and copied[0].kind == "merge")
            if contents == keep:
                break
        retired = [version.number for version in self.versions[:place]]
        self.versions = self.versions[place:]
        for attempt in self.attempts:
            attempt.open &= not abandon
        return retired


def counted(change: tuple[Chunk | None, Chunk | None]) -> tuple[int, int, int, int]:
    """Rows that are inserted, updated, unchanged and removed."""
    old, new = (chunk or {} for chunk in change)
    same = sum(key in new and new[key].content == row.content for key, row in old.items())
    both = len(old.keys() & new.keys())
    return len(new) - both, both - same, same, len(old) - both


def contents(chunk: Chunk) -> dict[Key, Mapping[str, Any]]:
    """What readers see of a chunk but its times."""
    return {key: row.content for key, row in chunk.items()}


def covering(manifest: Manifest, partition: str) -> str:
    """The partition in which a day's rows stand: the day, or its month where that is merged."""
    return partition[:7] if partition not in manifest and partition[:7] in manifest else partition


def difference(one: Manifest, other: Manifest) -> tuple[str, ...]:
    """The partitions whose content differs; a month that only one has merged is compared whole."""
    months = {partition for partition in one.keys() ^ other.keys() if len(partition) == 7}

    def by_part(manifest: Manifest) -> dict[str, dict[Key, Mapping[str, Any]]]:
        found: dict[str, dict[Key, Mapping[str, Any]]] = {}
        for partition, chunk in manifest.items():
            name = partition[:7] if partition[:7] in months else partition
            found.setdefault(name, {}).update(contents(chunk))
        return found

    before, after = by_part(one), by_part(other)
    return tuple(sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p)))


def page(
    rows: Iterable[Mapping[str, Any]], key: tuple[str, ...], query: Query
) -> tuple[list[dict[str, Any]], Key | None]:
    """What a query finds among rows, and the position to go on from where more follow."""
    order = list(dict.fromkeys(([query.sort] if query.sort else []) + list(key)))

    def place(row: Mapping[str, Any]) -> Key:
        return tuple(row[name] for name in order)

    found = [row for row in rows if all(matches(row[one.field], one) for one in query.filters)]
    if query.after is not None:
        after = tuple(query.after)
        found = [row for row in found if (place(row) < after if query.descending else place(row) > after)]
    found.sort(key=place, reverse=query.descending)
    shown = [{name: row[name] for name in query.fields} for row in found[: query.limit]]
    return shown, place(found[query.limit - 1]) if len(found) > query.limit else None


def matches(value: Any, wanted: Filter) -> bool:
    """Whether a value is what a filter asks for; a missing one never is."""
    if value is None:
        return False
    return {
        "eq": value == wanted.value,
        "gt": value > wanted.value,
        "gte": value >= wanted.value,
        "lt": value < wanted.value,
        "lte": value <= wanted.value,
    }[wanted.operator]
