"""What the subjects of learning read: records of courses, enrolments, assessments and activity, typed.

A moment is a date or time, or a whole number: days from the start of the course, which may be negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.transforms.operations import Check, Frame, Records, judged
from common.utils.arrow import schema_of

NONE = "-"
"""The presentation of a course that has but one; the course of what is of no known assessment."""

NO_DAY = date(1970, 1, 1)
"""Where all records stand in silver: the collections are always computed from all of it."""

BLANK = "?"
"""How Open University data write what they do not know, where they do not leave it blank."""

MOST_DAYS = 36_525  # a hundred years: a larger number is no count of days
SCORE = (7, 4)


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is not negative.

    Attributes:
        precision, scale: Of the decimal; 64 bits where the scale is 0.
        most: The largest that can be; 0: any that fits.
        required: Whether a record must have it.
    """

    precision: int
    scale: int
    most: int = 0
    required: bool = False

    @property
    def type(self) -> pa.DataType:
        """Of silver's column."""
        return pa.decimal128(self.precision, self.scale) if self.scale else pa.int64()


@dataclass(frozen=True, slots=True)
class Kind:
    """The columns of one source.

    Attributes:
        names: Texts that each record must have.
        texts: Texts that it may have; without a presentation it is of the only one.
        moments: Of each, silver has the day as ``<name>_on`` or the days from the start as ``<name>_day``.
        dates: Moments that cannot be counted from the start.
        numbers: By name.
        flags: Yes or no; no where it is not said.
        event: The moment that tells how recent the data are.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...] = ("presentation",)
    moments: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    numbers: Mapping[str, Number] | None = None
    flags: tuple[str, ...] = ()
    event: str = ""

    def records(self, needed: tuple[str, ...] = ()) -> Records:
        """As the verbs take it.

        Args:
            needed: What the source must have beside the names.
        """
        numbers = tuple(self.numbers or ())
        every = (*self.names, *self.texts, *self.moments, *numbers, *self.flags)
        optional = tuple(name for name in every if name not in (*self.names, *needed))
        return Records(every, self.fields, partial(_clean, self), snapshot=True, optional=optional)

    @property
    def fields(self) -> pa.Schema:
        """Columns of silver."""
        return schema_of(
            date=pa.date32(),
            **dict.fromkeys((*self.names, *self.texts), pa.string()),
            **{f"{name}_on": pa.date32() for name in self.moments},
            **{f"{name}_day": pa.int64() for name in self.moments if name not in self.dates},
            **{name: number.type for name, number in (self.numbers or {}).items()},
            **dict.fromkeys(self.flags, pa.bool_()),
        )


OF_A_COURSE = ("course", "student_id")

KINDS: Mapping[str, Kind] = {
    "courses": Kind(("course",), ("presentation", "title"), ("starts", "ends"), dates=("starts",)),
    "enrolments": Kind(
        OF_A_COURSE, ("presentation", "result"), ("registered", "withdrawn"), event="registered"
    ),
    "registrations": Kind(OF_A_COURSE, moments=("registered", "withdrawn"), event="registered"),
    "assessments": Kind(
        ("course", "assessment_id"), ("presentation", "kind"), ("due",), numbers={"weight": Number(9, 4)}
    ),
    "submissions": Kind(
        ("assessment_id", "student_id"),
        (),
        ("submitted",),
        numbers={"score": Number(*SCORE, most=100)},
        flags=("banked",),
        event="submitted",
    ),
    "contents": Kind(("course", "content_id"), ("presentation", "kind", "title")),
    "activity": Kind(
        OF_A_COURSE,
        ("presentation", "content_id"),
        ("visited",),
        numbers={"clicks": Number(18, 0, required=True), "minutes": Number(9, 2)},
        event="visited",
    ),
}

NEEDED = {"submissions": ("submitted", "score"), "activity": ("visited", "clicks")}


def started(presentation: str) -> str:
    """The day that a presentation's code stands for: ``2013J`` is the first of October 2013.

    The letter's place in the alphabet is the month, as the Open University names them; null for other codes.
    """
    year, month = f"CAST({presentation}[1:4] AS INTEGER)", f"ascii({presentation}[5:5]) - 64"
    coded = engine.matches(presentation, "[12][0-9]{3}[A-L]")
    return f"CASE WHEN {coded} THEN make_date({year}, {month}, 1) END"


def _clean(kind: Kind, received: Frame) -> Frame:
    """The records of one source, typed and judged; see :class:`common.transforms.operations.Records`."""
    columns = (*kind.moments, *(kind.numbers or ()), *kind.flags, *kind.texts)
    known = received.with_columns(
        **{name: nw.when(nw.col(name) != BLANK).then(nw.col(name)) for name in columns}
    )
    typed = engine.with_sql(
        known,
        **{f"_{name}_at": engine.timestamp(name) for name in kind.moments},
        **{f"_{name}_day": engine.whole_number(name) for name in kind.moments},
        **{f"_{name}": _number(name, number) for name, number in (kind.numbers or {}).items()},
        **{f"_{name}": engine.boolean(name) for name in kind.flags},
    )
    typed = judged(typed, [*_named(kind), *_timed(kind), *_numbered(kind), *_flagged(kind)])
    return _settled(kind, typed)


def _settled(kind: Kind, typed: Frame) -> Frame:
    """Silver's columns in place of the texts, and the moment by which the data are judged."""
    timed = engine.with_sql(typed, _event_at=_happened(kind))
    if "presentation" in kind.texts:
        timed = timed.with_columns(presentation=nw.col("presentation").fill_null(NONE))
    return timed.with_columns(
        date=nw.lit(NO_DAY),
        **{f"{name}_on": nw.col(f"_{name}_at").cast(nw.Date()) for name in kind.moments},
        **{f"{name}_day": nw.col(f"_{name}_day") for name in kind.moments if name not in kind.dates},
        **{name: nw.col(f"_{name}") for name in kind.numbers or ()},
        **{name: nw.col(f"_{name}").fill_null(False) for name in kind.flags},
    )


