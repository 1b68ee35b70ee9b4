"""CSV to SQLite, Parquet and PostgreSQL: the rows are those that plain Python makes of the same files."""

import csv as plain_csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from common.utils.errors import VitrineError
from pipeline_example import EXAMPLES, Example, csv
from servers import server

HEADER = "sale_id,sold_at,store_id,category,quantity,unit_price"
STORES = {"S1": "Harbour", "S2": "Market", "S3": "Station"}
DIRTY = {  # a line, and the rule that it breaks
    "9001,2026-03-02T10:00:00Z,S1,food,two,1.50": ("quantity_type", "quantity"),
    "9002,2026-03-02T10:00:00Z,,food,1,1.50": ("store_id_missing", "store_id"),
    "9003,2026-03-02T10:00:00Z,S1,toys,1,1.50": ("category_one_of", "category"),
    "9004,2026-02-30T10:00:00Z,S1,food,1,1.50": ("sold_at_type", "sold_at"),
    "9005,2026-03-02T10:00:00Z,S1,food,1,-1.50": ("unit_price_min", "unit_price"),
    "9006,2026-03-02T10:00:00Z,S1,food,1,1.23456": ("unit_price_type", "unit_price"),
    "9007,2026-03-02T10:00:00Z,X1,food,1,1.50": ("store_id_pattern", "store_id"),
}


def sales(count: int) -> list[str]:
    """Lines of three days in four stores, one of which no file names."""
    chance = Random(11)
    return [
        f"{number},2026-03-0{chance.randint(1, 3)}T{chance.randint(0, 23):02}:59:59Z,S{chance.randint(1, 4)},"
        f"{chance.choice(['food', 'drinks', 'household'])},{chance.randint(-2, 9)},"
        f"{chance.randint(1, 99)}.{chance.randint(0, 9999):04}"
        for number in range(count)
    ]


def by_hand(folder: Path) -> list[dict[str, Any]]:
    """What the pipeline should make of the files' good lines."""
    found: dict[tuple[date, str, str], dict[str, Any]] = {}
    good = {}
    for path in sorted(folder.glob("sales*.csv")):
        with path.open(encoding="utf-8") as file:
            good |= {row["sale_id"]: row for row in plain_csv.DictReader(file)}
    for row in good.values():
        units, price = row["quantity"], row["unit_price"]
        if ",".join(row.values()) in DIRTY or int(units) <= 0:
            continue
        day, store = datetime.fromisoformat(row["sold_at"]).date(), STORES.get(row["store_id"], "unknown")
        nothing = {"revenue": Decimal(0), "units": 0, "sales": 0, "dearest": Decimal(0)}
        sums = found.setdefault((day, store, row["category"]), nothing)
        sums["revenue"] += int(units) * Decimal(price)
        sums["units"] += int(units)
        sums["sales"] += 1
        sums["dearest"] = max(sums["dearest"], Decimal(price))
    keys = ("date", "store", "category")
    return [dict(zip(keys, key, strict=True)) | found[key] for key in sorted(found)]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    files = tmp_path / "files"
    csv(files / "sales-1.csv", HEADER, [*sales(400), *DIRTY])
    csv(files / "stores.csv", "store_id,name", [f"{store},{name}" for store, name in STORES.items()])
    return Example(
        EXAMPLES / "sales" / "store_sales_v1.yaml",
        tmp_path / "home",
        monkeypatch,
        SALES=str(files),
        SALES_FILES=str(tmp_path / "parquet"),
        SALES_WAREHOUSE=server("postgresql").empty_database(),
    )


def test_three_stores_hold_what_plain_python_makes_of_the_files(example: Example, tmp_path: Path) -> None:
    example.run()
    wanted = by_hand(tmp_path / "files")
    assert len(wanted) == 3 * 4 * 3
    assert example.rows() == wanted
    assert example.targets == ("files", "warehouse")
    for store in example.targets:
        assert example.rows(store) == wanted
        assert example.record(store).state == "published"
    assert str(example.table().schema.field("revenue").type) == "decimal128(18, 4)"


def test_each_dirty_line_is_a_dead_letter_with_its_rule(example: Example) -> None:
    example.run()
    assert example.letters("sales") == sorted(DIRTY.values())
    ledger = example.record().ledger
    assert ledger
    assert (ledger.read, sum(ledger.rejected.values())) == (410, 7)  # 407 sales and 3 stores


def test_a_rule_that_warns_is_told_and_published(example: Example) -> None:
    example.run()
    assert example.record().state == "published"
    assert example.verdicts()["no_unknown_store"] == "warned"


def test_a_rule_that_fails_publishes_nothing_to_any_store(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLES / "sales" / "store_sales_v1.yaml").read_text("utf-8")
    strict = tmp_path / "pipelines" / "sales" / "store_sales_v1.yaml"
    strict.parent.mkdir(parents=True)
    strict.write_text(text.replace("column: revenue, min: 0", "column: revenue, min: 1000000"), "utf-8")
    stricter = Example(strict, tmp_path / "home", monkeypatch)
    with pytest.raises(VitrineError, match="revenue_in_range"):
        stricter.run()
    for store in ("main", *stricter.targets):
        assert stricter.live(store) is None


def test_a_sale_that_comes_again_replaces_the_one_before(example: Example, tmp_path: Path) -> None:
    example.run()
    csv(tmp_path / "files" / "sales-2.csv", HEADER, ["7,2026-03-01T12:00:00Z,S1,food,1000,2.5000"])
    example.run()
    assert example.rows() == by_hand(tmp_path / "files")
    assert max(row["units"] for row in example.rows()) > 1000
    assert example.rows("warehouse") == example.rows("files") == example.rows()


def test_a_store_with_another_name_is_renamed_on_all_days(example: Example, tmp_path: Path) -> None:
    example.run()
    csv(tmp_path / "files" / "stores.csv", "store_id,name", ["S1,Port"])
    example.run()
    assert {row["store"] for row in example.rows()} == {"Port", "unknown"}


def test_more_bad_records_than_allowed_publish_nothing(example: Example, tmp_path: Path) -> None:
    bad = [f"{8000 + at},2026-03-02T10:00:00Z,S1,food,two,1.50" for at in range(300)]
    csv(tmp_path / "files" / "sales-3.csv", HEADER, bad)
    with pytest.raises(VitrineError, match="rejected_share"):
        example.run()
    assert example.record().state == "failed"
