"""What a long extraction says of itself in the task's log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence

from common.io.sources import Item

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two lines


class Progress:
    """Says every few seconds how far the reading has come, how fast it goes and how long it will take.

    Args:
        items: All that is to be read.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._ordinal = {item.name: at for at, item in enumerate(items, 1)}
        self._sizes, self._rows = _sum(item.size for item in items), _sum(item.rows for item in items)
        self._size = self._records = 0
        self._start = self._said = time.monotonic()

    def report(self, item: Item, records: int, size: int) -> None:
        """Takes note of some more records and bytes, and says so where it is time."""
        self._records, self._size = self._records + records, self._size + size
        now = time.monotonic()
        if now - self._said < EVERY:
            return
        self._said, took = now, now - self._start
        log.info(
            "%d records, item %d of %d, %.0f MB, %.0f records/s%s",
            self._records,
            self._ordinal[item.name],
            len(self._ordinal),
            self._size / 1e6,
            self._records / took,
            self._estimate(took),
        )

    def _estimate(self, took: float) -> str:
        """How much there is still to do, where the items say how much they are."""
        share = self._size / self._sizes if self._sizes else self._records / self._rows if self._rows else 0
        if not 0 < share < 1:
            return ""
        return f", {share:.0%}, about {took / share - took:.0f} s to go"


def _sum(parts: Iterable[int]) -> int:
    """The sum, or 0 where one is not known."""
    known = list(parts)
    return sum(known) if all(known) else 0
