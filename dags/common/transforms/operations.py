"""Steps that every subject shares: pure functions over lazy frames, ``f(frames, parameters) -> frame``.

Columns whose names start with an underscore are the house's own:

- ``_item``, ``_digest``, ``_position``: where the record came from
- ``_key``: its identity; ``_updated_at``: which of two with one identity is the later (null is the earliest)
- ``_event_at``: its moment in data time, UTC; a subject's ``clean`` adds it
- ``_rule``, ``_field``, ``_reason``: why it is rejected; null where it is not
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.utils.quoting import literal
from common.utils.window import Window

Frame = nw.LazyFrame[Any]
Tie = Literal["place", "arrived", "held", "source"]

ORIGIN = ("_item", "_digest", "_position")
ORDER = ("_updated_at", "_item", "_position")
VERDICT = ("_rule", "_field", "_reason")
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Records:
    """What one source of a subject holds.

    Attributes:
        columns: Our names of the columns that a record must have.
        fields: Columns of silver that ``clean`` types; ``date``, never null, is among them and partitions it.
        clean: Types what :func:`received` gives, marks what cannot be typed, adds ``_event_at`` or null.
        snapshot: What the source holds now is the whole truth: a run reads all of it, and silver has nothing
            else; but of a source with a cursor only what is new, laid over silver.
        default: Variables of the source that hold unless they are set, without what their names begin with.
        complete: These are all that is needed to read the source.
        optional: Of ``columns``, those that a source may lack; null then.
        wander: By how many days at most the ``date`` of one record changes, as a run's that starts on one day
            and ends on another; ``None``: by any. Silver's other days are not looked through.
    """

    columns: tuple[str, ...]
    fields: pa.Schema
    clean: Callable[[Frame], Frame]
    snapshot: bool = False
    default: Mapping[str, Any] = field(default_factory=dict)
    wander: int | None = None
    optional: tuple[str, ...] = ()
    complete: bool = False

    def needed(self, mapped: Collection[str]) -> list[str]:
        """The columns without which a source is refused: what is optional is not, unless it is mapped."""
        return [name for name in self.columns if name not in self.optional or name in mapped]


@dataclass(frozen=True, slots=True)
class Check:
    """One way in which a record can be wrong.

    Attributes:
        rule: Its name in the ledger.
        field: The column, as the subject names it.
        broken: True where the record is wrong; null is not.
        reason: What is wrong, read after the field's name and text.
        text: The column that holds the field's text; the field's own name without it.
    """

    rule: str
    field: str
    broken: nw.Expr
    reason: str
    text: str = ""


def received(bronze: Frame, columns: Mapping[str, str], key: Sequence[str], updated_at: str) -> Frame:
    """Bronze under our names: text without blanks around it, null where nothing is left; with its identity.

    Args:
        bronze: All columns as text, with ``ORIGIN``.
        columns: Ours to theirs; upper and lower case of theirs do not count. An absent one is null.
        key: Their columns that identify a record; empty: content and line do.
        updated_at: Their column that tells the later of two records; empty: none.

    Returns:
        Our columns, ``ORIGIN``, ``_key``, ``_updated_at`` and a first verdict.
    """
    spelled = {name.lower(): name for name in bronze.collect_schema().names()}
    parts = {f"_key_{at}": _text(name, spelled) for at, name in enumerate(key)}
    ours = {name: _text(theirs, spelled) for name, theirs in columns.items()}
    nothing = dict.fromkeys(VERDICT, nw.lit(None).cast(nw.String()))
    frame = bronze.select(*ORIGIN, **ours, **parts, **nothing, _updated_text=_text(updated_at, spelled))
    identity = engine.json_array(parts or ("_digest", "_position"))
    frame = engine.with_sql(frame, _key=identity, _updated_at=engine.timestamp("_updated_text"))
    no_time = nw.col("_updated_at").is_null() & ~nw.col("_updated_text").is_null()
    checks = [
        Check(
            "key_missing", ",".join(key), nw.col("_key").is_null(), "is missing, and identifies it", "_key"
        ),
        Check("updated_at_impossible", updated_at, no_time, "is no date or time", "_updated_text"),
    ]
    return judged(frame, checks).drop([*parts, "_updated_text"])


def judged(frame: Frame, checks: Sequence[Check]) -> Frame:
    """The frame with the verdict of the first check that a record breaks; a verdict it has already stands."""
    if not checks:
        return frame
    broken = {f"_check_{at}": check.broken for at, check in enumerate(checks)}
    told = {
        "_rule": [literal(check.rule) for check in checks],
        "_field": [literal(check.field) for check in checks],
        "_reason": [
            engine.sentence(check.field, check.text or check.field, check.reason) for check in checks
        ],
    }
    return engine.told_once(frame.with_columns(**broken), list(broken), told).drop(list(broken))


def identified(frame: Frame, key: Sequence[str]) -> Frame:
    """Records, or their keys alone, with the identity ``_key``; all columns are text.

    Args:
        frame: As the source names its columns.
        key: Their columns that identify a record; null in ``_key`` where one of them is.
    """
    spelled = {name.lower(): name for name in frame.collect_schema().names()}
    parts = {f"_key_{at}": _text(name, spelled) for at, name in enumerate(key)}
    return engine.with_sql(frame.with_columns(**parts), _key=engine.json_array(parts)).drop(list(parts))


def placed(frame: Frame, window: Window | None) -> Frame:
    """The frame with ``_place``: ``before`` or ``after`` the window, else ``within``, as all is without one.

    What lies outside is not this run's to judge, whatever else is wrong with it; what has no time at all is.
    """
    if window is None:
        return frame.with_columns(_place=nw.lit("within"))
    after = nw.col("_event_at") >= nw.lit(window.end)
    before = nw.col("_event_at") < nw.lit(window.start or BEGINNING)
    place = nw.when(after).then(nw.lit("after")).otherwise(nw.lit("within"))
    return frame.with_columns(_place=nw.when(before).then(nw.lit("before")).otherwise(place))


def expired(frame: Frame, oldest: date | None) -> Frame:
    """What :func:`placed` gives, with the place ``expired`` for what is older than the first day to keep."""
    if oldest is None:
        return frame
    start = datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC)
    old = (nw.col("_place") == "within") & (nw.col("_event_at") < nw.lit(start))
    return frame.with_columns(_place=nw.when(old).then(nw.lit("expired")).otherwise(nw.col("_place")))


def latest(frame: Frame) -> Frame:
    """One record of each identity: the last updated; in a tie the later file name's, then the later line."""
    return frame.unique(["_key"], keep="last", order_by=list(ORDER))


