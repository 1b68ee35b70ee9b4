"""Counts and control totals of frames."""

from __future__ import annotations

from decimal import Decimal

import narwhals.stable.v2 as nw

from common.transforms.operations import Frame


def counts(frame: Frame, column: str) -> dict[str, int]:
    """How many rows there are of each value of a column."""
    return dict(frame.group_by(column).agg(nw.len()).sort(column).to_native().fetchall())


def totals(frame: Frame | None) -> dict[str, Decimal]:
    """One row of sums; a sum of nothing is 0, and no frame has none."""
    if frame is None:
        return {}
    (row,) = frame.to_native().fetchall()
    return {name: Decimal(total or 0) for name, total in zip(frame.columns, row, strict=True)}
