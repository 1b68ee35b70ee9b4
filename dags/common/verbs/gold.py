"""Gold: what the collection is made of, computed from the silver of all sources of a subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import lake
from common.io.partitions import ALL_DAYS, Condition, as_sql
from common.transforms.operations import Frame
from common.utils.errors import VitrineError
from common.utils.settings import Settings
from common.verbs.references import Extracted, TableRef
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
        silver_totals, gold_totals: Control totals, by name; exact.
    """

    table: TableRef
    silver_totals: Mapping[str, Decimal]
    gold_totals: Mapping[str, Decimal]


def compute(subject: Subject, settings: Settings, laid: Sequence[Laid], *, every: bool = False) -> Gold:
    """Aggregates silver: the days that changed in any source, of all sources; or all of it.

    Args:
        subject: Whose.
        settings: Where the lake is.
        laid: What the run wrote, at least of one source; of the others silver stands as it was.
        every: All days, whatever changed.

    Raises:
        TransformError: A sum does not fit its type.
        ConflictError: Another run wrote the same days meanwhile; the task can be run again.
    """
    module, run = subject.module(), laid[0].extracted.run
    keep = ALL_DAYS if every or module.WHOLE else _together(laid)
    uri = lake.table_uri(settings, "gold", subject.domain, subject.name, dry_run=run.dry_run)
    base = lake.version(uri)
    with lake.connect(settings) as duck:
        silver = {one.source: _silver(duck, settings, one, laid, keep) for one in subject.intakes()}
        try:
            module.aggregate(silver, run.window.end).to_native().create("aggregated")
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise TransformError(
                f"A sum of {subject.collection} does not fit its type: {error}.",
                where=f"gold, run {run.id}",
                next_step="Look for an absurd quantity or price in silver; a wider type is a new contract.",
            ) from error
        aggregated, days = duck.table("aggregated"), None if module.WHOLE else keep
        at = _replace(aggregated, module.GOLD, uri=uri, base=base, days=days, laid=laid[0].extracted)
        written = nw.from_native(lake.scan(duck, uri, at, keep=days))
        return Gold(
            TableRef(uri, at, len(aggregated)),
            totals(module.silver_totals(silver)),
            totals(module.gold_totals(written)),
        )


def _together(laid: Sequence[Laid]) -> Condition:
    """The days that were written in any source; more than once said, once meant."""
    every = [bounds for one in laid for bounds in one.keep]
    return [bounds for at, bounds in enumerate(every) if bounds not in every[:at]]


def _silver(
    duck: duckdb.DuckDBPyConnection, settings: Settings, intake: Intake, laid: Sequence[Laid], keep: Condition
) -> Frame:
    """Some days of silver of one source, with what the run wrote."""
    schema = silver_schema(intake.records)
    uri = lake.table_uri(settings, "silver", intake.domain, intake.name)
    mine = next((one for one in laid if one.extracted.intake == intake.source), None)
    if mine is None or not mine.extracted.run.dry_run:
        at = mine.version if mine else lake.version(uri)
        return nw.from_native(lake.scan(duck, uri, at, schema=schema, keep=keep))
    beside = lake.table_uri(settings, "silver", intake.domain, intake.name, dry_run=True)
    written = nw.from_native(lake.scan(duck, beside, mine.version, schema=schema))
    standing = lake.scan(duck, uri, lake.version(uri), schema=schema, keep=keep)
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
    )
