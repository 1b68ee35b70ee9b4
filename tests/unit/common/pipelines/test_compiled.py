from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from common.io import reports
from common.io.sources.configured import configured
from common.pipelines.checked import checked
from common.pipelines.compiled import module
from common.utils.errors import LedgerError, SettingsError, SourceError, ValidationFailed
from common.verbs.gold import TransformError
from common.verbs.subject import Subject
from unit.common.pipelines.pipeline_kit import house, published, rows, written

DAYS = [
    {"date": date(2026, 1, 5), "product": "lamp", "revenue": Decimal("10.0000"), "lines": 2},
    {"date": date(2026, 1, 6), "product": "desk", "revenue": Decimal("1.5000"), "lines": 1},
]


def test_a_pipeline_is_published_with_its_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    right = published(written(tmp_path), settings)
    assert rows(right, settings) == DAYS
    record = reports.read(settings, "shop/orders", "one")
    assert record is not None
    assert record.ledger is not None
    assert (record.ledger.read, record.ledger.written, dict(record.ledger.rejected)) == (
        5,
        4,
        {"quantity_type": 1},
    )


def test_the_subject_finds_the_pipeline_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house(tmp_path, monkeypatch)
    written(tmp_path)
    found = Subject("shop", "orders", 1).module()
    assert list(found.SOURCES) == ["orders"]
    assert found.GOLD.names == ["date", "product", "revenue", "lines"]
    assert found.WHOLE is False
    with pytest.raises(ModuleNotFoundError):
        Subject("shop", "orders", 2).module()


def test_one_day_that_changes_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(tmp_path)
    published(path, settings)
    (tmp_path / "orders" / "more.csv").write_text(
        "order_id,SoldAt,product,quantity,price\n9,2026-01-06T01:00:00Z,desk,1,3\n", encoding="utf-8"
    )
    right = published(path, settings, "two")
    assert rows(right, settings)[1]["revenue"] == Decimal("4.5000")
    record = reports.read(settings, "shop/orders", "two")
    assert record is not None
    assert record.staged is not None
    assert (record.staged.updated, record.staged.unchanged) == (1, 1)


def test_a_join_computes_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    (tmp_path / "names.csv").write_text("product,label\nlamp,Lamp of brass\n", encoding="utf-8")
    path = written(
        tmp_path,
        (
            "steps:\n",
            "  names:\n    path: ${ORDERS}/../names.csv\n    fields: {product: string, label: string}\n"
            "    key: [product]\nsteps:\n  - lookup: {in: names, on: [product], columns: [label]}\n",
        ),
        ("columns: {revenue", "columns: {label: max(label), revenue"),
    )
    right = published(path, settings)
    assert {(row["product"], row["label"]) for row in rows(right, settings)} == {
        ("lamp", "Lamp of brass"),
        ("desk", None),
    }
    assert module(path).WHOLE is True
    assert right.contract.partition_by == "hash"


def test_totals_gate_the_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    lines = "totals:\n  lines: {source: count(), collection: sum(lines)}\n"
    with pytest.raises(LedgerError, match="total lines: silver has 4, gold has 3"):
        published(written(tmp_path, ("dead_letters:", lines + "dead_letters:")), settings)
    right = published(
        written(tmp_path, ("dead_letters:", lines + "dead_letters:"), ("quantity > 0", "quantity >= 0")),
        settings,
    )
    assert len(rows(right, settings)) == 2


def test_now_is_what_the_run_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(
        tmp_path,
        (
            "  - aggregate: {by: [date, product], columns: {revenue: sum(quantity * price), lines: count()}}",
            "  - derive: {seen: now()}",
        ),
        ("key: [date, product]", "key: [order_id]"),
    )
    right = published(path, settings)
    assert {row["seen"] for row in rows(right, settings)} == {datetime(2026, 2, 1, tzinfo=UTC)}


