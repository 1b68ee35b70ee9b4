"""Cursor values: compared as what they are, lowered by an overlap of their kind."""

from datetime import UTC, datetime

import pytest

from common.io.sources.cursors import as_text, highest, lowered
from common.utils.errors import SourceError


@pytest.mark.parametrize(
    ("one", "other", "greater"),
    [
        ("9", "10", "10"),
        ("", "-5", "-5"),
        ("2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00+00:00"),
        ("2026-01-02", "2026-01-01T00:00:00Z", "2026-01-02"),
        ("abc", "abd", "abd"),
    ],
)
def test_the_highest(one: str, other: str, greater: str) -> None:
    assert highest(one, other) == highest(other, one) == greater


@pytest.mark.parametrize(
    ("cursor", "overlap", "bound"),
    [
        ("", "5", ""),
        ("10", "0", "10"),
        ("10", "0h", "10"),
        ("10", "4", "6"),
        ("2026-01-01T00:00:00+00:00", "90s", "2025-12-31T23:58:30+00:00"),
        ("2026-01-01T00:00:00", "2d", "2025-12-30T00:00:00"),
        ("65f0c0ffee65f0c0ffee65f0", "0", "65f0c0ffee65f0c0ffee65f0"),
    ],
)
def test_the_overlap(cursor: str, overlap: str, bound: str) -> None:
    assert lowered(cursor, overlap) == bound


@pytest.mark.parametrize(("cursor", "overlap"), [("10", "1h"), ("2026-01-01", "5"), ("abc", "1d")])
def test_an_overlap_of_another_kind_is_refused(cursor: str, overlap: str) -> None:
    with pytest.raises(SourceError, match="cannot be taken from a cursor"):
        lowered(cursor, overlap)


def test_as_text() -> None:
    assert [as_text(one) for one in (None, 5, datetime(2026, 1, 1, tzinfo=UTC))] == [
        "",
        "5",
        "2026-01-01T00:00:00+00:00",
    ]
