"""The lake as one run sees it: where it reads, where it writes, and from when."""

from datetime import UTC, date, datetime
from pathlib import Path

import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.io import lake
from common.io.partitions import ALL_DAYS, Condition, as_sql, days_condition
from common.utils.arrow import schema_of
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.references import Extracted, Run, TableRef
from common.verbs.subject import Subject
from common.verbs.tables import Tables, stream

INTAKE = Subject("sales", "product_revenue", 1).intake("order_lines")
SCHEMA = schema_of(date=pa.date32(), value=pa.int64())


BRONZE = TableRef("nowhere", -1, 0)


def run(run_id: str, source: str = "s", bronze: TableRef = BRONZE, **options: bool) -> Extracted:
    window = Window(None, datetime(2027, 1, 1, tzinfo=UTC))
    return Extracted(Run(run_id, window, **options), "order_lines", window, source, "files", bronze, {}, 0, 0)


def put(settings: Settings, each: Extracted, value: int, keep: Condition = ALL_DAYS) -> int:
    with lake.connect(settings) as duck:
        rows = pa.table({"date": [date(2026, 1, 1)], "value": [value], "more": ["x"]})
        return Tables(INTAKE, settings, each, duck).replace(
            nw.from_native(duck.from_arrow(rows)), SCHEMA, keep
        )


def found(settings: Settings, each: Extracted) -> list[int]:
    with lake.connect(settings) as duck:
        rows = Tables(INTAKE, settings, each, duck).found(SCHEMA, ALL_DAYS).to_native().fetchall()
    return [value for _, value in rows]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_run_finds_what_others_wrote_and_not_what_it_wrote_itself(settings: Settings) -> None:
    assert found(settings, run("one")) == []
    put(settings, run("one"), 1)
    put(settings, run("two"), 2)
    assert found(settings, run("two")) == [1]
    assert found(settings, run("three")) == [2]
    assert found(settings, run("three", full_refresh=True)) == []


def test_a_dry_run_reads_the_lake_and_writes_beside_it(settings: Settings) -> None:
    put(settings, run("one"), 1)
    dry = run("two", dry_run=True)
    at = put(settings, dry, 2, days_condition(date(2030, 1, 1), date(2030, 1, 2)))
    assert found(settings, dry) == [1]
    with lake.connect(settings) as duck:
        tables = Tables(INTAKE, settings, dry, duck)
        assert tables.written_uri == f"{settings.lake_root}/dry_run/silver/sales/product_revenue"
        assert tables.uri == f"{settings.lake_root}/silver/sales/product_revenue"
        assert tables.written(at, ALL_DAYS).select("value").to_native().fetchall() == [(2,)]


def test_what_is_committed_since_the_run_began_is_a_conflict(settings: Settings) -> None:
    with lake.connect(settings) as duck:
        early = Tables(INTAKE, settings, run("early"), duck)
        put(settings, run("other"), 1)
        rows = nw.from_native(duck.from_arrow(pa.table({"date": [date(2026, 1, 1)], "value": [2]})))
        with pytest.raises(lake.ConflictError):
            early.replace(rows, SCHEMA, ALL_DAYS)
    assert found(settings, run("later")) == [1]


def test_bronze_is_the_runs_own_slice(settings: Settings, tmp_path: Path) -> None:
    uri = str(tmp_path / "bronze")
    for name in ("one", "two"):
        rows = pa.table({"value": [name], "_run": [name]})
        keep: Condition = [[("_run", "=", name)]]
        at = lake.replace(uri, rows, run_id=name, predicate=as_sql(keep), partition_by=("_run",))
    with lake.connect(settings) as duck:
        rows = Tables(INTAKE, settings, run("one", bronze=TableRef(uri, at, 1)), duck).bronze()
        assert rows.select("value").to_native().fetchall() == [("one",)]


def test_rows_are_streamed_in_the_types_of_the_schema(settings: Settings) -> None:
    with lake.connect(settings) as duck:
        rows = duck.sql("SELECT 1::TINYINT AS value, DATE '2026-01-01' AS date, 'x' AS more")
        (batch,) = stream(rows, SCHEMA)
    assert batch.schema == SCHEMA
    assert batch.to_pylist() == [{"date": date(2026, 1, 1), "value": 1}]


def test_what_came_from_another_source_is_not_mixed_with_this_one(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    put(settings, run("one", "s"), 1)
    assert found(settings, run("two", "s")) == [1]
    assert caplog.messages == []
    assert found(settings, run("two", "other")) == []
    assert caplog.messages == [
        "silver came from another source or mapping: it starts anew from this run's records"
    ]
