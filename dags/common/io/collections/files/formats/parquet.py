"""Parquet, which is the smallest and the fastest to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

from common.io.collections.files.formats import Scan, Writer


class Parquet:
    """Parquet, with the statistics that let a reader skip row groups."""

    suffix = ".parquet"

    def writer(self, file: IO[bytes], schema: pa.Schema) -> Writer:
        """Decimals stand as integers of their smallest unit: smaller, and compared faster."""
        return pyarrow.parquet.ParquetWriter(file, schema, compression="zstd", store_decimal_as_integer=True)

    def dataset(self, paths: Sequence[Path], schema: pa.Schema) -> pyarrow.dataset.Dataset:
        """Reads files, in the types of a schema."""
        return pyarrow.dataset.dataset([*map(str, paths)], schema=schema, format="parquet")

    def scan(
        self, cursor: duckdb.DuckDBPyConnection, paths: Sequence[Path], schema: pa.Schema, *, alike: bool
    ) -> Scan:
        """DuckDB's own reader; to look at the columns of each file costs as much again as a page."""
        files = f"read_parquet(?, union_by_name = {not alike}, hive_partitioning = false)"
        given: list[Any] = [[_literal(path) for path in paths]]
        if alike:
            return files, given
        cursor.register("columns", schema.empty_table())
        return f"(FROM {files} UNION ALL BY NAME FROM columns)", given


def _literal(path: Path) -> str:
    """A path as DuckDB takes it, which would take some characters for a pattern."""
    return "".join(f"[{one}]" if one in "*?[" else one for one in str(path))


FORMAT = Parquet()
