"""The columns of a new pipeline: names that are fit for tables and Python, a key, and what is summed up."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence

from common.io.collections.encoding import SYSTEM
from common.pipelines.expressions.types import DATE, INTEGER, STRING, TIMESTAMP
from common.pipelines.steps import DAY
from vitrine.new.drafts import Column, Draft, Measure
from vitrine.new.inference import Sample, Seen
from vitrine.new.names import NewError

LONGEST = 30
"""Letters of a name, so that lines of code in which it stands are no longer than the house has them."""
GAPS = 0.05
"""The share of records that may lack a time: more dead letters than that stop a publication."""
IDENTITY = re.compile(r"(.*_)?(id|key|code|uuid|guid|no|number|nr|sku)|index")
UPDATED = re.compile(r"(source_)?(updated|modified|changed|last_updated|last_modified)(_at|_on)?")
CANDIDATES = 8
"""Columns that are tried together as a key."""
EVIDENCE = 20
"""Records that must differ in a column whose name says nothing, to take it for a key."""
SUMMED = 12
"""Digits of a number before its point, of which a million can be summed up in 64 bits."""
COUNT = "records"
"""What the number of records is called."""


def drafted(domain: str, subject: str, path: str, sample: Sample) -> Draft:
    """A pipeline for files: their records as they are, or summed up where nothing identifies one.

    Args:
        domain: Of the pipeline.
        subject: The same.
        path: Where they stand, as it is to be written.
        sample: Their first records.

    Raises:
        NewError: No column is always filled, so that the collection can have no key.
    """
    seen, event = sample.columns, _event(sample)
    names = named([one.theirs for one in seen], event if event >= 0 and seen[event].type == DATE else -1)
    key = _key(sample, names, event)
    by = () if key else _grouped(sample, event)
    if not (key or by) and event < 0:
        raise NewError(
            "No column is filled in every record, and a collection needs a key.",
            where=path,
            next_step="Fill one, or begin without --from and write the columns by hand.",
        )
    whole = {*key, *by, event}
    columns = tuple(Column(names[at], one.theirs, one.type, at in whole) for at, one in enumerate(seen))
    sums = [column for column, one in zip(columns, seen, strict=True) if _is_summed(one, column)]
    groups = list(dict.fromkeys([*([DAY] if event >= 0 else []), *(names[at] for at in by)]))
    return Draft(
        domain,
        subject,
        _description(subject, bool(key), groups),
        path,
        columns,
        event=names[event] if event >= 0 else "",
        key=tuple(names[at] for at in key),
        updated_at=_updated_at(seen, names) if key else "",
        by=() if key else tuple(groups),
        measures=() if key else _measures(names, sums),
        sums=tuple(column.name for column in sums) if key else (),
        rows=sample.rows,
    )


def named(theirs: Sequence[str], day: int = -1) -> list[str]:
    """Names of ours for names of theirs.

    Args:
        theirs: The names of all columns.
        day: The place of the one that becomes the day of a record; -1 where there is none.
    """
    taken = {DAY, COUNT, *(field.name for field in SYSTEM)}
    found: list[str] = []
    for at, name in enumerate(theirs):
        own = DAY if at == day else _free(_fit(name), taken)
        taken.add(own)
        found.append(own)
    return found


def _fit(name: str) -> str:
    """A name in small letters, digits and _."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", plain)
    low = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")[:LONGEST].rstrip("_") or "column"
    low = low if low[0].isalpha() else f"n_{low}"[:LONGEST]
    return f"{low}_" if keyword.iskeyword(low) else low


def _free(name: str, taken: Iterable[str]) -> str:
    """A name that is not taken: the house has some of its own, and two of theirs may become one."""
    known = set(taken)
    if name not in known:
        return name
    tries = [f"source_{name}"[:LONGEST], *(f"{name[: LONGEST - 4]}_{at}" for at in range(2, len(known) + 3))]
    return next(one for one in tries if one not in known)


def _event(sample: Sample) -> int:
    """The place of the column that tells when a record happened; -1 where none does."""
    moments = [at for at, one in enumerate(sample.columns) if one.type in (DATE, TIMESTAMP)]
    moments = [at for at in moments if sample.columns[at].filled >= (1 - GAPS) * sample.rows]
    full = [at for at in moments if sample.columns[at].filled == sample.rows]
    return next(iter([*full, *moments]), -1)


def _key(sample: Sample, names: Sequence[str], event: int) -> tuple[int, ...]:
    """The places of the columns that identify a record; none where nothing does."""
    likely = [at for at, one in enumerate(sample.columns) if _is_likely(one, names[at], at == event)]
    key = sample.key(likely[:CANDIDATES])
    return _telling(sample, event) if key in ((), (event,)) else key


def _is_likely(one: Seen, name: str, event: bool) -> bool:
    """Whether a column may be a part of what identifies a record: by its name, or as its time."""
    return event or (one.type in (STRING, INTEGER) and bool(IDENTITY.fullmatch(name)))


def _is_summed(one: Seen, column: Column) -> bool:
    """Whether a column holds exact numbers, of which many fit into one, and which are no identifiers."""
    named_so = column.required or bool(IDENTITY.fullmatch(column.name))
    return one.type.is_exact and one.digits <= SUMMED and not named_so


def _telling(sample: Sample, event: int) -> tuple[int, ...]:
    """The first text that identifies a record, or its time, or both; of enough records."""
    texts = [at for at, one in enumerate(sample.columns) if one.type == STRING]
    times = [event] if event >= 0 else []
    tries = [*([at] for at in texts), *([at] for at in times), *([at, *times] for at in texts if times)]
    return next((tuple(one) for one in tries if sample.rows >= EVIDENCE and sample.identify(one)), ())


def _updated_at(seen: Sequence[Seen], names: Sequence[str]) -> str:
    times = [name for one, name in zip(seen, names, strict=True) if one.type == TIMESTAMP]
    return next((name for name in times if UPDATED.fullmatch(name)), "")


def _grouped(sample: Sample, event: int) -> tuple[int, ...]:
    """The column, beside the day, by which records are summed up.

    Of those that are always filled it is the text with the fewest values, of two at least; without a day
    any will do.
    """
    full = [
        at for at, one in enumerate(sample.columns) if one.filled == sample.rows and one.type.name != "number"
    ]
    texts = [at for at in full if sample.columns[at].type == STRING]
    repeated = [at for at in texts if 2 <= sample.columns[at].different <= sample.rows / 2]
    repeated.sort(key=lambda at: sample.columns[at].different)
    if event >= 0:
        return tuple(repeated[:1])
    return tuple([*repeated, *texts, *full][:1])


def _measures(names: Sequence[str], summed: Sequence[Column]) -> tuple[Measure, ...]:
    totals = _totals(names, summed)
    return (Measure(COUNT, (), INTEGER), *totals)


def _totals(names: Sequence[str], summed: Sequence[Column]) -> Iterable[Measure]:
    taken = {*names}
    for column in summed:
        name = _free(f"total_{column.name}"[:LONGEST], taken)
        taken.add(name)
        yield Measure(name, (column.name,), column.type)


def _description(subject: str, as_they_are: bool, by: Sequence[str]) -> str:
    words = subject.replace("_", " ").capitalize()
    return f"{words}: a row a record" if as_they_are else f"{words}, summed up by {' and '.join(by)}"
