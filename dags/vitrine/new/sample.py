"""The pipeline that is written where no file is named: an invented shop's orders, summed up by day."""

from __future__ import annotations

import inspect
from datetime import date, timedelta

from common.pipelines.expressions.types import INTEGER, STRING, TIMESTAMP, Type
from common.pipelines.steps import DAY
from vitrine.new import sample_orders
from vitrine.new.drafts import Column, Draft, Measure

DAYS, SEED = 14, 20260101
MONEY = Type("decimal", 18, 2)


def draft(domain: str, subject: str, path: str = "") -> Draft:
    """The pipeline.

    Args:
        domain: Of the pipeline.
        subject: The same.
        path: Where the sample stands; empty where the environment says it.
    """
    return Draft(
        domain,
        subject,
        "Units and revenue per product and day, from the order lines of a sample",
        path,
        (
            Column("order_line_id", "order_line_id", STRING, required=True),
            Column("ordered_at", "ordered_at", TIMESTAMP, required=True),
            Column("product_id", "product_id", STRING, required=True),
            Column("quantity", "quantity", INTEGER, required=True),
            Column("unit_price", "unit_price", MONEY, required=True),
        ),
        event="ordered_at",
        key=("order_line_id",),
        by=(DAY, "product_id"),
        measures=(
            Measure("units", ("quantity",), INTEGER),
            Measure("revenue", ("quantity", "unit_price"), MONEY),
            Measure("order_lines", (), INTEGER),
        ),
    )


def text(last: date) -> str:
    """The order lines of the days up to the last one, as one CSV file."""
    days = sample_orders.files(SEED, last - timedelta(days=DAYS - 1), last)
    lines = [line for _, content in days for line in content.splitlines()[1:]]
    return "\n".join([sample_orders.HEADER, *lines, ""])


def module(subject: str) -> str:
    """The sample of a subject in Python, as the folder of the samples has it."""
    return inspect.getsource(sample_orders).replace("`orders`", f"``{subject}``")
