"""Transform: the run's bronze becomes its days of silver and gold, and every record is accounted for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import dead_letters, lake
from common.io.partitions import ALL_DAYS, Condition, days_condition
from common.io.sources import ORIGIN, REJECTED, VERDICT
from common.transforms import engine, operations
from common.transforms.operations import Frame
from common.utils.arrow import schema_of
from common.utils.errors import VitrineError
from common.utils.ledger import Ledger
from common.utils.settings import FileSource, Settings
from common.verbs.contents import remember_contents
from common.verbs.references import Extracted, TableRef, Transformed
from common.verbs.subject import Subject, Transforms
from common.verbs.tables import Tables, stream

log = logging.getLogger(__name__)

MOMENT = pa.timestamp("us", tz="UTC")
IDENTITY = pa.schema([*schema_of(_event_at=MOMENT, _key=pa.string(), _updated_at=MOMENT), *ORIGIN])
"""What silver has beside a subject's fields: the moment, the identity and the origin of each row."""


class TransformError(VitrineError):
    """The engine could not compute the run's data."""


def transform(subject: Subject, settings: Settings, extracted: Extracted) -> Transformed:
    """Lays the run's records over silver and computes gold for the days that the run answers for.

    Run again, it starts from the silver that the run found, so it comes to the same.

    Raises:
        TransformError: A sum does not fit its type.
        ConflictError: Another run wrote the same days meanwhile; the task can be run again.
    """
    source = FileSource.of(subject.domain, subject.name)
    with lake.connect(settings) as duck:
        tables = Tables(subject, settings, extracted, duck)
        job = _Job(subject, settings, extracted, source, duck, tables, subject.module())
        transformed = job.run()
        remember_contents(subject, settings, extracted, source, duck)
    log.info("%s: %s", extracted.window, transformed.ledger)
    log.info("rejected: %s", dict(transformed.ledger.rejected) or "none")
    log.info(
        "gold: %d rows of %d days; data as of %s",
        transformed.gold.rows,
        len(transformed.partitions),
        transformed.watermark or "never",
    )
    return transformed


