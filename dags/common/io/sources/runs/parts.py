"""Run records as the parts of an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from common.io.sources import ORIGIN, Item, Part, rejected, with_origin
from common.io.sources.runs.records import SCHEMA, Found


class Documents:
    """The documents of an item, from the parts that the adapter of its file gives.

    Attributes:
        size: Bytes that the documents took since the last :meth:`part`.
    """

    def __init__(self, item: Item, parts: Iterator[Part]) -> None:
        self._item, self._parts = item, parts
        self._unreadable: list[pa.RecordBatch] = []
        self.size = 0

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Them, with their positions; what could not be read is kept for the next part."""
        for part in self._parts:
            self.size += part.size
            self._unreadable.append(part.unreadable)
            own = [name for name in part.records.schema.names if name not in ORIGIN.names]
            yield from zip(
                part.records["_position"].to_pylist(), part.records.select(own).to_pylist(), strict=True
            )

    def part(self, found: Sequence[Found]) -> Part:
        """Some run records, with what could not be read up to now."""
        made = part_of(self._item, found, self.size, {})
        unreadable = pa.concat_batches([*self._unreadable, made.unreadable])  # type: ignore[attr-defined]
        self._unreadable, self.size = [], 0
        return Part(made.records, unreadable, made.size)

    @property
    def left(self) -> bool:
        """Whether something could not be read that is in no part yet."""
        return any(batch.num_rows for batch in self._unreadable)


def part_of(item: Item, found: Sequence[Found], size: int, bookmark: Mapping[str, str]) -> Part:
    """Some run records of an item; the faulty among them are dead letters."""
    good = [one for one in found if one.fault is None]
    bad = [(one.position, *one.fault, one.shown) for one in found if one.fault is not None]
    batch = pa.RecordBatch.from_pylist([dict(one.record or {}) for one in good], SCHEMA)
    placed = with_origin(batch, item, [one.position for one in good])
    return Part(placed, rejected(item, bad), size, bookmark=bookmark)
