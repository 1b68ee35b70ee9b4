"""A pipeline in YAML publishes the very rows that the hand-written subject does, to the byte."""

import csv
import hashlib
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.io.collections.protocol import Query
from common.utils.settings import Settings
from common.verbs.pipeline import run_all
from common.verbs.references import Run
from common.verbs.stores import opened
from pipeline_example import EVER, EXAMPLES, REPOSITORY, Example
from pipeline_example import csv as csv_file
from samples.generate import generate
from shop import KEYED, ONLINE_RETAIL, SUBJECT, Shop

FILE = EXAMPLES / "sales" / "daily_revenue_v1.yaml"
CONTRACT = REPOSITORY / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml"
BY_KEY = {"KEY": "order_line_id", "UPDATED_AT": "updated_at"}
Changed = Callable[[dict[str, Any]], None]


def digest(rows: Any) -> str:
    """SHA-256 over the rows as a store returns them, value by value, with their types."""
    found = hashlib.sha256(str(rows.schema.remove_metadata()).encode())
    for row in rows.to_pylist():
        found.update(repr(tuple(row.values())).encode())
    return found.hexdigest()


def by_code(folder: Path, patch: pytest.MonkeyPatch, **variables: str) -> Any:
    """What the hand-written subject publishes."""
    shop = Shop(folder, patch, variables)
    run_all(SUBJECT, shop.contract, shop.settings, Run("code", EVER))
    with opened(shop.contract, shop.settings, read_only=True) as collection:
        live = collection.live()
        assert live
        rows = collection.read(live.number, Query(limit=10_000_000)).rows
    return rows.select([field.name for field in shop.contract.fields])


def by_pipeline(
    folder: Path, patch: pytest.MonkeyPatch, orders: Path, change: Changed | None = None
) -> Example:
    """The pipeline's run over the same files."""
    path = FILE
    if change:
        document = yaml.safe_load(FILE.read_text("utf-8"))
        change(document)
        path = folder / "pipelines" / "sales" / FILE.name
        path.parent.mkdir(parents=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    example = Example(path, folder / "pipeline", patch, ORDERS=str(orders))
    example.run()
    return example


def published(example: Example) -> Any:
    return example.table().select([field.name for field in example.contract.fields])


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety days of order lines with corrections, returns and dirty lines."""
    folder = tmp_path_factory.mktemp("samples")
    generate(folder, date(2026, 3, 31))
    return folder / "sales" / "product_revenue"


@pytest.fixture(scope="module")
def code(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the hand-written subject publishes of it."""
    with pytest.MonkeyPatch.context() as patch:
        return by_code(tmp_path_factory.mktemp("code"), patch, PATH=str(sample), **BY_KEY)


def test_the_sample_gives_the_same_bytes(
    sample: Path, code: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = by_pipeline(tmp_path, monkeypatch, sample)
    assert code.num_rows > 3000
    assert digest(published(example)) == digest(code)
    assert example.contract.partition_by == "day"


def test_names_ties_returns_and_what_is_rejected_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = ["2026-01-05", "2026-01-05T23:59:59+01:00", "2026-01-06T00:30:00+01:00", "2026-01-06 00:00"]
    names = ["Mug", "Mug", "mug", "Äpfel", "", "Jar", "Jar"]
    good = [
        f"{days[number % 4]},p{number % 3},{names[number % 7]},{['2', '-1', '6.0', '0', '+3'][number % 5]},"
        f"{['3.5', '.0001', '1.20000', '-2'][number % 4]}"
        for number in range(200)
    ]
    bad = ["2026-02-30,p1,Mug,1,1", ",p1,Mug,1,1", "2026-01-05,,Mug,1,1", "2026-01-05,p1,Mug,two,1"]
    bad += ["2026-01-05,p1,Mug,1,1.00001", "2026-01-05,p1,Mug,1,"]
    again = [f"7,2026-03-02,{good[8]}", f"9,2026-02-02,{good[8]}"]  # the later of two, and the earlier
    lines = [f"{number},2026-03-01,{line}" for number, line in enumerate([*good, *bad])]
    csv_file(tmp_path / "orders" / "a.csv", KEYED, [*lines, *again])
    code = by_code(tmp_path, monkeypatch, PATH=str(tmp_path / "orders"), **BY_KEY)
    example = by_pipeline(tmp_path, monkeypatch, tmp_path / "orders")
    assert len(set(code["product_name"].to_pylist())) > 1
    assert digest(published(example)) == digest(code)
    assert len(example.letters()) == len(bad)


def test_with_the_contract_by_reference_too(
    sample: Path, code: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = tmp_path / "contracts" / "sales" / "daily_revenue.odcs.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text(CONTRACT.read_text("utf-8").replace("product_revenue", "daily_revenue"), "utf-8")
    monkeypatch.setenv("VITRINE_CONTRACTS", str(tmp_path / "contracts"))

    def refer(document: dict[str, Any]) -> None:
        document["contract"] = str(contract)
        del document["collection"]

    example = by_pipeline(tmp_path, monkeypatch, sample, refer)
    assert digest(published(example)) == digest(code)
    assert len(example.verdicts()) > 15, "the rules are those of the contract's file"


def test_another_price_is_another_digest(
    sample: Path, code: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "orders"
    shutil.copytree(sample, other)
    last = sorted(other.glob("*.csv"))[-1]
    with last.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    lines[-1]["unit_price"] = str(Decimal(lines[-1]["unit_price"]) + Decimal("0.0001"))
    with last.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    example = by_pipeline(tmp_path, monkeypatch, other)
    assert published(example).num_rows == code.num_rows
    assert digest(published(example)) != digest(code)


def test_online_retail_gives_the_same_bytes_and_the_known_sums(
    online_retail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(document: dict[str, Any]) -> None:
        source = document["sources"]["order_lines"]
        theirs = dict(pair.split("=") for pair in ONLINE_RETAIL["COLUMNS"].split(","))
        fields = {"sold_at": {"type": "timestamp", "from": theirs["date"]}}
        for name in ("product_id", "product_name", "quantity", "unit_price"):
            given = source["fields"][name]
            field = given if isinstance(given, dict) else {"type": given}
            fields[name] = {**field, "from": theirs[name]}
        source["fields"] = fields
        del source["key"], source["updated_at"]

    code = by_code(tmp_path, monkeypatch, PATH=str(online_retail), **ONLINE_RETAIL)
    example = by_pipeline(tmp_path, monkeypatch, online_retail, named)
    rows = published(example)
    assert digest(rows) == digest(code)
    sums = {
        name: sum(rows[name].to_pylist()) for name in ("order_lines", "quantity", "revenue", "gross_revenue")
    }
    assert sums == {
        "order_lines": 245_903,
        "quantity": 2_292_167,
        "revenue": Decimal("4397950.7610"),
        "gross_revenue": Decimal("4826466.4910"),
    }


def test_the_types_are_those_of_the_code() -> None:
    from common.pipelines.checked import checked
    from common.utils.odcs import load_contract

    settings = Settings.from_environment()
    assert checked(FILE, settings).contract.schema.equals(load_contract(CONTRACT).schema)
