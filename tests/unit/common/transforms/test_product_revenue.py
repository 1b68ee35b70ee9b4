"""Daily revenue per product, on a few lines."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.transforms import operations, product_revenue
from common.transforms.operations import Frame
from common.transforms.product_revenue import COLUMNS, FIELDS

Make = Callable[..., Any]
GOOD = ("2026-01-01 10:00:00", "P1", "Mug", "2", "9.50")


def received(frame: Make, *lines: tuple[str | None, ...]) -> Any:
    rows = [
        {**dict(zip(COLUMNS, line, strict=True)), "_item": "a", "_digest": "h", "_position": number}
        for number, line in enumerate(lines)
    ]
    schema = pa.schema([*(pa.field(name, pa.string()) for name in COLUMNS), *operations_origin()])
    return operations.received(frame(rows, schema), dict(zip(COLUMNS, COLUMNS, strict=True)), (), "")


def operations_origin() -> list[pa.Field]:
    return [
        pa.field("_item", pa.string()),
        pa.field("_digest", pa.string()),
        pa.field("_position", pa.int64()),
    ]


def silver(frame: Make, *lines: tuple[Any, ...]) -> Any:
    rows = [dict(zip(FIELDS.names, line, strict=True)) for line in lines]
    return frame(rows, FIELDS)


def line(product: str, name: str | None, quantity: int, price: str, day: int = 1) -> tuple[Any, ...]:
    return (date(2026, 1, day), product, name, quantity, Decimal(price).quantize(Decimal("0.0001")))


def test_good_lines_are_typed(frame: Make) -> None:
    cleaned = product_revenue.clean(received(frame, GOOD, ("2026-01-01", " P2 ", " ", "-3.0", "0.1234")))
    names = (*FIELDS.names, "_rule")
    found = cleaned.sort("product_id").select(*names).to_native().fetchall()
    assert found == [
        (date(2026, 1, 1), "P1", "Mug", 2, Decimal("9.5000"), None),
        (date(2026, 1, 1), "P2", None, -3, Decimal("0.1234"), None),
    ]
    ((moment,),) = cleaned.filter(nw.col("product_id") == "P1").select("_event_at").to_native().fetchall()
    assert moment.astimezone(UTC) == datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "text", "rule", "reason"),
    [
        ("date", None, "date_missing", "date is missing"),
        (
            "date",
            "2026-02-30",
            "date_impossible",
            'date "2026-02-30" is no date; write it as 2026-01-31 or 2026-01-31T08:26:00Z',
        ),
        ("product_id", " ", "product_id_missing", "product_id is missing"),
        ("quantity", None, "quantity_missing", "quantity is missing"),
        ("quantity", "some", "quantity_not_whole", 'quantity "some" is not a whole number of 64 bits'),
        ("quantity", "1.5", "quantity_not_whole", 'quantity "1.5" is not a whole number of 64 bits'),
        ("unit_price", "", "unit_price_missing", "unit_price is missing"),
        ("unit_price", "n/a", "unit_price_not_a_number", 'unit_price "n/a" is not a number'),
        (
            "unit_price",
            "0.00001",
            "unit_price_not_exact",
            'unit_price "0.00001" does not fit 14 digits before and 4 after the point',
        ),
    ],
)
def test_what_a_line_is_rejected_for(
    frame: Make, field: str, text: str | None, rule: str, reason: str
) -> None:
    bad = tuple(text if name == field else value for name, value in zip(COLUMNS, GOOD, strict=True))
    cleaned = product_revenue.clean(received(frame, bad))
    assert cleaned.select(*operations.VERDICT).to_native().fetchall() == [(rule, field, reason)]


def aggregated(lines: Frame) -> Frame:
    return product_revenue.aggregate({"order_lines": lines}, datetime(2026, 2, 1, tzinfo=UTC))


def test_gold_is_net_of_returns_and_gross_is_not(frame: Make) -> None:
    lines = [line("P1", "Mug", 3, "9.50"), line("P1", "Mug", -1, "9.50"), line("P1", None, 1, "0.0001")]
    found = aggregated(silver(frame, *lines)).to_native().fetchall()
    assert found == [(date(2026, 1, 1), "P1", "Mug", 3, 1, Decimal("19.0001"), Decimal("28.5001"), 3)]


def test_gold_has_a_row_a_day_and_product_in_its_types(frame: Make) -> None:
    lines = [line("P1", "a", 1, "1"), line("P2", "b", 1, "1"), line("P1", "a", 1, "1", day=2)]
    found = aggregated(silver(frame, *lines)).to_native().to_arrow_table()
    assert found.num_rows == 3
    assert found.schema.names == product_revenue.GOLD.names
    assert found.schema.types == product_revenue.GOLD.types


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b", "b", "a"], "b"),
        (["b", "a"], "a"),
        ([None, None, "a"], "a"),
        ([None], None),
    ],
)
def test_the_name_is_the_most_frequent_then_the_first(
    frame: Make, names: list[str | None], expected: str | None
) -> None:
    lines = [line("P1", name, 1, "1") for name in names]
    ((_, _, name, *_),) = aggregated(silver(frame, *lines)).to_native().fetchall()
    assert name == expected


def test_totals_of_silver_and_gold_are_the_same(frame: Make) -> None:
    lines = silver(
        frame, line("P1", "a", 3, "9.99"), line("P1", "b", -2, "9.99"), line("P2", "c", 1, "0.0001")
    )
    before = product_revenue.silver_totals({"order_lines": lines})
    after = product_revenue.gold_totals(aggregated(lines))
    assert before.columns == after.columns
    assert before.to_native().fetchall() == after.to_native().fetchall() == [(3, 2, Decimal("9.9901"))]


def test_a_sum_that_does_not_fit_is_an_error(frame: Make) -> None:
    lines = silver(frame, line("P1", "a", 2**62, "99999999999999"))
    with pytest.raises((duckdb.ConversionException, duckdb.OutOfRangeException)):
        aggregated(lines).to_native().fetchall()
