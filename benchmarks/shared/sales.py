"""Generated rows of the collection sales/product_revenue, made column by column."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from common.utils.odcs import load_contract
from common.utils.settings import REPOSITORY

CONTRACT = load_contract(REPOSITORY / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml")
FIRST = date(2026, 1, 1)


def rows(days: range, products: int, changed: int = 0, every: int = 1) -> Iterator[pa.RecordBatch]:
    """One batch a day.

    Args:
        days: From 2026-01-01.
        products: Rows of a day.
        changed: Added to the amounts of the rows that change; 0 is the first content.
        every: Which rows change: one of so many.
    """
    numbers = np.arange(products)
    added = np.where(numbers % every == 0, changed, 0)
    ids = pa.array([f"P{number:06}" for number in numbers])
    names = pa.array([f"Product {number}" for number in numbers])
    for day in days:
        units = pa.array((day * 7 + numbers % 97 + added) * 100, pa.int64())
        amounts = units.cast(pa.decimal128(19, 0)).view(pa.decimal128(18, 4))
        columns = {
            "date": pa.array([FIRST + timedelta(days=day)] * products, pa.date32()),
            "product_id": ids,
            "product_name": names,
            "quantity": pa.array(numbers % 13 + added),
            "returned_quantity": pa.array(np.zeros(products, np.int64)),
            "revenue": amounts,
            "gross_revenue": amounts,
            "order_lines": pa.array(numbers % 5 + 1),
        }
        arrays = [columns[field.name].cast(field.type) for field in CONTRACT.schema]
        yield pa.RecordBatch.from_arrays(arrays, schema=CONTRACT.schema)
