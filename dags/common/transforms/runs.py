"""Run records of any system in one normalised form: what every source of ``pipeline_days`` is cleaned to."""

from __future__ import annotations

from functools import partial

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.transforms.operations import Check, Frame, Records, judged
from common.utils.arrow import schema_of
from common.utils.quoting import literal
from common.utils.secrets import MASKS

SECONDS = pa.decimal128(18, 6)
MOMENT = pa.timestamp("us", tz="UTC")
LONGEST_ERROR = 500  # characters

COLUMNS = (
    "system",
    "pipeline",
    "task",
    "run_id",
    "owner",
    "state",
    "started_at",
    "ended_at",
    "event_at",
    "seconds",
    "rows",
    "expected_every",
    "error",
)
OPTIONAL = tuple(name for name in COLUMNS if name not in ("pipeline", "state", "started_at"))

FIELDS = schema_of(
    date=pa.date32(),
    system=pa.string(),
    pipeline=pa.string(),
    task=pa.string(),
    run_id=pa.string(),
    owner=pa.string(),
    state=pa.string(),
    at=MOMENT,
    started_at=MOMENT,
    ended_at=MOMENT,
    seconds=SECONDS,
    rows=pa.int64(),
    expected_every=pa.int64(),
    error=pa.string(),
)
"""``at`` is when a run ended; of one that has not ended, or does not say so, when it started; where it says
neither, when that was said. ``date`` is its day in UTC. ``task`` is null of a run of the whole pipeline.
``expected_every`` is in seconds."""

STATES = {
    "success": "success succeeded successful complete completed pass passed ok done finished warn reused",
    "failed": "failed fail failure error errored abort aborted crashed killed timeout timed_out "
    "upstream_failed",
    "running": "running start started queued scheduled pending in_progress restarting deferred up_for_retry",
    "skipped": "skipped skip no-op",
}
"""The words of other systems for each state, in any case of letters, with blanks written as ``_``; every
other word, and none, is ``other``."""

LONGEST = 7  # days from the start of a run to its end; an older record of the same run is not looked for

EVERY = r"\d+(\.\d+)?\s*[smhdw]?"
UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def records(system: str, **default: str) -> Records:
    """What one source holds.

    Args:
        system: Of records that do not name theirs.
        default: Variables of the source.
    """
    typed = partial(clean, system=system)
    return Records(COLUMNS, FIELDS, typed, default=default, wander=LONGEST, optional=OPTIONAL)


def clean(received: Frame, system: str) -> Frame:
    """Types run records.

    Args:
        received: ``COLUMNS`` as text, null where blank.
        system: Of records that do not name theirs.

    Returns:
        ``FIELDS`` typed, ``_event_at``, the verdict, and the columns that came with them. Seconds that are
        not given follow from start and end; they are null where the end is before the start. Of an error
        credentials are masked, and what is longer than ``LONGEST_ERROR`` is cut off.
    """
    typed = engine.with_sql(
        received,
        _started=engine.timestamp("started_at"),
        _ended=engine.timestamp("ended_at"),
        _told=engine.timestamp("event_at"),
        _seconds=engine.number("seconds"),
        _rows=engine.whole_number("rows"),
        _every=_every("expected_every"),
        _state=_state("state"),
        _error=_masked("error"),
    )
    ended = nw.when(nw.col("_state") != "running").then(nw.col("_ended"))
    moments = typed.with_columns(
        _event_at=nw.coalesce(ended, nw.col("_started"), nw.col("_told")), _ended=ended
    )
    lasted = engine.with_sql(judged(moments, CHECKS), _lasted=_lasted(), _shown=_cut("_error"))
    return lasted.with_columns(
        date=nw.col("_event_at").cast(nw.Date()),
        at=nw.col("_event_at"),
        system=nw.coalesce(nw.col("system"), nw.lit(system)),
        state=nw.col("_state"),
        started_at=nw.col("_started"),
        ended_at=nw.col("_ended"),
        seconds=nw.col("_lasted"),
        rows=nw.col("_rows"),
        expected_every=nw.col("_every"),
        error=nw.col("_shown"),
    ).drop(*PARSED)


PARSED = (
    "_started",
    "_ended",
    "_told",
    "_seconds",
    "_rows",
    "_every",
    "_state",
    "_error",
    "_lasted",
    "_shown",
)


def _time(name: str, parsed: str) -> Check:
    wrong = ~nw.col(name).is_null() & nw.col(parsed).is_null()
    return Check(f"{name}_impossible", name, wrong, "is no date and time; write it as 2026-01-31T08:26:00Z")


CHECKS = (
    Check("pipeline_missing", "pipeline", nw.col("pipeline").is_null(), "is missing"),
    _time("started_at", "_started"),
    Check(
        "ended_at_impossible",
        "ended_at",
        ~nw.col("ended_at").is_null() & nw.col("_ended").is_null() & (nw.col("_state") != "running"),
        "is no date and time; write it as 2026-01-31T08:26:00Z",
    ),
    Check("time_missing", "started_at", nw.col("_event_at").is_null(), "is missing, and so is when it ended"),
    Check(
        "seconds_not_a_number",
        "seconds",
        ~nw.col("seconds").is_null() & (nw.col("_seconds").is_null() | (nw.col("_seconds") > 1e11)),
        "is not a number of seconds",
    ),
    Check(
        "rows_not_whole",
        "rows",
        ~nw.col("rows").is_null() & nw.col("_rows").is_null(),
        "is not a whole number of 64 bits",
    ),
)


def _state(column: str) -> str:
    word = f"replace(lower({column}), ' ', '_')"
    cases = " ".join(
        f"WHEN {word} IN ({', '.join(literal(one) for one in words.split())}) THEN {literal(state)}"
        for state, words in STATES.items()
    )
    return f"CASE {cases} ELSE 'other' END"


def _lasted() -> str:
    """Seconds as given, else between start and end; never negative."""
    between = "epoch_us(_ended) - epoch_us(_started)"
    given = "CASE WHEN _seconds BETWEEN 0 AND 1e11 THEN CAST(round(_seconds, 6) AS DECIMAL(18, 6)) END"
    exact = f"CASE WHEN {between} BETWEEN 0 AND 100000000000000000 THEN CAST({between} AS DECIMAL(18, 0)) END"
    return f"coalesce({given}, CAST({exact} * 0.000001::DECIMAL(7, 6) AS DECIMAL(18, 6)))"


def _every(column: str) -> str:
    """Seconds of ``900``, ``15m``, ``1h`` or ``1d``; null of anything else."""
    units = " ".join(f"WHEN '{unit}' THEN {seconds}" for unit, seconds in UNITS.items())
    number = f"TRY_CAST(regexp_extract({column}, '[0-9.]+') AS DOUBLE)"
    seconds = f"CAST(round({number} * CASE right({column}, 1) {units} ELSE 1 END) AS BIGINT)"
    return f"CASE WHEN {engine.matches(column, EVERY)} AND {number} BETWEEN 1 AND 1e9 THEN {seconds} END"


def _masked(column: str) -> str:
    """A text without credentials; see :func:`common.utils.secrets.masked`."""
    sql = f"left({column}, {2 * LONGEST_ERROR})"
    for pattern, replacement in MASKS:
        sql = f"regexp_replace({sql}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return f"CASE WHEN {column} IS NOT NULL THEN {sql} END"


def _cut(column: str) -> str:
    shown = f"left({column}, {LONGEST_ERROR - 1}) || '…'"
    return f"CASE WHEN length({column}) > {LONGEST_ERROR} THEN {shown} ELSE {column} END"
