"""Parquet files are read in small batches, with their types."""

import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common.io.sources import Item
from common.io.sources.files import parquet_parts
from common.io.sources.files.parquet_parts import BrokenError


def written(table: pa.Table, rows: int = 4) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=rows)
    file.seek(0)
    return file


TABLE = pa.table(
    {
        "id": pa.array(range(10)),
        "amount": pa.array([Decimal("1.50")] * 10),
        "word": pa.array(["a", "b"] * 5).dictionary_encode(),
        "inner": pa.array([{"x": [1]}, None] * 5),
    }
)


def test_batches_are_small_and_have_the_schema_that_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_parts, "ROWS", 3)
    schema, rows = parquet_parts.schema_of(written(TABLE))
    found = list(parquet_parts.parts(written(TABLE), Item("a.parquet", "hash", 1000)))
    assert rows == 10
    assert schema.field("word").type == pa.string()
    assert max(part.records.num_rows for part in found) <= 3
    assert all(pa.schema(list(part.records.schema)[:4]) == schema for part in found)
    whole = pa.Table.from_batches([part.records for part in found])
    assert whole.select(TABLE.schema.names).to_pylist() == TABLE.to_pylist()
    assert whole["_position"].to_pylist() == list(range(1, 11))
    assert 900 < sum(part.size for part in found) <= 1000


@pytest.mark.parametrize("data", [b"", b"PAR1", b"id,name\n1,2\n" * 9])
def test_what_is_no_parquet_file(data: bytes) -> None:
    with pytest.raises(BrokenError):
        parquet_parts.schema_of(io.BytesIO(data))


def test_a_damaged_file_is_an_error() -> None:
    data = bytearray(written(TABLE).getvalue())
    data[4:200] = b"\xff" * 196
    with pytest.raises(BrokenError):
        list(parquet_parts.parts(io.BytesIO(bytes(data)), Item("a.parquet", "hash", 1000)))
