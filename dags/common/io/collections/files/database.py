"""A folder that holds collections as files, each with its versions."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from common.io.collections.backend import Backend
from common.io.collections.files.backend import FileBackend
from common.io.collections.files.formats import format_of, schemes
from common.io.collections.protocol import StoreError
from common.utils.contract import Contract

MEMORY = "512MB"  # that the pages of one process may take; they keep no more rows than they return


class FileDatabase:
    """Collections in a folder of a POSIX file system; see :class:`common.io.collections.backend.Database`."""

    def __init__(self, url: str, *, batch_size: int, read_only: bool) -> None:
        """Names the folder; nothing is read or made.

        Args:
            url: ``parquet:///folder`` or another of the formats, with percent signs as in any URL.
            batch_size: Rows of a row group of Parquet, but never fewer than serves its readers.
            read_only: Nothing may be written.

        Raises:
            StoreError: The URL names no folder of this machine.
        """
        parts = urlsplit(url)
        folder = unquote(parts.path).strip("/")
        if parts.scheme not in schemes() or not folder or parts.netloc or parts.query or parts.fragment:
            raise StoreError(
                "Files of collections stand in a folder of a local or mounted file system.",
                where="the URL of the collections",
                next_step="Write it as parquet:///folder or csv:///folder. Object stores such as S3 have no "
                "hard links, on which versions rest.",
            )
        self.folder = Path("/", folder)
        self.format = format_of(parts.scheme)
        self.batch_size, self.read_only = batch_size, read_only
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._opening = threading.Lock()

    def backend(self, contract: Contract) -> Backend:
        """The collection that a contract describes."""
        return FileBackend(self, contract)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the engine that all pages share; it writes no files."""
        with self._opening:
            if self._engine is None:
                self._engine = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": ""})
            return self._engine.cursor()

    def close(self) -> None:
        """Closes the engine."""
        with self._opening:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
