from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from common.io.sources import Item
from common.io.sources.files.source import FileSource
from common.pipelines import sample as tried
from common.pipelines.checked import checked
from common.pipelines.compiled import Compiled
from common.pipelines.sample import Read, Sample, sample
from common.utils.errors import SourceError
from common.utils.settings import Settings
from common.verbs.subject import Subject

NOW = datetime(2026, 2, 1, tzinfo=UTC)
PIPELINE = """\
description: Revenue per product
owner: shop-data
sources:
  orders:
    path: ${FOLDER}/orders
    fields:
      sold_at: timestamp
      product: string
      quantity: integer
      price: {type: "decimal(9,2)", from: Price}
    event_time: sold_at
  products:
    path: ${FOLDER}/products.csv
    fields: {product: {type: string, required: true}, name: string}
steps:
  - join: {with: products, on: [product], columns: [name]}
  - aggregate: {by: [name], columns: {revenue: sum(quantity * price)}}
  - filter: revenue is not None
collection: {key: [name], freshness: 48h}
"""
ORDERS = "sold_at,product,quantity,Price\n"


@pytest.fixture
def try_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sample]:
    path = tmp_path / "pipelines" / "shop" / "revenue_v1.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(PIPELINE, "utf-8")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "a.csv").write_text(f"{ORDERS}2026-01-05,l,2,2.50\n2026-01-05,l,x,2.50\n", "utf-8")
    (tmp_path / "orders" / "b.csv").write_text(f"{ORDERS}2026-01-06,d,1,9.99\n", "utf-8")
    (tmp_path / "products.csv").write_text("product,name\nl,lamp\nd,desk\n", "utf-8")
    monkeypatch.setenv("FOLDER", str(tmp_path))
    monkeypatch.setenv("VITRINE_PIPELINES", str(tmp_path / "pipelines"))
    settings = Settings(home=tmp_path / "home", contracts=tmp_path / "contracts")

    def try_out(rows: int = 10) -> Sample:
        found = checked(path, settings)
        return sample(Subject.of(found.contract), Compiled(found), settings, NOW, rows)

    return try_out


def test_rows_of_several_sources_in_the_order_of_their_key(
    try_out: Callable[..., Sample], tmp_path: Path
) -> None:
    found = try_out()
    assert [tuple(row.values()) for row in found.rows.to_pylist()] == [
        ("desk", Decimal("9.99")),
        ("lamp", Decimal("5.00")),
    ]
    assert found.read == {"orders": Read(3, {"quantity_type": 1}), "products": Read(2, {})}
    assert try_out(1).rows.num_rows == 1
    assert not (tmp_path / "home").exists()


def test_no_more_is_read_than_the_first_records(
    try_out: Callable[..., Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tried, "FIRST", 2)
    found = try_out()
    assert found.read["orders"].records == 2, "the second file is not opened"
    assert [row["name"] for row in found.rows.to_pylist()] == ["lamp"]


def test_a_source_without_records_has_no_rows(try_out: Callable[..., Sample], tmp_path: Path) -> None:
    for path in (tmp_path / "orders").glob("*.csv"):
        path.write_text(ORDERS, "utf-8")
    assert try_out().rows.num_rows == 0


def test_a_missing_column_is_named(try_out: Callable[..., Sample], tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("product,title\nl,lamp\n", "utf-8")
    with pytest.raises(SourceError, match='has no column "name"; it has "product", "title"'):
        try_out()


def test_what_a_source_holds_open_is_freed(
    try_out: Callable[..., Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    read = FileSource.read

    def watched(self: FileSource, item: Item, scope: object) -> object:
        try:
            yield from read(self, item, scope)  # type: ignore[arg-type]
        finally:
            ended.append(item.name)

    monkeypatch.setattr(FileSource, "read", watched)
    monkeypatch.setattr(tried, "FIRST", 1)
    try_out()
    assert len(ended) == 2, "one file of each source"
