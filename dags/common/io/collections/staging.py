"""Staging: the run's rows beside the live version's, and new chunks for the partitions that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pyarrow as pa
from sqlalchemy import Table, select

from common.io.collections.encoding import STORED, days, micros
from common.io.collections.manifest import Change, Manifest, rows_of
from common.io.collections.protocol import Chunk, Mode, Staged, StageError
from common.io.collections.record import Attempt
from common.io.collections.records import Records
from common.io.collections.scratch import Counted, Scratch
from common.io.collections.tables import CHUNK, HASH, SYSTEM, first_day
from common.utils.contract import Contract

FETCHED = 50_000  # rows of the base that are in Python's hands at once
NAMED = 500  # chunks that one statement names; databases bound their parameters


class Staging:
    """One staging of one run."""

    def __init__(self, contract: Contract, records: Records, table: Table, partitions: Iterable[str]) -> None:
        self.contract, self.records, self.table = contract, records, table
        self.partitions = {name: days(first_day(contract, name)) for name in sorted(set(partitions))}

    def run(self, batches: Iterable[pa.RecordBatch], run_id: str, mode: Mode, dry_run: bool) -> Staged:
        """Compares, and unless it is a dry run writes the chunks that differ.

        The rows are taken in before the attempt is opened, so that its base is as young as it can be.
        """
        with Scratch(self.contract) as scratch:
            scratch.add(batches)
            self._demand_within(scratch)
            if dry_run:
                record, base = self.records.live()
                return self._counted("", record.live_number, base, *self._compare(scratch, base, mode, None))
            name, attempt, base = self._open(run_id)
            changes, counted = self._compare(scratch, base, mode, attempt)
            written = scratch.rows(
                micros(datetime.now(UTC)), self.table.columns.keys(), self.records.database.batch_size
            )
            self.records.database.insert(self.table, written)
            self._finish(name, attempt, changes)
            return self._counted(name, attempt.base, base, changes, counted)

    def _demand_within(self, scratch: Scratch) -> None:
        outside = sorted(scratch.digests().keys() - self.partitions.keys())
        if outside:
            raise StageError(
                f"{len(outside)} partitions have rows and are not the run's, first {outside[0]}.",
                where=self.contract.name,
                next_step="Widen the run's window, or leave these rows out.",
            )

    def _open(self, run_id: str) -> tuple[str, Attempt, Manifest]:
        name = uuid4().hex
        while True:
            record, base = self.records.live()
            after = record.opened(name, run_id, len(self.partitions), datetime.now(UTC))
            if self.records.swap(record, after):
                return name, after.attempts[name], base

    def _finish(self, name: str, attempt: Attempt, changes: Mapping[str, Change]) -> None:
        while True:
            record = self.records.record()
            if self.records.swap(record, record.staged(name), changes=(attempt.number, changes)):
                return

    def _compare(
        self, scratch: Scratch, base: Manifest, mode: Mode, attempt: Attempt | None
    ) -> tuple[dict[str, Change], Counted]:
        """What becomes of each partition; new chunks are planned in ``scratch``."""
        given = scratch.digests()
        if mode == "upsert":
            scratch.add_base(self._base([base[p].id for p in given if p in base], whole=True))
            scratch.complete()
            given = scratch.digests()
        first = attempt.first_chunk if attempt else -len(self.partitions)  # of a dry run: no chunk's id
        changes: dict[str, Change] = {}
        for chunk, partition in enumerate(self.partitions, first):
            changes[partition] = _change(base.get(partition), given.get(partition), str(chunk), mode)
        new = {
            p: change.chunk
            for p, change in changes.items()
            if change.chunk and change.chunk.id != change.base
        }
        if mode == "replace":
            scratch.add_base(self._base([base[p].id for p in new if p in base], whole=False))
        counted = scratch.compare({self.partitions[p]: int(chunk.id) for p, chunk in new.items()})
        same = [base[p].rows for p in changes if p in base and changes[p].chunk and p not in new]
        gone = [base[p].rows for p in changes if p in base and changes[p].chunk is None]
        return changes, counted._replace(
            unchanged=counted.unchanged + sum(same), removed=counted.removed + sum(gone)
        )

    def _base(self, chunks: Sequence[str], *, whole: bool) -> Iterator[pa.Table]:
        """Rows of chunks in stored form; all columns, or only what a comparison needs."""
        fields = [field for field in self.contract.fields if whole or field.name in self.contract.key]
        stored = [pa.field(field.name, STORED[field.type]) for field in (*fields, *SYSTEM)]
        schema = pa.schema([*stored, pa.field(HASH, pa.int64())])
        wanted = select(*(self.table.c[name] for name in schema.names))
        for start in range(0, len(chunks), NAMED):
            some = [int(chunk) for chunk in chunks[start : start + NAMED]]
            with self.records.database.reading() as connection:
                result = connection.execute(wanted.where(self.table.c[CHUNK].in_(some)))
                for rows in result.partitions(FETCHED):
                    columns = zip(*rows, strict=True)
                    arrays = [
                        pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
                    ]
                    yield pa.table(arrays, schema=schema)

    def _counted(
        self, name: str, number: int, base: Manifest, changes: Mapping[str, Change], counted: Counted
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
            changed=tuple(
                p
                for p, change in changes.items()
                if (change.chunk.id if change.chunk else None) != change.base
            ),
        )


def _change(base: Chunk | None, given: tuple[int, str] | None, chunk: str, mode: Mode) -> Change:
    """What becomes of one partition, given the count and digest of its new rows."""
    found = base.id if base else None
    if given is None:
        return Change(found, base if mode == "upsert" else None)
    if base is not None and base.digest == given[1]:
        return Change(found, base)
    return Change(found, Chunk(chunk, *given))