def _happened(kind: Kind) -> str:
    """The moment of a record; of one that is counted in days, by the code of its presentation."""
    if not kind.event:
        return "NULL::TIMESTAMPTZ"
    at, days = f"_{kind.event}_at", f"_{kind.event}_day"
    if "presentation" not in kind.texts:
        return at
    counted = f"CASE WHEN abs({days}) <= {MOST_DAYS} THEN {started('presentation')} + {days}::INTEGER END"
    return f"coalesce({at}, {counted}::TIMESTAMPTZ)"


def _named(kind: Kind) -> list[Check]:
    needed = [name for name, number in (kind.numbers or {}).items() if number.required]
    names = (*kind.names, *needed)
    return [Check(f"{name}_missing", name, nw.col(name).is_null(), "is missing") for name in names]


def _timed(kind: Kind) -> list[Check]:
    checks = []
    for name in kind.moments:
        days = nw.col(f"_{name}_day")
        counted = ((days <= MOST_DAYS) & (days >= -MOST_DAYS)).fill_null(False)
        neither = ~nw.col(name).is_null() & nw.col(f"_{name}_at").is_null()
        reason = "is no date; write it as 2026-01-31"
        if name not in kind.dates:
            neither, reason = neither & ~counted, f"{reason}, or as days from the start of the course"
        checks.append(Check(f"{name}_impossible", name, neither, reason))
    return checks


def _numbered(kind: Kind) -> list[Check]:
    checks = []
    for name, number in (kind.numbers or {}).items():
        value = nw.col(f"_{name}")
        inexact = ~nw.col(name).is_null() & value.is_null()
        high = (value > number.most) if number.most else nw.lit(False)
        bound = f" and at most {number.most}" if number.most else ""
        digits = f"with at most {number.scale} decimals" if number.scale else "without decimals"
        checks += [
            Check(f"{name}_not_exact", name, inexact, f"is no number {digits}"),
            Check(f"{name}_out_of_range", name, (value < 0) | high, f"is not at least 0{bound}"),
        ]
    return checks


def _flagged(kind: Kind) -> list[Check]:
    checks = []
    for name in kind.flags:
        neither = ~nw.col(name).is_null() & nw.col(f"_{name}").is_null()
        checks.append(Check(f"{name}_not_boolean", name, neither, "is not yes or no"))
    return checks


def _number(name: str, number: Number) -> str:
    if number.scale:
        return engine.exact_number(name, number.precision, number.scale)
    return engine.whole_number(name)


SOURCES: Mapping[str, Records] = {name: kind.records(NEEDED.get(name, ())) for name, kind in KINDS.items()}
