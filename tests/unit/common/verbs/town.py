"""A town with two sources, for tests of subjects with several: runs go all the way to the collection."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.io.collections.protocol import Published, Query
from common.transforms import engine
from common.transforms.operations import Check, Frame, Records, judged
from common.utils.arrow import schema_of
from common.utils.contract import Contract, Field
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject

SUBJECT = Subject("town", "readings", 1)
FIELDS = schema_of(date=pa.date32(), place=pa.string(), value=pa.int64())
NOW = datetime(2026, 3, 10, tzinfo=UTC)


def clean(received: Frame) -> Frame:
    typed = engine.with_sql(received, _event_at=engine.timestamp("date"), _value=engine.whole_number("value"))
    no_value = Check("value_not_whole", "value", nw.col("_value").is_null(), "is not a whole number")
    return (
        judged(typed, [no_value])
        .with_columns(date=nw.col("_event_at").cast(nw.Date()), value=nw.col("_value"))
        .drop("_value")
    )


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    rows = nw.concat([one.select(*FIELDS.names) for one in silver.values()], how="vertical")
    keys = ["place"] if module.WHOLE else ["date", "place"]
    sums = rows.group_by(keys).agg(nw.col("value").sum().cast(nw.Int64()), readings=nw.len().cast(nw.Int64()))
    return sums.with_columns(as_of=nw.lit(as_of)) if module.WHOLE else sums


def totals(frames: Mapping[str, Frame]) -> Frame:
    rows = nw.concat([one.select("value") for one in frames.values()], how="vertical")
    return rows.select(nw.len().alias("readings"), nw.col("value").sum())


module: Any = ModuleType("common.transforms.readings")
module.aggregate, module.silver_totals = aggregate, totals
module.gold_totals = lambda gold: gold.select(nw.col("readings", "value").sum())


class Town:
    """Two sources, `north` and `south`, each a folder of CSV files."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, whole: bool, snapshot: bool) -> None:
        self.folder, self.settings = folder, Settings(home=folder / "home")
        records = Records(("date", "place", "value"), FIELDS, clean, snapshot, {"KEY": "date,place"})
        module.SOURCES, module.WHOLE = {"north": records, "south": records}, whole
        if whole:
            module.GOLD = schema_of(
                place=pa.string(), value=pa.int64(), readings=pa.int64(), as_of=pa.timestamp("us", tz="UTC")
            )
        else:
            module.GOLD = schema_of(
                date=pa.date32(), place=pa.string(), value=pa.int64(), readings=pa.int64()
            )
        monkeypatch.setitem(sys.modules, module.__name__, module)
        for intake in SUBJECT.intakes():
            self.path(intake.source).mkdir(parents=True)
            monkeypatch.setenv(f"{intake.variables}PATH", str(self.path(intake.source)))
        self.contract = Contract(
            domain="town",
            subject="readings",
            version="1.0.0",
            description="",
            owner="",
            fields=self._fields(whole),
            key=("place",) if whole else ("date", "place"),
            partition_field="" if whole else "date",
            partition_by="hash" if whole else "day",
            buckets=4,
            indexes=(),
            rules=(),
            freshness=timedelta(days=1),
            max_row_drop=1.0,
            max_rejected=1.0,
        )

    @staticmethod
    def _fields(whole: bool) -> tuple[Field, ...]:
        rest = (Field("value", "integer", required=True), Field("readings", "integer", required=True))
        if whole:
            return (Field("place", "string", required=True), *rest, Field("as_of", "timestamp"))
        return (Field("date", "date", required=True), Field("place", "string", required=True), *rest)

    def path(self, source: str) -> Path:
        return self.folder / "files" / source

    def write(self, source: str, *lines: str, name: str = "a.csv") -> None:
        (self.path(source) / name).write_text("\n".join(["date,place,value", *lines, ""]), encoding="utf-8")

    def run(self, run_id: str, end: datetime = NOW, **options: Any) -> Published | None:
        run = Run(run_id, Window(end - timedelta(days=1), end), **options)
        return pipeline.run_all(SUBJECT, self.contract, self.settings, run)

    def rows(self) -> list[tuple[Any, ...]]:
        """What readers see: date (where there is one), place, value."""
        with opened(self.contract, self.settings) as collection:
            live = collection.live()
            assert live
            found = collection.read(live.number, Query(limit=1000)).rows
        names = [name for name in ("date", "place", "value") if name in found.column_names]
        return [tuple(row[name] for name in names) for row in found.to_pylist()]

    @property
    def sources(self) -> dict[str, Any]:
        """What the live version says of them."""
        live = pipeline.live_version(self.contract, self.settings)
        assert live
        return dict(live.bookmark["sources"])

    def break_(self, source: str) -> None:
        for file in self.path(source).iterdir():
            file.unlink()
        self.path(source).rmdir()
