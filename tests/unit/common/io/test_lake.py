"""Delta tables: replaced in part, read at a version, never half written, never silently overwritten."""

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from common.io import history, lake
from common.io.partitions import Condition, as_sql, days_condition
from common.utils.arrow import schema_of
from common.utils.settings import Settings
from common.verbs.references import TableRef

SCHEMA = schema_of(
    date=pa.date32(),
    amount=pa.decimal128(18, 4),
    moment=pa.timestamp("us", tz="UTC"),
    name=pa.string(),
)
DAYS = [date(2026, 1, day) for day in range(1, 6)]


def rows(name: str, days: list[date]) -> pa.Table:
    columns = {
        "date": days,
        "amount": [f"{day.day}.0001" for day in days],
        "moment": [datetime(2026, 1, day.day, 12, tzinfo=UTC) for day in days],
        "name": [name] * len(days),
    }
    return pa.table(
        {key: pa.array(value) for key, value in columns.items()} if days else SCHEMA.empty_table()
    )


def table(name: str, days: list[date]) -> pa.Table:
    return rows(name, days).cast(SCHEMA)


def days(start: int, end: int) -> Condition:
    return days_condition(date(2026, 1, start), date(2026, 1, end))


def put(uri: str, name: str, days: list[date], keep: Condition | None = None, **options: int) -> int:
    predicate = as_sql(keep) if keep else None
    return lake.replace(
        uri,
        table(name, days),
        run_id=name,
        source=f"source of {name}",
        predicate=predicate,
        partition_by=("date",),
        **options,
    )


def held(uri: str, version: int, span: Condition | None = None) -> dict[int, str]:
    found = lake.read(TableRef(uri, version, 0), span or [])
    return {row["date"].day: row["name"] for row in found.to_pylist()}


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "lake" / "gold" / "a" / "b")


def test_where_tables_stand(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, lake="s3://bucket/lake")
    assert lake.table_uri(settings, "gold", "a", "b") == "s3://bucket/lake/gold/a/b"
    assert lake.table_uri(settings, "gold", "a", "b", dry_run=True) == "s3://bucket/lake/dry_run/gold/a/b"
    assert lake.table_uri(Settings(home=tmp_path), "gold", "a", "b") == f"{tmp_path}/lake/gold/a/b"


def test_days_are_replaced_and_the_others_stay(uri: str) -> None:
    first = put(uri, "one", DAYS)
    keep = days_condition(DAYS[1], DAYS[3], [DAYS[4]])
    second = put(uri, "two", [DAYS[1], DAYS[4]], keep)
    assert held(uri, second) == {1: "one", 2: "two", 4: "one", 5: "two"}
    assert held(uri, first) == dict.fromkeys(range(1, 6), "one"), "a version once read stays what it is"
    third = put(uri, "three", [], days_condition(None, DAYS[3]))
    assert held(uri, third) == {4: "one", 5: "two"}


def test_rows_outside_of_what_is_replaced_are_refused(uri: str) -> None:
    before = put(uri, "one", DAYS)
    with pytest.raises(Exception, match="failed validation check"):
        put(uri, "two", DAYS, days_condition(DAYS[0], DAYS[1]))
    assert lake.version(uri) == before


def test_a_window_is_read_with_all_types_as_they_are(uri: str) -> None:
    at = put(uri, "one", DAYS)
    found = lake.read(TableRef(uri, at, 5), days(2, 4))
    assert found.schema == SCHEMA
    assert sorted(found["date"].to_pylist()) == DAYS[1:3]
    assert held(uri, at, days_condition(None, DAYS[3])) == dict.fromkeys((1, 2, 3), "one")
    assert sum(batch.num_rows for batch in lake.batches(TableRef(uri, at, 5), days(2, 4))) == 2


def test_what_holds_no_row_still_has_its_columns(uri: str) -> None:
    at = put(uri, "one", [])
    assert lake.read(TableRef(uri, at, 0), days(1, 31)).schema == SCHEMA
    assert lake.read(TableRef(uri, -1, 0), days(1, 31)).num_rows == 0
    assert list(lake.batches(TableRef(uri, -1, 0), days(1, 31))) == []
    assert lake.version(f"{uri}/nothing") == -1
    assert history.found_by(f"{uri}/nothing", "run") == history.Found(-1, "")
    assert lake.schema(f"{uri}/nothing").names == []
    assert not lake.holds(f"{uri}/nothing", [])


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_the_engine_reads_the_same_by_path_and_by_url(uri: str, scheme: str, tmp_path: Path) -> None:
    at = put(uri, "one", DAYS)
    keep = days_condition(DAYS[3], date(2026, 2, 1))
    with lake.connect(Settings(home=tmp_path)) as engine:
        found = lake.scan(engine, scheme + uri, at, schema=SCHEMA, keep=keep).order("date").to_arrow_table()
        assert found.cast(SCHEMA) == table("one", DAYS[3:])
        nothing = lake.scan(engine, scheme + uri, at, schema=SCHEMA, keep=days_condition(None, DAYS[0]))
        assert nothing.columns == SCHEMA.names
        assert nothing.fetchall() == []
        assert lake.scan(engine, uri, -1, schema=SCHEMA).columns == SCHEMA.names


