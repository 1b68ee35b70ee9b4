"""Parquet: the types of the contract, and files that are alike."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from common.io.collections.files.formats import file_schema
from contract.kit import EVERY_TYPE
from unit.common.io.collections.files.formats.kit import ROW, scanned, written


def test_parquet_has_the_types_of_the_contract(tmp_path: Path) -> None:
    path = written(tmp_path / "1.parquet", [ROW], file_schema(EVERY_TYPE))
    schema = parquet.read_schema(path)
    found = {name: str(schema.field(name).type) for name in ("at", "money", "open", "day", "created_at")}
    assert found == {
        "at": "timestamp[us, tz=UTC]",
        "money": "decimal128(18, 4)",
        "open": "bool",
        "day": "date32[day]",
        "created_at": "timestamp[us, tz=UTC]",
    }


@pytest.mark.parametrize("order", [1, -1])
def test_parquet_files_that_are_not_alike_are_never_taken_for_alike(tmp_path: Path, order: int) -> None:
    young, old = pa.schema([("a", pa.int64()), ("new", pa.string())]), pa.schema([("a", pa.int64())])
    paths = [
        written(tmp_path / "1.parquet", [{"a": 1}], old),
        written(tmp_path / "2.parquet", [{"a": 2, "new": "n"}], young),
    ]
    with pytest.raises(duckdb.Error):
        scanned(paths[::order], young)
