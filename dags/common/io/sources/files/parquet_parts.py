"""Turns a Parquet file into parts, a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from common.io.sources import Item, Part, rejected, with_origin

ROWS = 32_768
"""Rows of a part, at most."""
BUFFER = 2**20  # bytes of a column that are read at a time


class BrokenError(Exception):
    """A file that is no Parquet file, or a damaged one; the text says why."""


def schema_of(file: IO[bytes]) -> tuple[pa.Schema, int]:
    """The columns of a file and its rows.

    Raises:
        BrokenError: It is no Parquet file.
    """
    with _opened(file) as parquet:
        return _plain(parquet.schema_arrow), parquet.metadata.num_rows


def parts(file: IO[bytes], item: Item) -> Iterator[Part]:
    """The records of a file.

    Raises:
        BrokenError: It is no Parquet file, or a damaged one.
    """
    with _opened(file) as parquet:
        schema, rows, read = _plain(parquet.schema_arrow), parquet.metadata.num_rows, 0
        batches = parquet.iter_batches(batch_size=ROWS, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except (OSError, pa.ArrowException) as error:
                raise BrokenError(_first_line(error)) from None
            if batch is None:
                return
            count = batch.num_rows
            columns = [column.cast(kind) for column, kind in zip(batch.columns, schema.types, strict=True)]
            records = pa.record_batch(columns, schema=schema)
            positions = range(read + 1, read + count + 1)
            yield Part(with_origin(records, item, positions), rejected(item, []), item.size * count // rows)
            read += count


def _opened(file: IO[bytes]) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise BrokenError(_first_line(error)) from None


def _plain(schema: pa.Schema) -> pa.Schema:
    """The columns without dictionaries and metadata, which may differ from batch to batch."""
    kinds = [one.value_type if isinstance(one, pa.DictionaryType) else one for one in schema.types]
    return pa.schema(list(zip(schema.names, kinds, strict=True)))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
