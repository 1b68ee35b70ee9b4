"""Rows become documents under an unmistakable id, and come back."""

from __future__ import annotations

import pyarrow as pa

from common.io.collections.encoding import stored_schema
from common.io.collections.mongo.documents import documents, tables, values
from contract.kit import SALES

SCHEMA = stored_schema(SALES)


def rows(*keys: tuple[int, str, int]) -> pa.Table:
    """Rows of some (date, product, chunk)."""
    return pa.Table.from_pylist(
        [
            {"date": date, "product_id": product, "_chunk": chunk, "_hash": 2**62, "quantity": None}
            for date, product, chunk in keys
        ],
        schema=SCHEMA,
    )


def test_no_two_keys_and_chunks_have_one_id() -> None:
    keys = [(1, "A", 1), (1, "A", 11), (11, "A", 1), (1, "A1", 1), (1, "1:A", 1), (1, "", 1), (1, "A1:1", 1)]
    found = [one["_id"] for one in documents(rows(*keys), SALES)]
    assert len(set(found)) == len(keys)
    assert found[:2] == ["1:11:A1:1", "1:11:A2:11"]


def test_documents_come_back_as_the_rows_they_were() -> None:
    wanted = rows((1, "A", 1), (2, "é", 2))
    made = documents(wanted, SALES)
    assert made[1]["product_id"] == "é"
    assert made[0]["_hash"] == 2**62
    found = list(tables(made, SCHEMA, 1))
    assert [table.num_rows for table in found] == [1, 1]
    assert pa.concat_tables(found).equals(wanted)


def test_a_field_that_a_document_has_not_is_null() -> None:
    (table,) = tables([{"quantity": 1}], pa.schema([SCHEMA.field("quantity"), SCHEMA.field("revenue")]), 10)
    assert table.to_pylist() == [{"quantity": 1, "revenue": None}]
    assert values([{"quantity": 1}], ("revenue", "quantity")) == [(None, 1)]
