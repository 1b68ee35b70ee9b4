"""Staging: the run's rows beside the live version's, and new chunks for the partitions that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from common.io.collections.attempts import finish, live_manifest, open_attempt
from common.io.collections.backend import Backend
from common.io.collections.encoding import CHUNK, HASH, SYSTEM, days, micros
from common.io.collections.manifest import Change, Manifest, covering, rows_of
from common.io.collections.partitions import name_of, number_of
from common.io.collections.protocol import Chunk, Mode, Staged, StageError
from common.io.collections.schema import absent, demand_fit
from common.io.collections.scratch import Counted, Scratch
from common.utils.window import days_of

NAMED = 500  # chunks that one call names; databases bound their parameters


class Staging:
    """One staging of one run."""

    def __init__(self, backend: Backend, partitions: Iterable[str]) -> None:
        self.backend, self.contract = backend, backend.contract
        self.partitions = {name: number_of(self.contract, name) for name in sorted(set(partitions))}
        self._absent: frozenset[str] = frozenset()  # fields that no stored row has yet

    def run(self, batches: Iterable[pa.RecordBatch], run_id: str, mode: Mode, dry_run: bool) -> Staged:
        """Compares, and unless it is a dry run writes the chunks that differ.

        The rows are taken in before the attempt is opened, so that its base is as young as it can be.
        """
        with Scratch(self.contract) as scratch:
            scratch.add(batches)
            self._demand_within(scratch)
            if dry_run:
                return self._dry_run(scratch, mode)
            name, attempt, base = open_attempt(self.backend, run_id, len(self.partitions))
            changes, counted = self._compare(scratch, base, mode, attempt.first_chunk)
            self.backend.write(scratch.rows(micros(datetime.now(UTC))))
            finish(self.backend, name, attempt, changes)
            return _staged(name, attempt.base, base, changes, counted)

    def _dry_run(self, scratch: Scratch, mode: Mode) -> Staged:
        """Counts what would change; the collection may be there for an older contract, or not at all."""
        record, base = live_manifest(self.backend)
        if record.revision:
            demand_fit(record.schema, self.contract)
            self._absent = absent(record.schema, self.contract)
        changes, counted = self._compare(scratch, base, mode, -len(self.partitions))
        return _staged("", record.live_number, base, changes, counted)

    def _demand_within(self, scratch: Scratch) -> None:
        outside = sorted(scratch.digests().keys() - set(self.partitions.values()))
        if outside:
            raise StageError(
                f"{len(outside)} partitions have rows and are not the run's, "
                f"first {name_of(self.contract, outside[0])}.",
                where=self.contract.name,
                next_step="Widen the run's window, or leave these rows out.",
            )

    def _compare(
        self, scratch: Scratch, base: Manifest, mode: Mode, first_chunk: int
    ) -> tuple[dict[str, Change], Counted]:
        """What becomes of each partition; new chunks are planned in ``scratch``.

        Args:
            scratch: With the run's rows.
            base: Of the live version.
            mode: What the run's rows replace.
            first_chunk: Of the attempt's chunk ids; of a dry run one that no chunk has.
        """
        targets = self._targets(scratch, base)
        merged = {name: number for name, number in targets.items() if name not in self.partitions}
        given = scratch.digests()
        whole = [
            t for t in targets if t in base and (t in merged or (mode == "upsert" and targets[t] in given))
        ]
        scratch.add_base(self._base([base[t].id for t in whole], whole=True), _parts(base, targets, whole))
        if mode == "upsert":
            scratch.complete()
        else:
            for name, number in merged.items():
                scratch.carry(number, [day for p, day in self.partitions.items() if p.startswith(name)])
        if whole:
            given = scratch.digests()
        changes = {
            target: _change(base.get(target), given.get(number), chunk, mode)
            for chunk, (target, number) in enumerate(targets.items(), first_chunk)
        }
        new = {t: one.chunk for t, one in changes.items() if one.chunk and one.chunk.id != one.base}
        compared = [t for t in new if t in base and t not in whole]
        scratch.add_base(
            self._base([base[t].id for t in compared], whole=False), _parts(base, targets, compared)
        )
        counted = scratch.compare({targets[t]: chunk.id for t, chunk in new.items()})
        return changes, _completed(counted, base, changes, new)

    def _targets(self, scratch: Scratch, base: Manifest) -> dict[str, int]:
        """The partitions of the manifest that the run's rows go to: its own, or the merged months of them."""
        targets: dict[str, int] = {}
        for partition, number in self.partitions.items():
            target = covering(base, partition)
            if target == partition:
                targets[partition] = number
            elif target not in targets:
                first, end = map(days, days_of(target))
                targets[target] = first
                scratch.fold(first, end)
        return targets

    def _base(self, chunks: Sequence[int], *, whole: bool) -> Iterator[pa.Table]:
        """Rows of chunks in stored form; all columns, or only what a comparison needs."""
        fields = [field.name for field in self.contract.fields if whole or field.name in self.contract.key]
        there = [name for name in fields if name not in self._absent]
        columns = [*there, *(field.name for field in SYSTEM), CHUNK, HASH]
        for start in range(0, len(chunks), NAMED):
            yield from self.backend.rows(chunks[start : start + NAMED], columns)


def _parts(base: Manifest, targets: Mapping[str, int], names: Iterable[str]) -> dict[int, int]:
    return {base[name].id: targets[name] for name in names}


def _change(base: Chunk | None, given: tuple[int, str] | None, chunk: int, mode: Mode) -> Change:
    """What becomes of one partition, given the count and digest of its new rows."""
    found = base.id if base else None
    if given is None:
        return Change(found, base if mode == "upsert" else None)
    wanted = Chunk(chunk, *given)
    return Change(found, base if base is not None and wanted.holds_what(base) else wanted)


def _completed(
    counted: Counted, base: Manifest, changes: Mapping[str, Change], new: Mapping[str, Chunk]
) -> Counted:
    """With the rows of partitions that stayed as they are, and of those that went whole."""
    same = [base[p].rows for p, one in changes.items() if p in base and one.chunk and p not in new]
    gone = [base[p].rows for p, one in changes.items() if p in base and one.chunk is None]
    return counted._replace(unchanged=counted.unchanged + sum(same), removed=counted.removed + sum(gone))


def _staged(
    name: str, number: int, base: Manifest, changes: Mapping[str, Change], counted: Counted
) -> Staged:
    base_rows = rows_of(base)
    return Staged(
        attempt=name,
        base=number,
        inserted=counted.inserted,
        updated=counted.updated,
        unchanged=counted.unchanged,
        removed=counted.removed,
        rows=base_rows + counted.inserted - counted.removed,
        base_rows=base_rows,
        changed=tuple(p for p, one in changes.items() if (one.chunk.id if one.chunk else None) != one.base),
    )
