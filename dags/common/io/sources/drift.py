"""Drift: how the columns that arrive differ from those that bronze has, and what the contract makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from common.io.sources import ORIGIN, REJECTED, Item, rejected
from common.io.sources.documents import json_text
from common.io.sources.types import TEXT, common_type, converted, merged, storable
from common.utils.contract import DriftPolicy
from common.utils.errors import SourceError

Kind = Literal["new", "missing", "type"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One column that is not as it was.

    Attributes:
        was, now: Its type; empty where there was, or is, no such column.
        done: What became of it.
    """

    column: str
    kind: Kind
    was: str
    now: str
    done: str

    def __str__(self) -> str:
        """As it stands in logs and errors."""
        changed = {
            "new": f'column "{self.column}" ({self.now}) is new',
            "missing": f'column "{self.column}" ({self.was}) is missing',
            "type": f'column "{self.column}" was {self.was} and is {self.now}',
        }
        return changed[self.kind] + (f": {self.done}" if self.done else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the arriving columns.

    Attributes:
        schema: Of bronze, once the records are there.
        drifts: What differs.
        widened: Columns of bronze whose stored values change their type.
        discards: Drifts whose records go to the dead letters.
    """

    schema: pa.Schema
    drifts: tuple[Drift, ...] = ()
    widened: bool = False
    discards: tuple[Drift, ...] = ()


def planned(
    known: pa.Schema, arriving: pa.Schema, policy: DriftPolicy, where: str, key: Sequence[str] = ()
) -> Plan:
    """Compares, and applies the contract's policy.

    Args:
        known: Columns of bronze; none where there is nothing to compare with.
        arriving: Columns that this run has read; none where it has read nothing.
        policy: ``evolve`` takes everything over, ``freeze`` stops the run, ``discard`` keeps bronze as it is.
        where: The source, for the error.
        key: Columns that identify a record: in another type they would identify another one.

    Raises:
        SourceError: Something differs, and the policy is ``freeze``; or a key has another type.
    """
    union = merged([known, arriving])
    if not len(known) or not len(arriving):
        return Plan(union)
    drifts = tuple(_drifts(known, arriving, union, policy))
    names = [name.lower() for name in key]
    if changed := [one for one in drifts if one.kind == "type" and one.column.lower() in names]:
        raise SourceError(
            f"A column that identifies records has changed: {'; '.join(map(str, changed))}.",
            where=where,
            next_step="Declare its type in TYPES, or trigger the DAG with full_refresh to read all again.",
        )
    if drifts and policy == "freeze":
        raise SourceError(
            f"The source has changed: {'; '.join(map(str, drifts))}.",
            where=where,
            next_step="The contract's drift policy is freeze: nothing was kept. Mend the source, or set "
            "the custom property drift to evolve, or to discard for dead letters.",
        )
    if policy == "discard":
        return Plan(known, drifts, discards=drifts)
    was = {field.name: field.type for field in known}
    return Plan(union, drifts, widened=any(was.get(one.name, one.type) != one.type for one in union))


def discarded(
    records: pa.RecordBatch, plan: Plan, known_types: pa.Schema
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The records that fit bronze as it is, and the others as ``REJECTED``.

    A record does not fit where it has a value in a new column or one that its column's type cannot hold; none
    fits where a column is missing.
    """
    wrong: dict[int, Drift] = {}
    for drift in plan.discards:
        for at in _unfit(records, drift, known_types):
            wrong.setdefault(at, drift)
    keep = pa.array([at not in wrong for at in range(records.num_rows)], pa.bool_())
    own = [name for name in records.schema.names if name not in ORIGIN.names]
    letters = [
        (drift, row.select(own).to_pylist()[0], row.select(ORIGIN.names).to_pylist()[0])
        for at, drift in sorted(wrong.items())
        for row in [records.slice(at, 1)]
    ]
    rows = [
        rejected(
            Item(place["_item"], place["_digest"]),
            [(place["_position"], f"drift_{drift.kind}", drift.column, str(drift), json_text(document))],
        )
        for drift, document, place in letters
    ]
    return records.filter(keep), _concatenated(rows)


def _drifts(known: pa.Schema, arriving: pa.Schema, union: pa.Schema, policy: DriftPolicy) -> Iterator[Drift]:
    was = {field.name.lower(): field for field in known}
    now = {field.name.lower(): field for field in arriving}
    for field in union:
        before, after = was.get(field.name.lower()), now.get(field.name.lower())
        if before is None and after is not None:
            done = {"evolve": "added", "discard": "records that have it are dead letters", "freeze": ""}
            yield Drift(after.name, "new", "", str(field.type), done[policy])
        elif after is None and before is not None:
            done = {"evolve": "null in this run", "discard": "all records are dead letters", "freeze": ""}
            yield Drift(before.name, "missing", str(before.type), "", done[policy])
        elif before is not None and after is not None and after.type not in (before.type, pa.null()):
            done = {
                "evolve": f"kept as {field.type}",
                "discard": "records that do not fit are dead letters",
                "freeze": "",
            }
            yield Drift(before.name, "type", str(before.type), str(after.type), done[policy])


def _unfit(records: pa.RecordBatch, drift: Drift, known: pa.Schema) -> Sequence[int]:
    """Indexes of the records that a drift makes unfit."""
    if drift.kind == "missing":
        return range(records.num_rows)
    names = {name.lower(): name for name in records.schema.names}
    if drift.column.lower() not in names:
        return ()
    column = records.column(names[drift.column.lower()])
    if drift.kind == "new":
        return [at for at, there in enumerate(column.is_valid().to_pylist()) if there]
    kind = known.field(drift.column).type
    if _converts(column, kind):
        return ()
    return [at for at in range(len(column)) if not _converts(column.slice(at, 1), kind)]


def _converts(column: pa.Array[Any], kind: pa.DataType) -> bool:
    """Whether a type holds all values of a column exactly: a text, too, must come back as it was."""
    if column.null_count == len(column) or common_type(storable(column.type), kind) == kind:
        return True
    if column.type != TEXT:
        return False
    try:
        return bool(converted(converted(column, kind), TEXT).equals(column))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False


def _concatenated(rows: list[pa.RecordBatch]) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in pa.Table.from_batches(rows, REJECTED).columns]
    return pa.record_batch(columns, schema=REJECTED)
