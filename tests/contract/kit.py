"""What the tests of stores share: contracts, rows and the short ways to publish and to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from common.io.collections.protocol import Collection, Page, Publication, Published, Query, Staged
from common.utils.contract import Contract, Field
from servers import server

# One entry a store: how the URL of an empty one is made.
STORES: dict[str, Callable[[Path], str]] = {
    "sqlite": lambda folder: f"sqlite:///{folder / 'collections.db'}",
    "postgresql": lambda _: server("postgresql").empty_database(),
    "mysql": lambda _: server("mysql").empty_database(),
    "mongodb": lambda _: server("mongodb").empty_database(),
    "parquet": lambda folder: f"parquet://{folder / 'collections'}",
    "csv": lambda folder: f"csv://{folder / 'collections'}",
}

SALES = Contract(
    domain="sales",
    subject="product_revenue",
    version="1.0.0",
    description="Daily revenue per product.",
    owner="sales",
    fields=(
        Field("date", "date", required=True),
        Field("product_id", "string", required=True),
        Field("product_name", "string"),
        Field("quantity", "integer", required=True),
        Field("revenue", "decimal", required=True, precision=18, scale=4),
    ),
    key=("date", "product_id"),
    partition_field="date",
    partition_by="day",
    indexes=(("product_id", "date"), ("revenue",)),
    rules=(),
    freshness=timedelta(days=1),
    max_row_drop=0.5,
    max_rejected=0.1,
)

EVERY_TYPE = Contract(
    domain="test",
    subject="every_type",
    version="2.1.0",
    description="One field of each type.",
    owner="test",
    fields=(
        Field("id", "integer", required=True),
        Field("at", "timestamp", required=True),
        Field("text", "string"),
        Field("money", "decimal", precision=18, scale=4),
        Field("share", "number"),
        Field("open", "boolean"),
        Field("day", "date"),
        Field("detail", "object"),
        Field("tags", "array"),
    ),
    key=("id", "at"),
    partition_field="at",
    partition_by="month",
    indexes=(("text",),),
    rules=(),
    freshness=timedelta(days=1),
    max_row_drop=0.5,
    max_rejected=0.1,
)

ACCOUNTS = Contract(
    domain="test",
    subject="accounts",
    version="1.0.0",
    description="One row per account, of no day.",
    owner="test",
    fields=(Field("account", "string", required=True), Field("balance", "integer", required=True)),
    key=("account",),
    partition_field="",
    partition_by="hash",
    indexes=(("balance",),),
    rules=(),
    freshness=timedelta(days=1),
    max_row_drop=0.5,
    max_rejected=0.1,
    buckets=4,
)


def day(number: int) -> date:
    """The days of January 2026, from 1."""
    return date(2026, 1, number)


def sale(number: int, product: str, quantity: int = 1, name: str | None = None) -> dict[str, Any]:
    """One row of ``SALES``; its revenue is a quarter of its quantity."""
    revenue = Decimal(quantity) / 4
    values = (day(number), product, name, quantity, revenue)
    return dict(zip(SALES.schema.names, values, strict=True))


def batch(rows: list[dict[str, Any]], contract: Contract = SALES) -> pa.RecordBatch:
    """Rows as the pipeline hands them over."""
    return pa.RecordBatch.from_pylist(rows, schema=contract.schema)


def publication(run: str, watermark: datetime | None = None, **other: Any) -> Publication:
    """A publication from the source ``shop``."""
    given = {"source": "shop", "ledger": {"run": run}, "contract_version": "1.0.0", **other}
    return Publication(run_id=run, watermark=watermark, **given)


def stage(
    collection: Collection, run: str, days: list[int], rows: list[dict[str, Any]], **other: Any
) -> Staged:
    """Stages rows of ``SALES`` for some days of January 2026."""
    return collection.stage([batch(rows)], [day(number).isoformat() for number in days], run_id=run, **other)


def put(
    collection: Collection, run: str, days: list[int], rows: list[dict[str, Any]], **other: Any
) -> Published:
    """Stages and publishes."""
    mode = other.pop("mode", "replace")
    staged = stage(collection, run, days, rows, mode=mode)
    return collection.publish(staged.attempt, publication(run, **other))


def pages(collection: Collection, version: int, query: Query) -> Iterator[Page]:
    """All pages of a query."""
    while True:
        page = collection.read(version, query)
        yield page
        if page.position is None:
            return
        query = Query(query.filters, query.sort, query.descending, query.fields, query.limit, page.position)


def content(collection: Collection, version: int | None = None, *fields: str) -> list[dict[str, Any]]:
    """All rows of a version, of the live one unless told otherwise, in the order of the key."""
    if version is None:
        live = collection.live()
        assert live is not None
        version = live.number
    return collection.read(version, Query(fields=fields, limit=10**6)).rows.to_pylist()


def moment(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
