"""Histograms of seconds that can be added up: with ``engine``, the place of DuckDB's SQL.

A bucket ``k`` counts the values in ``(GAMMA^(k-1), GAMMA^k]`` milliseconds, as DDSketch has it (Masson, Rim
and Lee, VLDB 2019); below one millisecond all is in bucket 0. A histogram is JSON text, an object that maps
buckets to counts. Adding is exact, so a quantile of many histograms is that of their sum; it differs from the
value of its rank by ``RELATIVE_ERROR`` at most, for values of one millisecond and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from common.utils.quoting import identifier, literal

RELATIVE_ERROR = 0.02
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
EMPTY = "{}"

Frame = nw.LazyFrame[Any]


def bucket(seconds: str) -> str:
    """SQL: the bucket of a column of seconds; null of null and of negative values."""
    value = f"CAST({identifier(seconds)} AS DOUBLE)"
    rank = f"CAST(ceil(ln({value} * 1000) / ln({GAMMA!r})) AS BIGINT)"
    return f"CASE WHEN {value} > 0.001 THEN {rank} WHEN {value} >= 0 THEN 0 END"


def counted(frame: Frame, by: Sequence[str], buckets: str, name: str) -> Frame:
    """The histogram of a column of buckets, one row a group; groups without a bucket are left out."""
    present = frame.filter(~nw.col(buckets).is_null())
    return _written(present.group_by(*by, buckets).agg(_count=nw.len()), by, buckets, name)


def added(frame: Frame, by: Sequence[str], name: str) -> Frame:
    """The sum of a column of histograms, one row a group; groups with empty ones alone are left out."""
    counts = _spread(frame, by, name).group_by(*by, "_bucket").agg(_count=nw.col("_count").sum())
    return _written(counts, by, "_bucket", name)


def quantiles(frame: Frame, by: Sequence[str], name: str, **wanted: float) -> Frame:
    """Quantiles of the sum of a column of histograms: that of rank ``ceil(q · n)``, in seconds.

    Args:
        frame: With the histograms.
        by: What makes a group; groups with empty histograms alone are left out.
        name: Of the column of histograms.
        wanted: Name of the new column to quantile, between 0 and 1.
    """
    counts = _spread(frame, by, name).group_by(*by, "_bucket").agg(_count=nw.col("_count").sum())
    ranked = counts.with_columns(
        _up_to=nw.col("_count").cum_sum().over(*by, order_by="_bucket"), _all=nw.col("_count").sum().over(*by)
    )
    groups = ", ".join(identifier(one) for one in by)
    value = f"2 * pow({GAMMA!r}, _bucket) / ({GAMMA!r} + 1) / 1000"
    columns = ", ".join(
        f"min({value}) FILTER (WHERE _up_to >= ceil({quantile!r} * _all)) AS {identifier(one)}"
        for one, quantile in wanted.items()
    )
    found: Frame = nw.from_native(ranked.to_native().aggregate(f"{groups}, {columns}", groups))
    return found


def total(name: str) -> str:
    """SQL: the number of values in a histogram."""
    counts = f"map_values(CAST(CAST({identifier(name)} AS JSON) AS MAP(VARCHAR, BIGINT)))"
    return f"CAST(coalesce(list_sum({counts}), 0) AS BIGINT)"


def _spread(frame: Frame, by: Sequence[str], name: str) -> Frame:
    """One row a group, histogram and bucket."""
    groups = ", ".join(identifier(one) for one in by)
    entries = f"map_entries(CAST(CAST({identifier(name)} AS JSON) AS MAP(VARCHAR, BIGINT)))"
    rows = frame.filter(nw.col(name) != EMPTY).to_native().project(f"{groups}, unnest({entries}) AS _entry")
    spread: Frame = nw.from_native(
        rows.project(f"{groups}, CAST(_entry.key AS BIGINT) AS _bucket, _entry.value AS _count")
    )
    return spread


def _written(counts: Frame, by: Sequence[str], buckets: str, name: str) -> Frame:
    groups, column = ", ".join(identifier(one) for one in by), identifier(buckets)
    pair = f"{literal(chr(34))} || {column} || {literal(chr(34) + ':')} || _count"
    text = f"'{{' || string_agg({pair}, ',' ORDER BY {column}) || '}}' AS {identifier(name)}"
    written: Frame = nw.from_native(counts.to_native().aggregate(f"{groups}, {text}", groups))
    return written
