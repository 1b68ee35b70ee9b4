"""The rows of ``monitoring/pipeline_days`` as the source of other subjects, and what these have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.transforms.operations import Check, Frame, Records, judged
from common.transforms.pipeline_days import BY, GOLD
from common.utils.quoting import literal

DAYS = "pipeline_days"
"""The name of the source, as of the collection that it reads."""


def clean(received: Frame) -> Frame:
    """Types the rows of the collection again.

    Args:
        received: Columns of the collection's contract as text.

    Returns:
        The same typed, ``_event_at``, the verdict, and the columns that came with them.
    """
    parsed = {f"_{field.name}": _parsed(field) for field in GOLD if field.type != pa.string()}
    typed = engine.with_sql(received, **parsed, _event_at=_moment())
    found = {name[1:]: nw.col(name) for name in parsed}
    return judged(typed, CHECKS).with_columns(**found).drop(list(parsed))


CHECKS = (Check("date_impossible", "date", nw.col("_date").is_null(), "is no date"),)

SOURCES: Mapping[str, Records] = {
    DAYS: Records(
        tuple(GOLD.names),
        GOLD,
        clean,
        snapshot=True,
        default={"SOURCE": "collection", "NAME": f"monitoring/{DAYS}", "KEY": ",".join(BY)},
    )
}


def last_day(as_of: datetime) -> date:
    """The last day of which something is before a moment: of midnight the day that has just ended."""
    return (as_of - timedelta(microseconds=1)).date()


def trailing(day: date, days: int) -> str:
    """SQL: whether ``date`` is among so many days that end with one."""
    first = day - timedelta(days=days - 1)
    return f"date BETWEEN DATE {literal(first.isoformat())} AND DATE {literal(day.isoformat())}"


def summed(name: str, within: str = "true") -> str:
    """SQL: the sum of a column of whole numbers over the rows that are meant; 0 where there are none."""
    return f"CAST(coalesce(sum({name}) FILTER (WHERE {within}), 0) AS BIGINT)"


def summed_seconds(within: str = "true") -> str:
    """SQL: the same of ``seconds``, exact."""
    return f"CAST(coalesce(sum(seconds) FILTER (WHERE {within}), 0) AS DECIMAL(18, 6))"


def rate(succeeded: str, failed: str) -> str:
    """SQL: the share of runs that succeeded among those that did or failed; null where none did either."""
    return f"CAST({succeeded} AS DOUBLE) / nullif({succeeded} + {failed}, 0)"


def latest(name: str) -> str:
    """SQL: a column's value on the last day of a run on which it is not null."""
    return f"arg_max({name}, last_run_at) FILTER (WHERE {name} IS NOT NULL)"


def _moment() -> str:
    """SQL: how far a row's data reach, its last run; without one its day."""
    return f"coalesce({engine.timestamp('last_run_at')}, {engine.timestamp('date')})"


def _parsed(field: pa.Field[pa.DataType]) -> str:
    if isinstance(field.type, pa.Decimal128Type):
        return engine.exact_number(field.name, field.type.precision, field.type.scale)
    if field.type == pa.int64():
        return engine.whole_number(field.name)
    moment = engine.timestamp(field.name)
    return f"CAST({moment} AS DATE)" if field.type == pa.date32() else moment
