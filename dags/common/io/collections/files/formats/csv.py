"""CSV, which every program reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset

from common.io.collections.files.formats import Scan, Writer
from common.io.collections.protocol import StoreError

LONGEST = 4 * 2**20  # bytes of a row's texts
BLOCK = 2 * LONGEST + 2**16  # bytes that are read at once; a row fits in, even if all of it is quotes


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


FORMAT = Csv()
