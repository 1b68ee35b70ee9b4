"""Gold: what the collection is made of, computed from the silver of all sources of a subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import lake
from common.io.partitions import ALL_DAYS, Condition, as_sql
from common.transforms.operations import Frame
from common.utils.errors import VitrineError, first_line
from common.utils.settings import Settings
from common.verbs.days import dates
from common.verbs.references import Extracted, Run, TableRef
from common.verbs.silver import Laid, silver_schema
from common.verbs.subject import Intake, Subject
from common.verbs.sums import totals
from common.verbs.tables import stream


class TransformError(VitrineError):
    """The engine could not compute the run's data."""


@dataclass(frozen=True, slots=True)
class Gold:
    """The run's gold.

    Attributes:
        days: Those of the rows that the run computed; none where gold has no days.
        silver_totals, gold_totals: Control totals, by name; exact.
    """

    table: TableRef
    days: tuple[str, ...]
    silver_totals: Mapping[str, Decimal]
    gold_totals: Mapping[str, Decimal]


def standing(subject: Subject, settings: Settings, run: Run) -> int:
    """The version of gold as a run finds it; who writes the same days later has seen other silver."""
    return lake.version(_uri(subject, settings, run))


def _uri(subject: Subject, settings: Settings, run: Run) -> str:
    return lake.table_uri(settings, "gold", subject.domain, subject.name, dry_run=run.dry_run)


def compute(  # noqa: PLR0913 (what is aggregated, and what that rests on)
    subject: Subject,
    settings: Settings,
    laid: Sequence[Laid],
    *,
    base: int,
    others: Mapping[str, int],
    every: bool = False,
) -> Gold:
    """Aggregates silver: the days that changed in any source, of all sources; or all of it.

    Args:
        subject: Whose.
        settings: Where the lake is.
        laid: What the run wrote, at least of one source.
        base: From :func:`standing`, before silver was written.
        others: Of the sources that were not read: the version of silver that the live version came from, -1
            for none. What a run that failed has made of it since is not published.
        every: All days, whatever changed.

    Raises:
        TransformError: A sum does not fit its type.
        ConflictError: Another run wrote the same days meanwhile; the task can be run again.
    """
    module, run = subject.module(), laid[0].extracted.run
    keep = ALL_DAYS if every or module.WHOLE else _together(laid)
    uri = _uri(subject, settings, run)
    with lake.connect(settings) as duck:
        mine = {one.extracted.intake: _silver(duck, settings, subject, one, keep) for one in laid}
        unread = [one for one in subject.intakes() if one.source not in mine]
        theirs = {one.source: _at(duck, settings, one, others[one.source], keep) for one in unread}
        silver = _kept(mine | theirs, laid[0].extracted.oldest)
        with _fitting(subject, run):
            module.aggregate(silver, as_of(laid)).to_native().create("aggregated")
        aggregated, days = duck.table("aggregated"), None if module.WHOLE else keep
        at = _replace(aggregated, module.GOLD, uri=uri, base=base, days=days, laid=laid[0].extracted)
        written = nw.from_native(lake.scan(duck, uri, at, keep=days))
        sums = totals(module.silver_totals(silver)), totals(module.gold_totals(written))
        found = () if days is None else sorted(day.isoformat() for day in dates(written))
        return Gold(TableRef(uri, at, len(aggregated)), tuple(found), *sums)


@contextmanager
def _fitting(subject: Subject, run: Run) -> Iterator[None]:
    try:
        yield
    except duckdb.InvalidInputException as error:
        raise TransformError(
            f"A step of {subject.collection} refuses a value: {first_line(error)}.",
            where=f"gold, run {run.id}",
            next_step="Nothing was published. Filter or mend such records before that step.",
        ) from error
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise TransformError(
            f"A value of {subject.collection} does not fit its type: {first_line(error)}.",
            where=f"gold, run {run.id}",
            next_step="Look for an absurd number or date in silver; a wider type is a new contract.",
        ) from error


def as_of(laid: Sequence[Laid]) -> datetime:
    """What "now" is for gold: when the sources were read, or the end of the window where that is past."""
    end = laid[0].extracted.run.window.end
    read = [datetime.fromisoformat(one.extracted.read_at) for one in laid if one.extracted.read_at]
    return min(end, max(read)) if read else end


def _together(laid: Sequence[Laid]) -> Condition:
    """The days that were written in any source; more than once said, once meant."""
    every = [bounds for one in laid for bounds in one.keep]
    return [bounds for at, bounds in enumerate(every) if bounds not in every[:at]]


def _at(
    duck: duckdb.DuckDBPyConnection, settings: Settings, intake: Intake, version: int, keep: Condition
) -> Frame:
    """Some days of silver of one source as they stand in a version."""
    uri = lake.table_uri(settings, "silver", intake.domain, intake.name)
    return nw.from_native(lake.scan(duck, uri, version, schema=silver_schema(intake.records), keep=keep))


def _kept(silver: Mapping[str, Frame], oldest: date | None) -> Mapping[str, Frame]:
    """What is not too old; silver of a source that was not read may still have more."""
    if oldest is None:
        return silver
    kept = nw.col("_event_at").is_null() | (nw.col("date") >= nw.lit(oldest))
    return {name: frame.filter(kept) for name, frame in silver.items()}


def _silver(
    duck: duckdb.DuckDBPyConnection, settings: Settings, subject: Subject, mine: Laid, keep: Condition
) -> Frame:
    """Some days of silver of one source, with what the run wrote."""
    intake = subject.intake(mine.extracted.intake)
    if not mine.extracted.run.dry_run:
        return _at(duck, settings, intake, mine.version, keep)
    beside = lake.table_uri(settings, "silver", intake.domain, intake.name, dry_run=True)
    schema = silver_schema(intake.records)
    written = nw.from_native(lake.scan(duck, beside, mine.version, schema=schema))
    latest = lake.version(lake.table_uri(settings, "silver", intake.domain, intake.name))
    standing = _at(duck, settings, intake, latest, keep).to_native()
    others = nw.from_native(standing.filter(f"NOT ({as_sql(mine.keep)})"))
    return nw.concat([others, written], how="vertical")


def _replace(  # noqa: PLR0913 (what is replaced, and what that rests on)
    rows: duckdb.DuckDBPyRelation,
    schema: pa.Schema,
    *,
    uri: str,
    base: int,
    days: Condition | None,
    laid: Extracted,
) -> int:
    """Replaces some days of gold, or all of it; the version that holds the rows."""
    run = laid.run
    ordered = rows if days is None else rows.order("date")
    return lake.replace(
        uri,
        pa.RecordBatchReader.from_batches(schema, stream(ordered, schema)),
        run_id=run.id,
        source=laid.source,
        predicate=None if days is None or run.dry_run else as_sql(days),
        partition_by=() if days is None else ("date",),
        base=None if run.dry_run else base,
        exclusive=days is None and not run.dry_run,
        anew=days is None or run.dry_run or ALL_DAYS[0] in days,
    )
