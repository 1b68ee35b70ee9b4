"""Extract: which files a run reads, what stands in bronze, and what a user reads where a file is broken."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io import lake
from common.io.sources.configured import configured
from common.utils.errors import SettingsError, SourceError
from common.verbs import progress
from common.verbs.continuity import Live
from shop import ALWAYS, HEADER, INTAKE, KEYED, Shop

LINE = "2026-01-0{day}T10:00:00Z,P1,Mug,2,9.50"
DAY = ("2026-01-03", "2026-01-04")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def bronze(shop: Shop, run_id: str = "run") -> list[dict[str, Any]]:
    uri = lake.table_uri(shop.settings, "bronze", "sales", "product_revenue")
    with lake.connect(shop.settings) as engine:
        found = lake.scan(engine, uri, lake.version(uri), keep=[[("_run", "=", run_id)]])
        rows: list[dict[str, Any]] = found.order("_item, _position").to_arrow_table().to_pylist()
    return rows


def test_bronze_is_what_was_received_with_its_origin(shop: Shop) -> None:
    shop.write("b.csv", "2026-01-01,P1, Mug ,2,9.50,yes", header=f"{HEADER},Gift")
    shop.write("a.csv", "2026-01-01,P2,,2,oops", header=HEADER.upper())
    extracted = shop.extract()
    first, second = bronze(shop)
    assert first.pop("_digest") != second.pop("_digest")
    own = {"_position": 2, "_run": "run"}
    assert first == {
        **{
            "DATE": "2026-01-01",
            "PRODUCT_ID": "P2",
            "PRODUCT_NAME": None,
            "QUANTITY": "2",
            "UNIT_PRICE": "oops",
        },
        **{"Gift": None, "_item": "a.csv", **own},
    }
    assert second == {
        **{"DATE": "2026-01-01", "PRODUCT_ID": "P1", "PRODUCT_NAME": " Mug ", "QUANTITY": "2"},
        **{"UNIT_PRICE": "9.50", "Gift": "yes", "_item": "b.csv", **own},
    }
    assert (extracted.bronze.rows, extracted.statistics.items, extracted.statistics.read) == (2, 2, 2)
    assert extracted.source_name == f"Files at {shop.files}"


def test_a_run_again_replaces_its_slice_and_no_other(shop: Shop) -> None:
    path = shop.write("a.csv", LINE.format(day=1), "ragged")
    shop.extract("one")
    shop.extract("two")
    path.unlink()
    again = shop.extract("one")
    assert (again.bronze.rows, again.rejected) == (0, {})
    assert bronze(shop, "one") == []
    assert shop.letters("one") == []
    assert len(bronze(shop, "two")) == len(shop.letters("two")) == 1


def test_unreadable_records_are_dead_letters_and_the_others_go_on(shop: Shop) -> None:
    (shop.files / "a.csv").write_bytes(
        f"{HEADER}\n{LINE.format(day=1)}\nx,y\n2026-01-01,P,caf\xe9,1,1\n".encode("latin-1")
    )
    extracted = shop.extract()
    assert (extracted.bronze.rows, extracted.rejected) == (1, {"ragged": 1, "encoding": 1})
    assert [
        (row["_stage"], row["_item"], row["_position"], row["reason"], row["record"])
        for row in shop.letters()
    ] == [
        ("extract", "a.csv", 3, "2 fields, and the header has 5", "x,y"),
        (
            "extract",
            "a.csv",
            4,
            "not utf-8 (byte 0xE9 in field product_name); "
            "set VITRINE_SALES_PRODUCT_REVENUE_ENCODING, for example latin-1",
            "2026-01-01,P,caf\\xe9,1,1",
        ),
    ]


def test_no_file_and_an_empty_file_are_a_success_without_records(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    assert shop.extract().bronze.rows == 0
    (shop.files / "a.csv").write_bytes(b"")
    shop.write("b.csv")
    assert shop.extract().bronze.rows == 0
    assert "a.csv is empty: 0 records" in caplog.messages


def test_a_missing_column_stops_the_run_and_bronze_stays(shop: Shop) -> None:
    shop.write("a.csv", LINE.format(day=1))
    shop.extract()
    shop.write("b.csv", "1", header="Datum,StockCode,Qty,Price")
    with pytest.raises(SourceError) as caught:
        shop.extract()
    assert str(caught.value) == (
        'b.csv has no column "date", "product_id", "product_name", "quantity", "unit_price"; it has "Datum", '
        f'"StockCode", "Qty", "Price". Where: Files at {shop.files}. '
        "Next: Say which columns to use: VITRINE_SALES_PRODUCT_REVENUE_COLUMNS=date=<column>,"
        "product_id=<column>,product_name=<column>,quantity=<column>,unit_price=Price"
    )
    assert len(bronze(shop)) == 1


def test_a_path_that_is_not_there_and_no_path_at_all(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.configure(PATH=f"{shop.files}/nowhere")
    with pytest.raises(SourceError, match=r"There is nothing at .*nowhere"):
        shop.extract()
    monkeypatch.delenv(f"{INTAKE.variables}PATH")
    with pytest.raises(SettingsError, match="VITRINE_SALES_PRODUCT_REVENUE_PATH"):
        shop.extract()


def test_what_breaks_off_while_reading_is_said_as_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("a.csv", LINE.format(day=1))
    shop.extract()
    kind = type(configured(INTAKE.variables, str).source)
    read: Callable[..., Any] = kind.read

    def changing(files: Any, item: Any, scope: Any) -> Any:
        yield from read(files, item, scope)
        raise SourceError("a.csv changed while it was read.")

    monkeypatch.setattr(kind, "read", changing)
    with pytest.raises(SourceError, match=r"^a\.csv changed while it was read\.$"):
        shop.extract()
    assert len(bronze(shop)) == 1


def test_a_failing_lake_is_said_as_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(lake, "replace", full)
    with pytest.raises(OSError, match="no space left on device"):
        shop.extract()


def test_another_source_than_the_live_one_is_refused_unless_all_is_rebuilt(shop: Shop) -> None:
    shop.write("a.csv", LINE.format(day=1))
    live = Live(datetime(2026, 1, 1, tzinfo=UTC), "another")
    with pytest.raises(SourceError) as caught:
        shop.extract(live=live)
    assert str(caught.value) == (
        "The live version of sales/product_revenue came from another source or mapping than "
        f"Files at {shop.files}: the two would be mixed. "
        "Where: the variables VITRINE_SALES_PRODUCT_REVENUE_*. "
        "Next: Set them back (of a pipeline in YAML, its fields and steps), or trigger the DAG with "
        "full_refresh to rebuild all from this source."
    )
    rebuilt = shop.run(live=live, full_refresh=True)
    assert shop.extract(live=replace(live, source=rebuilt.source)).source == rebuilt.source != "another"


def test_lost_silver_is_not_begun_anew_beside_a_live_version(shop: Shop) -> None:
    shop.write("a.csv", LINE.format(day=1))
    live = Live(datetime(2026, 1, 1, tzinfo=UTC), shop.run().source)
    silver = lake.table_uri(shop.settings, "silver", "sales", "product_revenue")
    shutil.rmtree(silver)
    with pytest.raises(SourceError) as caught:
        shop.extract("later", DAY, live)
    assert str(caught.value) == (
        "Silver of sales/product_revenue is lost, or a run that failed rebuilt it from another source. "
        f"Where: {silver}. "
        "Next: Bring it back, or trigger the DAG with full_refresh to rebuild all from this source."
    )
    shop.run("rebuilt", live=live, full_refresh=True)
    assert shop.extract("later", DAY, live).statistics.read == 0


@pytest.mark.parametrize(
    ("options", "watermark", "start"),
    [
        ({"scheduled": True}, None, None),  # nothing is live: everything
        ({"scheduled": True}, datetime(2026, 1, 3, 9, tzinfo=UTC), "2025-12-31"),  # three days of lookback
        ({"scheduled": True}, datetime(2026, 1, 1, 9, tzinfo=UTC), "2025-12-29"),  # and no gap
        ({"scheduled": False}, datetime(2026, 1, 1, 9, tzinfo=UTC), "2026-01-03"),  # as a person asked
        ({"scheduled": False}, None, "2026-01-03"),
        ({"scheduled": False, "full_refresh": True}, datetime(2026, 1, 1, tzinfo=UTC), None),
    ],
)
def test_the_window_that_a_run_answers_for(
    shop: Shop, options: dict[str, bool], watermark: datetime | None, start: str | None
) -> None:
    live = Live(watermark, shop.run().source) if watermark else None
    window = shop.extract("r", DAY, live, **options).window
    assert window.end == datetime(2026, 1, 4, tzinfo=UTC)
    assert (window.start and window.start.date().isoformat()) == start


def test_files_known_to_have_nothing_for_the_window_are_not_read_again(shop: Shop) -> None:
    for day in range(1, 6):
        shop.write(f"{day}.csv", LINE.format(day=day), header=HEADER)
    assert shop.run(window=DAY).ledger.read == 5, "the first run knows of no file"
    second = shop.run("second", DAY)
    assert (second.ledger.read, second.ledger.filtered) == (1, {"outside_window": 0})
    shop.write("1.csv", LINE.format(day=1), LINE.format(day=3))
    assert shop.run("third", DAY).ledger.read == 3, "another content is another file"
    shop.configure(DELIMITER=";")
    with pytest.raises(SourceError, match="has no column"):
        shop.extract("fourth", DAY)


def test_a_file_without_any_time_is_rejected_by_every_run(shop: Shop) -> None:
    shop.write("a.csv", "soon,P1,Mug,2,9.50")
    for run_id in ("run", "run", "later"):
        assert shop.run(run_id, DAY).ledger.rejected == {"date_impossible": 1}


def test_progress_is_said_while_it_works(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    shop.write("a.csv", LINE.format(day=1), header=HEADER)
    with caplog.at_level("INFO"):
        shop.extract()
    assert any(text.startswith("1 records, item 1 of 1, 0 MB, ") for text in caplog.messages)
    assert (
        f"Files at {shop.files}: window [1970-01-01T00:00:00+00:00, 2027-01-01T00:00:00+00:00); "
        in caplog.text
    )
    assert "1 records in bronze, 0 unreadable" in caplog.text


def test_a_dry_run_leaves_the_lake_as_it_is(shop: Shop) -> None:
    shop.write("a.csv", LINE.format(day=1), "ragged", header=HEADER)
    extracted = shop.extract(dry_run=True)
    assert "/dry_run/bronze/" in extracted.bronze.uri
    assert sorted(path.name for path in Path(shop.settings.lake_root).iterdir()) == ["dry_run"]
    assert len(shop.letters(dry_run=True)) == 1


def test_a_keyed_source_needs_its_key(shop: Shop) -> None:
    shop.configure(KEY="order_line_id", UPDATED_AT="changed_at")
    shop.write("a.csv", header=KEYED)
    with pytest.raises(SourceError, match="VITRINE_SALES_PRODUCT_REVENUE_UPDATED_AT=<column>"):
        shop.extract(window=ALWAYS)


def test_bronze_is_in_one_schema_whatever_the_items_have(shop: Shop) -> None:
    shop.write("a.csv", f"{LINE.format(day=1)},a,b", "ragged", header=f"{HEADER},A,b")
    shop.write("b.csv", f"{LINE.format(day=2)},c,d", header=f"{HEADER},B,c")
    extracted = shop.extract()
    assert [{name: row.get(name) for name in ("A", "b", "c")} for row in bronze(shop)] == [
        {"A": "a", "b": "b", "c": None},
        {"A": None, "b": "c", "c": "d"},
    ]
    assert (extracted.bronze.rows, extracted.rejected) == (2, {"ragged": 1})
    assert [letter["record"] for letter in shop.letters()] == ["ragged"]
