"""Transform: the run's bronze becomes its days of silver and gold, and every record is accounted for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date
from decimal import Decimal
from functools import partial
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import dead_letters, lake
from common.io.partitions import ALL_DAYS, NO_DAYS, Condition
from common.io.sources import ORIGIN, REJECTED, VERDICT
from common.io.sources.configured import Configured, configured
from common.transforms import engine, operations
from common.transforms.operations import Frame, Tie
from common.utils.arrow import schema_of
from common.utils.errors import VitrineError
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.contents import demand_contents, remember_contents
from common.verbs.days import Days
from common.verbs.references import READ, Extracted, TableRef, Transformed
from common.verbs.subject import Subject, Transforms
from common.verbs.sums import counts, totals
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
    found = configured(subject.variables, settings.url_of)
    with lake.connect(settings) as duck:
        tables = Tables(subject, settings, extracted, duck)
        days = Days(extracted, tables, keyed=bool(found.settings.key))
        if extracted.run.replay and not found.settings.key:
            demand_contents(found.source, tables.bronze())
        transformed = _Job(subject, settings, extracted, found, duck, tables, days, subject.module()).run()
        remember_contents(subject, settings, extracted, found.source, duck)
    log.info("%s: %s", extracted.window or READ, transformed.ledger)
    told = (transformed.gold.rows, len(transformed.partitions), transformed.watermark or "never")
    log.info("rejected: %s", dict(transformed.ledger.rejected) or "none")
    log.info("gold: %d rows of %d days; data as of %s", *told)
    return transformed


@dataclass(frozen=True, slots=True)
class _Job:
    """One run's way from bronze to gold. What lies between stands in the run's engine, which can spill."""

    subject: Subject
    settings: Settings
    extracted: Extracted
    found: Configured
    duck: duckdb.DuckDBPyConnection
    tables: Tables
    days: Days
    module: Transforms

    def run(self) -> Transformed:
        """All steps, in their order."""
        extracted = self.extracted
        self._clean()
        rejected = self._reject()
        self._settle()
        self._take_away()
        moved = self.days.beside(self._winners(), self._gone())
        keep = ALL_DAYS if self.tables.anew else self.days.condition(*moved)
        silver = self._write_silver(keep, self._told(moved))
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
                silver=totals(self.module.silver_totals(written)),
                gold=totals(self.module.gold_totals(gold_written)),
            ),
            watermark=self._watermark(written),
            partitions=self.days.partitions(written, moved, every=partial(self._written, silver, ALL_DAYS)),
            bookmark=self._bookmark(silver),
        )

    def _told(self, moved: list[date]) -> str:
        """What the commit of silver says of days beside the window; a bookmark tells the next run of them."""
        beside = "moved" if moved and self.extracted.bookmark is None else ""
        return "rebuilt" if self.tables.anew else beside

    def _clean(self) -> None:
        """Makes the table ``cleaned``: all records of the run, typed and judged."""
        columns = {name: self.found.settings.columns.get(name, name) for name in self.module.COLUMNS}
        bronze = self.tables.bronze()
        received = operations.received(
            bronze, columns, self.found.settings.key, self.found.settings.updated_at
        )
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
            .join(broken.select(*ORIGIN.names, **verdict), on=ORIGIN.names, how="inner")
        )
        rejected = counts(broken, "_rule")
        dead_letters.replace(
            dead_letters.table_uri(
                self.settings, self.subject.domain, self.subject.name, dry_run=self.extracted.run.dry_run
            ),
            stream(letters.to_native(), REJECTED),
            run_id=self.extracted.run.id,
            stage="transform",
            source=self.extracted.source,
            some=bool(rejected),
        )
        return rejected

    def _settle(self) -> None:
        """Makes the table ``settled``: one record of each identity that arrived, and what becomes of it."""
        arrived = operations.latest(self._accepted())
        held = self._found(self.days.reach).join(self._accepted().select("_key"), on="_key", how="semi")
        files: Tie = "place" if self.found.source.dialect else "arrived"
        tie = "held" if self.extracted.run.replay else files
        operations.settled(arrived, held, self.module.FIELDS.names, tie).to_native().create("settled")

    def _take_away(self) -> None:
        """Makes the table ``gone``: identity and day of silver's rows that the source no longer has."""
        keys = self.tables.keys()
        gone = self._found(ALL_DAYS if keys else NO_DAYS).select("_key", "date")
        if keys:
            there = operations.identified(keys, self.found.settings.key)
            gone = gone.join(there.select("_key"), on="_key", how="anti")
        gone.join(self._winners().select("_key"), on="_key", how="anti").to_native().create("gone")

    def _write_silver(self, keep: Condition, reach: str) -> int:
        """Lays the records over the days of silver; the new version."""
        found = self._found(keep).join(self._gone().select("_key"), on="_key", how="anti")
        rows = operations.overlaid(found, self._winners())
        keyed = self.days.reach is ALL_DAYS  # then a record may stand at any day, and must not stand at two
        return self.tables.replace("silver", rows, self._silver_schema, keep, exclusive=keyed, reach=reach)

    def _write_gold(self, silver: int, keep: Condition) -> TableRef:
        """Aggregates the days of silver."""
        try:
            self.module.aggregate(self._written(silver, keep)).to_native().create("aggregated")
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise TransformError(
                f"A sum of {self.subject.collection} does not fit its type: {error}.",
                where=f"gold, window {self.extracted.window or READ}",
                next_step="Look for an absurd quantity or price in silver; a wider type is a new contract.",
            ) from error
        rows = self.duck.table("aggregated")
        at = self.tables.replace("gold", nw.from_native(rows), self.module.GOLD, keep)
        return TableRef(self.tables.uri("gold", write=True), at, len(rows))

    def _ledger(
        self, rejected: dict[str, int], silver: Mapping[str, Decimal], gold: Mapping[str, Decimal]
    ) -> Ledger:
        outcomes, places = counts(self._settled(), "_outcome"), counts(self._cleaned(), "_place")
        written, unchanged = outcomes.get("written", 0), outcomes.get("unchanged", 0)
        accepted = places.get("within", 0) - sum(rejected.values())
        return Ledger(
            read=self.extracted.bronze.rows + sum(self.extracted.rejected.values()),
            written=written,
            unchanged=unchanged,
            filtered={"outside_window": places.get("before", 0) + places.get("after", 0)},
            deduplicated=accepted - written - unchanged,
            rejected={**self.extracted.rejected, **rejected},
            deleted=len(self.duck.table("gone")),
            silver=silver,
            gold=gold,
        )

    def _watermark(self, written: Frame) -> str | None:
        """ISO time of the latest event of silver in the window; none is later than what was asked for."""
        window = self.extracted.window
        bounds = Window(window.start if window else None, self.extracted.run.window.end)
        within = operations.placed(written, bounds).filter(nw.col("_place") == "within")
        ((latest,),) = within.select(nw.col("_event_at").max()).to_native().fetchall()
        return None if latest is None else latest.astimezone(UTC).isoformat()

    def _bookmark(self, silver: int) -> dict[str, Any]:
        """What is kept with the version: how far the source was read, and silver with it."""
        found = self.extracted.bookmark
        if found is None:
            return {}
        return asdict(replace(found, silver=silver) if self.extracted.advances or found.silver < 0 else found)

    def _cleaned(self) -> Frame:
        return nw.from_native(self.duck.table("cleaned"))

    def _accepted(self) -> Frame:
        return self._cleaned().filter(nw.col("_place") == "within", nw.col("_rule").is_null())

    def _settled(self) -> Frame:
        return nw.from_native(self.duck.table("settled"))

    def _winners(self) -> Frame:
        return self._settled().filter(nw.col("_outcome") != "beaten")

    def _gone(self) -> Frame:
        return nw.from_native(self.duck.table("gone"))

    def _found(self, keep: Condition) -> Frame:
        """Silver as the run found it; where files are identities, without what newer contents supersede."""
        found = self.tables.found(self._silver_schema, keep)
        if self.found.settings.key or self.extracted.window is None:
            return found
        return operations.not_superseded(found, self._accepted(), self.extracted.window)

    def _written(self, silver: int, keep: Condition) -> Frame:
        return self.tables.written("silver", silver, keep)

    @property
    def _silver_schema(self) -> pa.Schema:
        return pa.schema([*self.module.FIELDS, *IDENTITY])