def test_values_of_steps_are_looked_up_when_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(tmp_path, ("quantity > 0", 'product == "${WANTED}"'))
    with pytest.raises(SettingsError, match="The variable WANTED is not set"):
        published(path, settings)
    monkeypatch.setenv("WANTED", "lamp")
    assert [row["product"] for row in rows(published(path, settings, "two"), settings)] == ["lamp"]
    monkeypatch.setenv("WANTED", 'x" or true or "')
    with pytest.raises(ValidationFailed, match="from 1 to 0 rows"):  # a text like any other, which no row has
        published(path, settings, "three", full_refresh=True)


def test_a_value_that_is_looked_up_is_in_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = house(tmp_path, monkeypatch)
    monkeypatch.setenv("HIDDEN", "Hunter2'{x}")
    fill = "  - derive: {day: null}\n  - fill_nulls: {day: '${HIDDEN}'}\n  - cast: {day: integer}\n"
    used = "columns: {revenue", "columns: {day: max(day), revenue"
    path = written(tmp_path, ("steps:\n", "steps:\n" + fill), used)
    with pytest.raises(TransformError, match="is no integer exactly") as error:
        published(path, settings)
    record = reports.read(settings, "shop/orders", "one")
    assert record is not None
    assert "Hunter2" not in f"{error.value} {record.error} {caplog.text}"


def test_a_source_that_was_never_read_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(
        tmp_path,
        (
            "steps:\n",
            "  names:\n    path: ${ORDERS}/../names.csv\n    fields: {product: string, label: string}\n"
            "    key: [product]\nsteps:\n  - lookup: {in: names, on: [product], columns: [label]}\n",
        ),
    )
    with pytest.raises(SourceError, match="The source names of shop/orders was never read"):
        published(path, settings)
    (tmp_path / "names.csv").write_text("product,label\nlamp,Lamp\n", encoding="utf-8")
    published(path, settings, "two")
    (tmp_path / "names.csv").unlink()
    assert len(rows(published(path, settings, "three"), settings)) == 2  # as it was


def test_many_columns_are_judged_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"c{number}" for number in range(300)]
    settings = house(tmp_path, monkeypatch, f"order_id,{','.join(names)}\n1,{','.join('1' for _ in names)}\n")
    fields = "".join(f"      {name}: {{type: integer, min: 0, max: 9}}\n" for name in names)
    text = (
        "description: Wide\nowner: shop\nsources:\n  wide:\n    path: ${ORDERS}\n    fields:\n"
        f"      order_id: string\n{fields}    key: [order_id]\n"
        "steps:\n  - select: [order_id, c0, c299]\ncollection: {key: [order_id], freshness: 48h}\n"
    )
    path = written(tmp_path)
    path.write_text(text, encoding="utf-8")
    assert rows(published(path, settings), settings) == [{"order_id": "1", "c0": 1, "c299": 1}]


def test_the_sources_settings_are_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house(tmp_path, monkeypatch)
    written(tmp_path)
    (intake,) = Subject("shop", "orders", 1).intakes()
    found = configured(intake.variables, lambda name: name, intake.defaults()).settings
    assert found.columns == {"sold_at": "SoldAt"}
    assert found.key == ("order_id",)
    monkeypatch.setenv("VITRINE_SHOP_ORDERS_KEY", "product")
    assert configured(intake.variables, lambda name: name, intake.defaults()).settings.key == ("product",)


def test_a_source_without_times_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(
        tmp_path,
        ("    event_time: sold_at\n", ""),
        ("by: [date, product]", "by: [product]"),
        ("key: [date, product]", "key: [product]"),
    )
    published(path, settings)
    (tmp_path / "orders" / "lines.csv").write_text(
        "order_id,SoldAt,product,quantity,price\n1,2026-01-05,lamp,1,2\n", encoding="utf-8"
    )
    right = published(path, settings, "two")
    assert rows(right, settings) == [{"product": "lamp", "revenue": Decimal("2.0000"), "lines": 1}]
    assert checked(path, settings).plan.by_day is False