def not_superseded(held: Frame, arrived: Frame, window: Window) -> Frame:
    """Held rows without those in the window whose file has arrived with other content that has their day."""
    contents = arrived.select("_item", "date", _content=nw.col("_digest"))
    contents = contents.unique(["_item", "date"], keep="any")
    joined = placed(held, window).join(contents, on=["_item", "date"], how="left")
    current = nw.col("_content").is_null() | (nw.col("_content") == nw.col("_digest"))
    return joined.filter(current | (nw.col("_place") != "within")).drop("_content", "_place")


def settled(arrived: Frame, held: Frame, fields: Sequence[str], tie: Tie = "place") -> Frame:
    """What becomes of records that arrived, given the held rows of the same identity.

    Args:
        arrived: One record of each identity.
        held: Rows of silver; one of each identity.
        fields: What makes two records the same.
        tie: Which of two is the later where ``_updated_at`` does not tell. By ``place`` (see :func:`latest`)
            where places are of a content; a file's newer content is the later then. What ``arrived``, of a
            source that is read anew each time. What is ``held``, of records that come back late. What
            arrived whatever was held, of a ``source`` that is the whole truth and may have gone back in time.

    Returns:
        ``arrived`` with ``_outcome``, which is ``written``, ``unchanged`` or ``beaten`` (the held row is the
        later), and ``_held_date``, the day that the held row stands at.
    """
    names = [*fields, *ORDER, "_digest"]
    there = held.select("_key", **{f"_held_{name.lstrip('_')}": nw.col(name) for name in names})
    joined = arrived.join(there, on="_key", how="left")

    def was(name: str) -> nw.Expr:
        return nw.col(f"_held_{name.lstrip('_')}")

    pairs = {name: f"_held_{name.lstrip('_')}" for name in (*fields, "_updated_at", *ORIGIN)}
    itself = engine.equal({name: pairs.pop(name) for name in ORIGIN})
    joined = engine.with_sql(joined, _same=engine.equal(pairs), _itself=itself)
    there_is, updated = ~was("digest").is_null(), (nw.col("_updated_at"), was("_updated_at"))
    if tie == "place":
        new_content = (nw.col("_item") == was("_item")) & (nw.col("_digest") != was("_digest"))
        beaten = there_is & ~new_content & _before([(nw.col(name), was(name)) for name in ORDER])
    elif tie == "source":
        beaten = nw.lit(False)
    elif tie == "arrived":
        beaten = there_is & _before([updated])
    else:
        beaten = there_is & ~nw.col("_itself") & ~_before([updated[::-1]])
    outcome = nw.when(nw.col("_same") & there_is).then(nw.lit("unchanged")).otherwise(nw.lit("written"))
    outcome = nw.when(beaten).then(nw.lit("beaten")).otherwise(outcome)
    kept = [*arrived.collect_schema().names(), "_outcome", "_held_date"]
    return joined.with_columns(_outcome=outcome).select(kept)


def overlaid(held: Frame, arrived: Frame) -> Frame:
    """Held rows, with those that arrived in place of the ones of their identity; columns as in ``held``."""
    kept = held.join(arrived.select("_key"), on="_key", how="anti")
    return nw.concat([kept, arrived.select(kept.collect_schema().names())], how="vertical")


def _text(theirs: str, spelled: Mapping[str, str]) -> nw.Expr:
    column = spelled.get(theirs.lower())
    if column is None:
        return nw.lit(None).cast(nw.String())
    stripped = nw.col(column).str.strip_chars()
    return nw.when(stripped != "").then(stripped)


def _equal(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    return ((one == other) | (one.is_null() & other.is_null())).fill_null(False)


def _before(pairs: Sequence[tuple[nw.Expr, nw.Expr]]) -> nw.Expr:
    """Whether one tuple sorts before another; null sorts first."""
    (one, other), *rest = pairs
    less = ((one < other) | (one.is_null() & ~other.is_null())).fill_null(False)
    return less | (_equal(one, other) & _before(rest)) if rest else less
