"""Which days of silver and gold a run computes, and which of them it answers for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from common.io.partitions import ALL_DAYS, NO_DAYS, Condition, days_condition, ranges_condition
from common.transforms.operations import Frame
from common.verbs.references import Extracted
from common.verbs.spans import joined
from common.verbs.tables import Tables


class Days:
    """The days of one run.

    Args:
        extracted: The run's window; without one its days are those of whatever it read.
        tables: What silver changed before.
        keyed: Whether a record is identified by a key, and may so stand at another day than before.
        wander: By how many days at most; ``None`` for any.
    """

    def __init__(
        self, extracted: Extracted, tables: Tables, *, keyed: bool, wander: int | None = None
    ) -> None:
        self._window, self._tables, self._wander = extracted.window, tables, wander
        self._oldest, self._bookmark = extracted.oldest, extracted.bookmark
        self.keyed = keyed or extracted.window is None

    def reach(self, arrived: Frame) -> Condition:
        """The days of silver at which an arriving record may stand already."""
        if not self.keyed:
            return self.condition()
        if self._wander is None:
            return ALL_DAYS
        margin = timedelta(days=self._wander)
        ranges = [
            (day - min(margin, day - date.min), day + min(margin + timedelta(days=1), date.max - day))
            for day in dates(arrived)
        ]
        return ranges_condition(joined(ranges)) or NO_DAYS

    @property
    def past(self) -> Condition:
        """The days that are not kept; none where all are."""
        return days_condition(None, self._oldest) if self._oldest else []

    def condition(self, *more: date) -> Condition:
        """The days of the window and some more, and those that are not kept: each run empties them."""
        if self._window is None:
            return days_condition(None, date.min, more) + self.past
        return days_condition(self._window.first_day, self._window.end_day, more) + self.past

    def told(self, moved: Iterable[date]) -> str:
        """What the commit of silver says of days beside the window.

        Of those a bookmark tells the next run; days that are not kept are every run's own.
        """
        others = any(day >= (self._oldest or date.min) for day in moved)
        return "moved" if others and self._bookmark is None else ""

    def beside(self, winners: Frame, gone: Frame) -> list[date]:
        """The days to compute beside those of the window.

        Rows leave them because their record has another date now or is gone, or did so in an earlier try of
        the run; or silver changed them since the live version was computed, as far as a bookmark tells.
        Without a window these are all: then also those that rows come to.

        Args:
            winners: Records that silver gets, with the day that they stood at before.
            gone: Rows that leave silver.
        """
        left = {*dates(winners, "_held_date"), *dates(gone)} | self._tables.tried | self._tables.unpublished
        if self._window is None:
            return sorted({*left, *dates(winners)})
        first, end = self._window.first_day or date.min, self._window.end_day
        return sorted(day for day in left if not first <= day < end)


def dates(frame: Frame, column: str = "date") -> list[date]:
    """The different days in a column."""
    found = frame.select(column).unique().to_native().fetchall()
    return [day for (day,) in found if day is not None]