def test_columns_are_added_and_old_slices_still_read(uri: str, tmp_path: Path) -> None:
    odd = 'Unit Price (£), "net"\n'
    for run, name in (("r/1: +é%", odd), ("r2", "other")):
        slice_ = pa.table({name: ["1"], "_run": [run]})
        keep: Condition = [[("_run", "=", run)]]
        lake.replace(uri, slice_, run_id=run, predicate=as_sql(keep), partition_by=("_run",))
    assert set(lake.schema(uri).names) == {odd, "other", "_run"}
    with lake.connect(Settings(home=tmp_path)) as engine:
        old = lake.scan(engine, uri, lake.version(uri), keep=[[("_run", "=", "r/1: +é%")]])
        assert old.to_arrow_table().to_pylist() == [{odd: "1", "_run": "r/1: +é%"}]


def test_a_run_starts_from_what_it_has_not_written_itself(uri: str) -> None:
    first = put(uri, "one", DAYS)
    put(uri, "two", DAYS[:1], days_condition(None, DAYS[1]))
    put(uri, "two", DAYS[:1], days_condition(None, DAYS[1]))
    assert history.found_by(uri, "two") == history.Found(first, "source of one")
    assert history.found_by(uri, "three") == history.Found(first + 2, "source of two")


def test_a_run_that_was_overtaken_writes_nothing(uri: str) -> None:
    base = put(uri, "one", DAYS)
    put(uri, "two", DAYS[:2], days_condition(None, DAYS[2]))
    with pytest.raises(lake.ConflictError) as caught:
        put(uri, "late", DAYS[1:2], days_condition(DAYS[1], DAYS[2]), base=base)
    assert str(caught.value) == (
        "Another run changed the same rows ((date < '2026-01-03' AND date >= '2026-01-02')) while run late "
        f"was at work. Where: {uri}. Next: Nothing was written. Run the task again: it starts from what the "
        "other run wrote."
    )
    at = put(uri, "apart", DAYS[4:], days_condition(DAYS[4], date(2026, 1, 6)), base=base)
    assert held(uri, at) == {1: "two", 2: "two", 3: "one", 4: "one", 5: "apart"}


def test_whether_days_were_written_again_since(uri: str) -> None:
    ref = TableRef(uri, put(uri, "one", DAYS), len(DAYS))
    assert not lake.changed_since(ref, days(1, 6))
    put(uri, "two", DAYS[:2], days_condition(None, DAYS[2]))
    assert lake.changed_since(ref, days(2, 6))
    assert not lake.changed_since(ref, days(3, 6))


def test_runs_that_create_the_table_together_lose_nothing(uri: str) -> None:
    errors: list[Exception] = []

    def write(day: date) -> None:
        try:
            put(uri, f"run{day.day}", [day], [[("date", "=", day.isoformat())]])
        except Exception as error:  # noqa: BLE001 (shown below)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(day,)) for day in DAYS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert held(uri, lake.version(uri)) == {day.day: f"run{day.day}" for day in DAYS}


def test_an_error_on_the_way_leaves_the_table_as_it_was(uri: str) -> None:
    before = put(uri, "one", DAYS)

    def broken() -> object:
        yield table("two", DAYS[:1]).to_batches()[0]
        raise ValueError("the source broke off")

    reader = pa.RecordBatchReader.from_batches(SCHEMA, broken())
    with pytest.raises(Exception, match="the source broke off"):
        lake.replace(uri, reader, run_id="two")
    assert held(uri, lake.version(uri)) == held(uri, before)


def test_the_engine_is_bounded_in_utc_and_cleans_up(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, memory_limit="300MB")
    with lake.connect(settings) as engine:
        ((zone, memory, spill),) = engine.sql(
            "SELECT current_setting('TimeZone'), current_setting('memory_limit'), "
            "current_setting('temp_directory')"
        ).fetchall()
        with lake.connect(settings) as other:
            ((elsewhere,),) = other.sql("SELECT current_setting('temp_directory')").fetchall()
    assert zone == "UTC"
    assert memory.startswith("286")  # MiB
    assert Path(spill).parent == tmp_path / "tmp"
    assert spill != elsewhere, "two engines that spill into one folder overwrite each other"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_commits_name_their_run(uri: str) -> None:
    put(uri, "one", DAYS)
    assert DeltaTable(uri).history(1)[0][lake.RUN] == "one"


def test_the_days_that_were_written_between_two_versions(uri: str) -> None:
    first = put(uri, "one", DAYS[:2], days_condition(None, DAYS[2]))
    second = put(uri, "two", DAYS[1:2], days_condition(DAYS[1], DAYS[2]))
    third = put(uri, "two", [], days_condition(DAYS[0], DAYS[1]))
    assert history.days_between(uri, first, second) == {DAYS[1]}
    assert history.days_between(uri, first, third) == set(DAYS[:2])
    assert history.days_between(uri, third, third) == set()


def test_an_exclusive_write_conflicts_with_any_other(uri: str) -> None:
    base = put(uri, "one", DAYS[:1], days_condition(None, DAYS[1]))
    put(uri, "two", DAYS[1:2], days_condition(DAYS[1], DAYS[2]))
    with pytest.raises(lake.ConflictError, match="changed the table while run late was at work"):
        put(uri, "late", DAYS[:1], days_condition(None, DAYS[1]), base=base, exclusive=True)
    put(uri, "late", DAYS[:1], days_condition(None, DAYS[1]), base=base)


@pytest.mark.parametrize("name", ["My Projects", "Büro", 'a "b"', "#1?"])
def test_the_engine_reads_below_folders_of_any_name(name: str, tmp_path: Path) -> None:
    uri = str(tmp_path / name / "a b")
    at = put(uri, "one", DAYS[:2])
    with lake.connect(Settings(home=tmp_path / name)) as engine:
        assert len(lake.scan(engine, uri, at)) == 2
