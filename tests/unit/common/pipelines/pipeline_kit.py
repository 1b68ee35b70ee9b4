"""A good pipeline over a few order lines, written or changed on purpose, and run."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.io.collections.protocol import Query
from common.pipelines.checked import Checked, checked
from common.pipelines.targets import with_targets
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.pipeline import run_all
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject

GOOD = """\
description: Daily revenue per product
owner: shop-data
schedule: "@daily"
sources:
  orders:
    path: ${ORDERS}
    fields:
      order_id: string
      sold_at: {type: timestamp, from: SoldAt}
      product: {type: string, required: true}
      quantity: integer
      price: {type: "decimal(18,4)", min: 0}
    event_time: sold_at
    key: [order_id]
steps:
  - filter: quantity > 0
  - aggregate: {by: [date, product], columns: {revenue: sum(quantity * price), lines: count()}}
collection: {key: [date, product], freshness: 48h}
dead_letters: {max_share: 1}
"""
LINES = """\
order_id,SoldAt,product,quantity,price
1,2026-01-05T10:00:00Z,lamp,3,2.5
2,2026-01-05T11:00:00Z,lamp,2,1.25
3,2026-01-06,desk,x,1
4,2026-01-06,desk,1,1.5
5,2026-01-06,desk,0,9
"""
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def written(folder: Path, *changes: tuple[str, str], name: str = "shop/orders_v1.yaml") -> Path:
    """The good pipeline with each first text replaced by the second, in ``folder/pipelines``."""
    text = GOOD
    for old, new in changes:
        assert old in text, f"{old!r} is not in the pipeline: the test would test nothing"
        text = text.replace(old, new, 1)
    path = folder / "pipelines" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def house(folder: Path, monkeypatch: Any, lines: str = LINES) -> Settings:
    """A home with a file of order lines, where pipelines of ``folder/pipelines`` are found."""
    source = folder / "orders" / "lines.csv"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(lines, encoding="utf-8")
    monkeypatch.setenv("ORDERS", str(source.parent))
    monkeypatch.setenv("VITRINE_HOME", str(folder / "home"))
    monkeypatch.setenv("VITRINE_PIPELINES", str(folder / "pipelines"))
    return Settings.from_environment()


def published(path: Path, settings: Settings, run_id: str = "one", **asked: Any) -> Checked:
    """Runs a pipeline over everything."""
    right = checked(path, settings)
    everywhere = with_targets(settings, right.contract, *right.pipeline.spec.targets)
    run = Run(run_id, Window(BEGINNING, END), **asked)
    run_all(Subject.of(right.contract), right.contract, everywhere, run)
    return right


def rows(right: Checked, settings: Settings, store: str = "main") -> list[dict[str, Any]]:
    """What readers see, in the order of the key."""
    everywhere = with_targets(settings, right.contract, store)
    with opened(right.contract, everywhere, store, read_only=True) as collection:
        live = collection.live()
        assert live is not None
        return collection.read(live.number, Query(limit=1_000_000)).rows.to_pylist()
