"""Daily revenue per product from order lines: pure functions over lazy frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine
from common.transforms.operations import Check, Frame, Records, judged
from common.utils.arrow import schema_of

PRECISION, SCALE = 18, 4  # of money
MONEY = pa.decimal128(PRECISION, SCALE)

COLUMNS = ("date", "product_id", "product_name", "quantity", "unit_price")

FIELDS = schema_of(
    date=pa.date32(),
    product_id=pa.string(),
    product_name=pa.string(),
    quantity=pa.int64(),
    unit_price=MONEY,
)

GOLD = schema_of(
    date=pa.date32(),
    product_id=pa.string(),
    product_name=pa.string(),
    quantity=pa.int64(),
    returned_quantity=pa.int64(),
    revenue=MONEY,
    gross_revenue=MONEY,
    order_lines=pa.int64(),
)

CHECKS = (
    Check("date_missing", "date", nw.col("date").is_null(), "is missing"),
    Check(
        "date_impossible",
        "date",
        nw.col("_event_at").is_null(),
        "is no date; write it as 2026-01-31 or 2026-01-31T08:26:00Z",
    ),
    Check("product_id_missing", "product_id", nw.col("product_id").is_null(), "is missing"),
    Check("quantity_missing", "quantity", nw.col("quantity").is_null(), "is missing"),
    Check(
        "quantity_not_whole", "quantity", nw.col("_quantity").is_null(), "is not a whole number of 64 bits"
    ),
    Check("unit_price_missing", "unit_price", nw.col("unit_price").is_null(), "is missing"),
    Check("unit_price_not_a_number", "unit_price", ~nw.col("_is_number"), "is not a number"),
    Check(
        "unit_price_not_exact",
        "unit_price",
        nw.col("_unit_price").is_null(),
        f"does not fit {PRECISION - SCALE} digits before and {SCALE} after the point",
    ),
)


def clean(received: Frame) -> Frame:
    """Types the order lines.

    Args:
        received: ``COLUMNS`` as text, null where blank.

    Returns:
        ``FIELDS`` typed (null where they cannot be), ``_event_at``, the verdict, and the columns that came
        with them. A negative quantity is a return. No number is rounded.
    """
    typed = engine.with_sql(
        received,
        _event_at=engine.timestamp("date"),
        _quantity=engine.whole_number("quantity"),
        _is_number=engine.matches("unit_price", engine.NUMBER),
        _unit_price=engine.exact_number("unit_price", PRECISION, SCALE),
    )
    return (
        judged(typed, CHECKS)
        .with_columns(
            date=nw.col("_event_at").cast(nw.Date()),
            quantity=nw.col("_quantity"),
            unit_price=nw.col("_unit_price"),
        )
        .drop("_quantity", "_is_number", "_unit_price")
    )


SOURCES = {"order_lines": Records(COLUMNS, FIELDS, clean)}
WHOLE = False


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row a day and product.

    Args:
        silver: ``FIELDS`` of the order lines, whole days.
        as_of: Not used.

    Returns:
        ``GOLD``. ``quantity`` and ``revenue`` are net of returns; ``gross_revenue`` is of what was sold;
        ``product_name`` is the day's most frequent, in a tie the alphabet's first, null where there is none.
        A sum that does not fit its type is an error of the engine.
    """
    order_lines = silver["order_lines"]
    sold, returned = nw.col("quantity") > 0, nw.col("quantity") < 0
    lines = order_lines.with_columns(
        revenue=nw.col("quantity") * nw.col("unit_price"),
        returned_quantity=nw.when(returned).then(-nw.col("quantity")).otherwise(nw.lit(0)),
    ).with_columns(gross_revenue=nw.when(sold).then(nw.col("revenue")).otherwise(nw.lit(0)))
    sums = lines.group_by("date", "product_id").agg(
        nw.col("quantity", "returned_quantity", "revenue", "gross_revenue").sum(), order_lines=nw.len()
    )
    return sums.join(_names(order_lines), on=["date", "product_id"], how="left").select(
        "date",
        "product_id",
        "product_name",
        *(nw.col(name).cast(nw.Int64()) for name in ("quantity", "returned_quantity")),
        *(nw.col(name).cast(nw.Decimal(PRECISION, SCALE)) for name in ("revenue", "gross_revenue")),
        nw.col("order_lines").cast(nw.Int64()),
    )


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """Order lines, quantity and revenue of silver, in one row."""
    return (
        silver["order_lines"]
        .with_columns(revenue=nw.col("quantity") * nw.col("unit_price"))
        .select(nw.len().alias("order_lines"), nw.col("quantity", "revenue").sum())
    )


def gold_totals(gold: Frame) -> Frame:
    """Order lines, quantity and revenue of gold, in one row."""
    return gold.with_columns(nw.col("revenue").cast(nw.Decimal(38, SCALE))).select(
        nw.col("order_lines", "quantity", "revenue").sum()
    )


def _names(order_lines: Frame) -> Frame:
    """The name of each day and product."""
    named = order_lines.filter(~nw.col("product_name").is_null())
    counted = named.group_by("date", "product_id", "product_name").agg(_times=nw.len())
    ordered = counted.with_columns(_rarity=-nw.col("_times").cast(nw.Int64()))
    first = ordered.unique(["date", "product_id"], keep="first", order_by=["_rarity", "product_name"])
    return first.select("date", "product_id", "product_name")
