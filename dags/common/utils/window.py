"""The half-open window of data time, in UTC, that a run answers for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from common.utils.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Window:
    """``[start, end)`` in UTC; ``start`` is ``None`` where everything up to ``end`` is meant."""

    start: datetime | None
    end: datetime

    def __post_init__(self) -> None:
        """Refuses bounds without a zone and windows that hold nothing."""
        for bound in (self.start, self.end):
            if bound is not None and bound.utcoffset() != timedelta(0):
                raise SettingsError(f"The window bound {bound.isoformat()} is not in UTC.")
        if self.start is not None and self.start >= self.end:
            raise SettingsError(
                f"The window [{self.start.isoformat()}, {self.end.isoformat()}) holds nothing.",
                next_step="Give a start that is before the end; the end itself is not part of the window.",
            )

    @property
    def first_day(self) -> date | None:
        """The first day that the window touches, or ``None`` where it has no start."""
        return None if self.start is None else self.start.date()

    @property
    def end_day(self) -> date:
        """The first day that the window does not touch."""
        return self.end.date() if self.end == _midnight(self.end) else self.end.date() + timedelta(days=1)

    def reaching_back(self, days: int, watermark: datetime | None = None) -> Window:
        """The window widened by its lookback, and to the watermark where runs were missed.

        Args:
            days: Lookback in days of data time, at least 0.
            watermark: How far the source has been published; a window that starts after it would leave a gap.
        """
        if self.start is None:
            return self
        start = self.start if watermark is None else min(self.start, _midnight(watermark))
        return Window(start - timedelta(days=days), self.end)

    def __str__(self) -> str:
        """The window as it stands in logs: ``[2026-01-01T00:00:00+00:00, …)``."""
        return (
            f"[{'the beginning' if self.start is None else self.start.isoformat()}, {self.end.isoformat()})"
        )


def days_of(partition: str) -> tuple[date, date]:
    """First day of a partition and the day after its last: ``2026-01-31`` is a day, ``2026-01`` a month."""
    if len(partition) == len("2026-01-31"):
        day = date.fromisoformat(partition)
        return day, day + timedelta(days=1)
    first = date.fromisoformat(f"{partition}-01")
    return first, (first + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
