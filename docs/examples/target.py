"""Arrow IPC, also called Feather: read by mapping the file into memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa
import pyarrow.dataset

from common.io.collections.files.formats import Scan, Writer


class Arrow:
    """See :class:`common.io.collections.files.formats.Format`."""

    suffix = ".arrow"

    def writer(self, file: IO[bytes], schema: pa.Schema) -> Writer:
        """Writes a file, compressed."""
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        return pa.ipc.new_file(file, schema, options=options)  # type: ignore[arg-type]  # any file will do

    def dataset(self, paths: Sequence[Path], schema: pa.Schema) -> pyarrow.dataset.Dataset:
        """Reads files, in the types of a schema; a column that one does not have is null."""
        return pyarrow.dataset.dataset([*map(str, paths)], schema=schema, format="arrow")

    def scan(
        self, cursor: duckdb.DuckDBPyConnection, paths: Sequence[Path], schema: pa.Schema, *, alike: bool
    ) -> Scan:
        """Reads files in DuckDB, by way of Arrow; whether they are alike makes no difference."""
        cursor.register("files", self.dataset(paths, schema))
        return "files", []


FORMAT = Arrow()
