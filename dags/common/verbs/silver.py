"""Silver: the records of one source, cleaned, laid over what was there, each accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import dead_letters, lake
from common.io.partitions import ALL_DAYS, NO_DAYS, Condition
from common.io.sources import ORIGIN, REJECTED, VERDICT
from common.io.sources.configured import Configured
from common.transforms import engine, operations
from common.transforms.operations import Frame, Records, Tie
from common.utils.arrow import schema_of
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.contents import demand_contents, remember_contents
from common.verbs.days import Days, dates
from common.verbs.extract import source_of
from common.verbs.references import Extracted
from common.verbs.subject import Intake
from common.verbs.sums import counts
from common.verbs.tables import Tables, stream

MOMENT = pa.timestamp("us", tz="UTC")
IDENTITY = pa.schema([*schema_of(_event_at=MOMENT, _key=pa.string(), _updated_at=MOMENT), *ORIGIN])
"""What silver has beside the fields of its records: the moment, the identity and the origin of each row."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The records of one source in silver.

    Attributes:
        version: Of silver, with the records.
        keep: The days of silver that were written.
        days: Those of them that hold rows, and those that rows have left.
        ledger: Without totals.
        watermark: ISO time in UTC of the latest event up to the end of the run's window, or ``None``.
        bookmark: How far the source was read, and silver with it; empty where it needs none.
    """

    extracted: Extracted
    version: int
    keep: Condition
    days: tuple[str, ...]
    ledger: Ledger
    watermark: str | None
    bookmark: Mapping[str, Any]


def lay(intake: Intake, settings: Settings, extracted: Extracted) -> Laid:
    """Lays the run's records over silver.

    Run again, it starts from the silver that the run found, so it comes to the same.

    Raises:
        ConflictError: Another run wrote the same days meanwhile; the task can be run again.
    """
    found = source_of(intake, settings)
    with lake.connect(settings) as duck:
        tables = Tables(intake, settings, extracted, duck)
        days = Days(extracted, tables, keyed=bool(found.settings.key), wander=intake.records.wander)
        if extracted.run.replay and not found.settings.key:
            demand_contents(found.source, tables.bronze())
        laid = _Job(intake, settings, extracted, found, duck, tables, days, intake.records).run()
        remember_contents(intake, settings, extracted, found.source, duck)
    return laid


def silver_schema(records: Records) -> pa.Schema:
    """The columns of silver."""
    return pa.schema([*records.fields, *IDENTITY])


@dataclass(frozen=True, slots=True)
class _Job:
    """The way from bronze to silver. What lies between stands in the run's engine, which can spill."""

    intake: Intake
    settings: Settings
    extracted: Extracted
    found: Configured
    duck: duckdb.DuckDBPyConnection
    tables: Tables
    days: Days
    records: Records

    def run(self) -> Laid:
        """All steps, in their order."""
        self._clean()
        rejected = self._reject()
        self._settle()
        self._take_away()
        moved = self.days.beside(self._winners(), self._gone())
        keep = ALL_DAYS if self.tables.anew else self.days.condition(*moved)
        silver = self._write(keep, "rebuilt" if self.tables.anew else self.days.told(moved))
        written = self.tables.written(silver, keep)
        days = {*dates(written), *moved}
        return Laid(
            self.extracted,
            silver,
            keep,
            days=tuple(day.isoformat() for day in sorted(days)),
            ledger=self._ledger(rejected),
            watermark=self._watermark(written),
            bookmark=self._bookmark(silver),
        )

    def _clean(self) -> None:
        """Makes the table ``cleaned``: all records of the run, typed and judged."""
        columns = {name: self.found.settings.columns.get(name, name) for name in self.records.columns}
        bronze = self.tables.bronze()
        received = operations.received(
            bronze, columns, self.found.settings.key, self.found.settings.updated_at
        )
        cleaned = operations.placed(self.records.clean(received), self.extracted.window)
        cleaned = operations.expired(cleaned, self.extracted.oldest)
        wanted = [*silver_schema(self.records).names, *operations.VERDICT, "_place"]
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
                self.settings, self.intake.domain, self.intake.name, dry_run=self.extracted.run.dry_run
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
        reach = self.days.reach(arrived)
        held = self._found(reach).join(self._accepted().select("_key"), on="_key", how="semi")
        files: Tie = "place" if self.found.source.dialect else "arrived"
        source: Tie = "source" if self.extracted.snapshot else files
        tie = "held" if self.extracted.run.replay else source
        operations.settled(arrived, held, self.records.fields.names, tie).to_native().create("settled")

    def _take_away(self) -> None:
        """Makes the table ``gone``: identity and day of silver's rows that the source no longer has.

        With them go those that are older than what is kept.
        """
        keys, snapshot = self.tables.keys(), self.extracted.snapshot
        gone = self._found(ALL_DAYS if keys or snapshot else NO_DAYS).select("_key", "date")
        if keys:
            there = operations.identified(keys, self.found.settings.key)
            gone = gone.join(there.select("_key"), on="_key", how="anti")
        if (past := self.days.past) and not snapshot:
            old = self._found(past).filter(~nw.col("_event_at").is_null())
            gone = nw.concat([gone, old.select("_key", "date")], how="vertical").unique(["_key", "date"])
        gone.join(self._winners().select("_key"), on="_key", how="anti").to_native().create("gone")

    def _write(self, keep: Condition, reach: str) -> int:
        """Lays the records over the days of silver; the new version."""
        found = self._found(keep).join(self._gone().select("_key"), on="_key", how="anti")
        rows = operations.overlaid(found, self._winners())
        # By its key a record may stand at other days than these, and must not stand at two
        alone = self.days.keyed
        return self.tables.replace(rows, silver_schema(self.records), keep, exclusive=alone, reach=reach)

    def _ledger(self, rejected: dict[str, int]) -> Ledger:
        outcomes, places = counts(self._settled(), "_outcome"), counts(self._cleaned(), "_place")
        written, unchanged = outcomes.get("written", 0), outcomes.get("unchanged", 0)
        accepted = places.get("within", 0) - sum(rejected.values())
        return Ledger(
            read=self.extracted.bronze.rows + sum(self.extracted.rejected.values()),
            written=written,
            unchanged=unchanged,
            filtered=self._filtered(places),
            deduplicated=accepted - written - unchanged,
            rejected={**self.extracted.rejected, **rejected},
            deleted=len(self.duck.table("gone")),
        )

    def _filtered(self, places: Mapping[str, int]) -> dict[str, int]:
        outside = {"outside_window": places.get("before", 0) + places.get("after", 0)}
        return outside | ({"past_retention": places.get("expired", 0)} if self.extracted.oldest else {})

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
        found = self.tables.found(silver_schema(self.records), keep)
        if self.found.settings.key or self.extracted.window is None:
            return found
        return operations.not_superseded(found, self._accepted(), self.extracted.window)