@dataclass(frozen=True, slots=True)
class _Job:
    """One run's way from bronze to gold. What lies between stands in the run's engine, which can spill."""

    subject: Subject
    settings: Settings
    extracted: Extracted
    source: FileSource
    duck: duckdb.DuckDBPyConnection
    tables: Tables
    module: Transforms

    def run(self) -> Transformed:
        """All steps, in their order."""
        extracted = self.extracted
        self._clean()
        rejected = self._reject()
        self._settle()
        moved = self._days_outside()
        keep = ALL_DAYS if self.tables.anew else self._days(*moved)
        silver = self._write_silver(keep, "rebuilt" if self.tables.anew else "moved" if moved else "")
        gold = self._write_gold(silver, keep)
        written, gold_written = self._written(silver, keep), self.tables.written("gold", gold.version, keep)
        return Transformed(
            run=extracted.run,
            window=extracted.window,
            source=extracted.source,
            source_name=extracted.source_name,
            gold=gold,
            ledger=self._ledger(
                rejected,
                silver=_totals(self.module.silver_totals(written)),
                gold=_totals(self.module.gold_totals(gold_written)),
            ),
            watermark=self._watermark(written),
            partitions=self._partitions(silver, keep, moved),
        )

    def _clean(self) -> None:
        """Makes the table ``cleaned``: all records of the run, typed and judged."""
        columns = {name: self.source.columns.get(name, name) for name in self.module.COLUMNS}
        bronze = self.tables.bronze()
        received = operations.received(bronze, columns, self.source.key, self.source.updated_at)
        cleaned = operations.placed(self.module.clean(received), self.extracted.window)
        wanted = [*self._silver_schema.names, *operations.VERDICT, "_place"]
        cleaned.select(wanted).to_native().create("cleaned")

    def _reject(self) -> dict[str, int]:
        """Writes the dead letters: the records as received, each with the reason; counts them by rule."""
        broken = self._cleaned().filter(nw.col("_place") == "within", ~nw.col("_rule").is_null())
        verdict = {name: nw.col(f"_{name}") for name in VERDICT.names}
        bronze = self.tables.bronze()
        theirs = [name for name in bronze.collect_schema().names() if name not in (*ORIGIN.names, "_run")]
        letters = (
            engine.with_sql(bronze, record=engine.json_object(theirs))
            .select(*ORIGIN.names, "record")
            .join(
                broken.select("_source_file", "_line", **verdict), on=["_source_file", "_line"], how="inner"
            )
        )
        rejected = _counts(broken, "_rule")
        dead_letters.replace(
            dead_letters.table_uri(
                self.settings, self.subject.domain, self.subject.name, dry_run=self.extracted.run.dry_run
            ),
            stream(letters.to_native(), REJECTED),
            run_id=self.extracted.run.id,
            stage="transform",
            some=bool(rejected),
        )
        return rejected

    def _settle(self) -> None:
        """Makes the table ``settled``: one record of each identity that arrived, and what becomes of it."""
        arrived = operations.latest(self._accepted())
        days = ALL_DAYS if self.source.key else self._days()  # a key may have another date now
        held = self._found(days).join(self._accepted().select("_key"), on="_key", how="semi")
        operations.settled(arrived, held, self.module.FIELDS.names).to_native().create("settled")

    def _days_outside(self) -> list[date]:
        """The days outside the window to compute too.

        Rows leave them because their record has another date now, or did so in an earlier try of the run.
        """
        rows = self._winners().select("_held_date").unique().to_native().fetchall()
        first, end = self.extracted.window.first_day or date.min, self.extracted.window.end_day
        days = {day for (day,) in rows if day is not None} | self.tables.tried
        return sorted(day for day in days if not first <= day < end)

    def _write_silver(self, keep: Condition, reach: str) -> int:
        """Lays the records over the days of silver; the new version."""
        rows = operations.overlaid(self._found(keep), self._winners())
        keyed = bool(self.source.key)  # then a record may stand at any day, and must not stand at two
        return self.tables.replace("silver", rows, self._silver_schema, keep, exclusive=keyed, reach=reach)

    def _write_gold(self, silver: int, keep: Condition) -> TableRef:
        """Aggregates the days of silver."""
        try:
            self.module.aggregate(self._written(silver, keep)).to_native().create("aggregated")
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise TransformError(
                f"A sum of {self.subject.collection} does not fit its type: {error}.",
                where=f"gold, window {self.extracted.window}",
                next_step="Look for an absurd quantity or price in silver; a wider type is a new contract.",
            ) from error
        rows = self.duck.table("aggregated")
        at = self.tables.replace("gold", nw.from_native(rows), self.module.GOLD, keep)
        return TableRef(self.tables.uri("gold", write=True), at, len(rows))

    def _ledger(
        self, rejected: dict[str, int], silver: Mapping[str, Decimal], gold: Mapping[str, Decimal]
    ) -> Ledger:
        outcomes, places = _counts(self._settled(), "_outcome"), _counts(self._cleaned(), "_place")
        written, unchanged = outcomes.get("written", 0), outcomes.get("unchanged", 0)
        accepted = places.get("within", 0) - sum(rejected.values())
        return Ledger(
            read=self.extracted.bronze.rows + sum(self.extracted.rejected.values()),
            written=written,
            unchanged=unchanged,
            filtered={"outside_window": places.get("before", 0) + places.get("after", 0)},
            deduplicated=accepted - written - unchanged,
            rejected={**self.extracted.rejected, **rejected},
            silver=silver,
            gold=gold,
        )

    def _partitions(self, silver: int, keep: Condition, moved: list[date]) -> tuple[str, ...]:
        """The days that the run answers for: those of silver in its window.

        Where days outside are computed too, these and all between, so that gold is read as one range of days.
        """
        days = {*_dates(self._written(silver, keep)), *moved}
        if moved:
            days |= {day for day in _dates(self._written(silver, ALL_DAYS)) if min(days) <= day <= max(days)}
        return tuple(day.isoformat() for day in sorted(days))

    def _watermark(self, written: Frame) -> str | None:
        """ISO time of the latest event of silver in the window."""
        within = operations.placed(written, self.extracted.window).filter(nw.col("_place") == "within")
        ((latest,),) = within.select(nw.col("_event_at").max()).to_native().fetchall()
        return None if latest is None else latest.astimezone(UTC).isoformat()

    def _cleaned(self) -> Frame:
        return nw.from_native(self.duck.table("cleaned"))

    def _accepted(self) -> Frame:
        return self._cleaned().filter(nw.col("_place") == "within", nw.col("_rule").is_null())

    def _settled(self) -> Frame:
        return nw.from_native(self.duck.table("settled"))

    def _winners(self) -> Frame:
        return self._settled().filter(nw.col("_outcome") != "beaten")

    def _found(self, keep: Condition) -> Frame:
        """Silver as the run found it; where files are identities, without what newer contents supersede."""
        found = self.tables.found(self._silver_schema, keep)
        if self.source.key:
            return found
        return operations.not_superseded(found, self._accepted(), self.extracted.window)

    def _written(self, silver: int, keep: Condition) -> Frame:
        return self.tables.written("silver", silver, keep)

    def _days(self, *more: date) -> Condition:
        return days_condition(self.extracted.window.first_day, self.extracted.window.end_day, more)

    @property
    def _silver_schema(self) -> pa.Schema:
        return pa.schema([*self.module.FIELDS, *IDENTITY])


def _counts(frame: Frame, column: str) -> dict[str, int]:
    """How many rows there are of each value of a column."""
    return dict(frame.group_by(column).agg(nw.len()).sort(column).to_native().fetchall())


def _dates(frame: Frame) -> list[date]:
    return [day for (day,) in frame.select("date").unique().to_native().fetchall()]


def _totals(frame: Frame) -> dict[str, Decimal]:
    """One row of sums; a sum of nothing is 0."""
    (row,) = frame.to_native().fetchall()
    return {name: Decimal(total or 0) for name, total in zip(frame.columns, row, strict=True)}
