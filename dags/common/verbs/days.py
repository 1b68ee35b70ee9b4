"""Which days of silver and gold a run computes, and which of them it answers for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from common.io.partitions import ALL_DAYS, NO_DAYS, Condition, days_condition, ranges_condition
from common.transforms.operations import Frame
from common.verbs.references import Extracted
from common.verbs.spans import spans
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
        self.keyed = keyed or extracted.window is None

    def reach(self, arrived: Frame) -> Condition:
        """The days of silver at which an arriving record may stand already."""
        if not self.keyed:
            return self.condition()
        if self._wander is None:
            return ALL_DAYS
        margin = timedelta(days=self._wander)
        ranges = spans(
            (day - margin + timedelta(days=at)).isoformat()
            for day in dates(arrived)
            for at in range(2 * self._wander + 1)
        )
        return ranges_condition(ranges) or NO_DAYS

    def condition(self, *more: date) -> Condition:
        """The days of the window and some more."""
        if self._window is None:
            return days_condition(None, date.min, more)
        return days_condition(self._window.first_day, self._window.end_day, more)

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

    def partitions(self, written: Frame, moved: list[date], every: Callable[[], Frame]) -> tuple[str, ...]:
        """The days that the run answers for: those of silver in its window.

        Where days beside are computed too, these and all between, so that gold is read as one range of days.

        Args:
            written: The days of silver that were computed.
            moved: From :meth:`beside`.
            every: All of silver.
        """
        days = {*dates(written), *moved}
        if moved:
            days |= {day for day in dates(every()) if min(days) <= day <= max(days)}
        return tuple(day.isoformat() for day in sorted(days))


def dates(frame: Frame, column: str = "date") -> list[date]:
    """The different days in a column."""
    found = frame.select(column).unique().to_native().fetchall()
    return [day for (day,) in found if day is not None]
