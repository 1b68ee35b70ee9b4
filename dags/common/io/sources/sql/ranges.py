"""The ranges of a whole-number column, which together hold each row once."""

from __future__ import annotations

from itertools import pairwise

from common.io.sources.sql.database import Column, Statement


def ranges(
    wanted: Statement, column: Column, quoted: str, between: tuple[int, int], count: int
) -> list[Statement]:
    """One statement for each range, of equal width.

    Args:
        wanted: All rows.
        column: That is split by.
        quoted: Its name in SQL.
        between: Its least and greatest value; the outer ranges are open, and the last has the nulls.
        count: How many ranges; at least 2.
    """
    low, high = between
    edges = [low + (high - low + 1) * at // count for at in range(1, count)]
    lower = f"{quoted} >= {column.bound.format('{lower}')}"
    upper = f"{quoted} < {column.bound.format('{upper}')}"
    return [
        wanted.where(upper, upper=edges[0]),
        *(wanted.where(lower, lower=one).where(upper, upper=other) for one, other in pairwise(edges)),
        wanted.where(f"({lower} OR {quoted} IS NULL)", lower=edges[-1]),
    ]
