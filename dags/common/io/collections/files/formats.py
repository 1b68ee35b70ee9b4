"""The formats of chunks: what a person or another program expects to find in such a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet

from common.io.collections.encoding import HASH, MAX_PRECISION, SYSTEM
from common.io.collections.protocol import StoreError
from common.utils.contract import Contract, Field

LONGEST = 4 * 2**20  # bytes of a row's texts in CSV
BLOCK = 2 * LONGEST + 2**16  # bytes that CSV is read in; a row fits in, even if all of it is quotes
FETCHED = 50_000  # rows in a batch

Scan = tuple[str, list[Any]]  # what stands in SQL after FROM, and its parameters


def file_fields(contract: Contract) -> tuple[Field, ...]:
    """The columns of a file but for the hash; decimals of the most digits, so that no type changes."""
    return tuple(
        replace(field, precision=MAX_PRECISION) if field.type == "decimal" else field
        for field in (*contract.fields, *SYSTEM)
    )


def file_schema(contract: Contract) -> pa.Schema:
    """The columns of a file."""
    fields = [field.arrow.with_nullable(True) for field in file_fields(contract)]
    return pa.schema([*fields, pa.field(HASH, pa.int64())])


class Writer(Protocol):
    """Writes tables to a file that is open."""

    def write_table(self, table: pa.Table, row_group_size: int) -> None:
        """Appends rows."""

    def close(self) -> None:
        """Writes the end; the file stays open."""


class Format(Protocol):
    """One format of files. Files of an older contract have fewer columns: they read as null."""

    suffix: str

    def writer(self, file: IO[bytes], schema: pa.Schema) -> Writer:
        """Writes a file."""

    def dataset(self, paths: Sequence[Path], schema: pa.Schema) -> pyarrow.dataset.Dataset:
        """Reads files, in the types of a schema."""

    def scan(
        self, cursor: duckdb.DuckDBPyConnection, paths: Sequence[Path], schema: pa.Schema, *, alike: bool
    ) -> Scan:
        """Reads files in DuckDB. Told that they are alike, it may fail where columns are missing in some."""


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


class Csv:
    """CSV with a header: an empty text is ``""`` and null is nothing; decimals exact, times in ISO 8601."""

    suffix = ".csv"

    def __init__(self) -> None:
        self._format = pyarrow.dataset.CsvFileFormat(
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK),
            convert_options=pyarrow.csv.ConvertOptions(
                null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )

    def writer(self, file: IO[bytes], schema: pa.Schema) -> Writer:
        """Texts and times are quoted, all else is not."""
        return _CsvWriter(file, schema)

    def dataset(self, paths: Sequence[Path], schema: pa.Schema) -> pyarrow.dataset.Dataset:
        """Reads files, in the types of a schema."""
        return pyarrow.dataset.dataset([*map(str, paths)], schema=schema, format=self._format)

    def scan(
        self, cursor: duckdb.DuckDBPyConnection, paths: Sequence[Path], schema: pa.Schema, *, alike: bool
    ) -> Scan:
        """By way of Arrow, which needs no guess at where a quoted text with line breaks begins."""
        cursor.register("files", self.dataset(paths, schema))
        return "files", []


class _CsvWriter:
    def __init__(self, file: IO[bytes], schema: pa.Schema) -> None:
        self._texts = [field.name for field in schema if pa.types.is_string(field.type)]
        self._times = [field.name for field in schema if pa.types.is_timestamp(field.type)]
        spelled = [field.with_type(pa.string()) if field.name in self._times else field for field in schema]
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        self._writer = pyarrow.csv.CSVWriter(file, pa.schema(spelled), write_options=options)

    def write_table(self, table: pa.Table, row_group_size: int) -> None:
        """Appends rows; refuses those that are too long to be read again."""
        lengths: Any = 0
        for name in self._texts:
            lengths = pc.add(lengths, pc.fill_null(pc.binary_length(table.column(name)), 0))
        longest = pc.max(lengths).as_py() if self._texts else 0
        if longest > LONGEST:
            raise StoreError(
                f"A row has {longest} bytes of text; in CSV it may have {LONGEST}.",
                next_step="Keep this collection in another store, such as parquet:///folder.",
            )
        for name in self._times:
            column = table.schema.get_field_index(name)
            table = table.set_column(column, name, _spelled(table.column(name)))
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


def _spelled(times: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Times of UTC as in ISO 8601; without a zone Arrow spells them thirty times as fast."""
    local = pc.replace_substring(times.cast(pa.timestamp("us")).cast(pa.string()), " ", "T")
    return pc.ascii_rpad(local, len("2026-01-31T23:59:59.123456Z"), padding="Z")


FORMATS: dict[str, Format] = {"parquet": Parquet(), "csv": Csv()}


def batches(dataset: pyarrow.dataset.Dataset, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of all rows of files."""
    return dataset.to_batches(columns=list(columns), batch_size=FETCHED)


def _literal(path: Path) -> str:
    """A path as DuckDB takes it, which would take some characters for a pattern."""
    return "".join(f"[{one}]" if one in "*?[" else one for one in str(path))
