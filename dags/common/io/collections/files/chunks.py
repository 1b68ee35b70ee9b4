"""Chunks as files, which get their name when they are whole and are never changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
import pyarrow as pa

from common.io.collections.encoding import CHUNK, HASH, decode, encode, stored_schema
from common.io.collections.files.durable import PART, numbered, settle, sync, translated
from common.io.collections.files.formats import Format, Writer, batches, file_fields, file_schema
from common.io.collections.protocol import AttemptError
from common.utils.contract import Contract

GROUP_ROWS = 20_000  # at least, in a row group: smaller ones make larger files that are slower to read


class Chunks:
    """The chunks of one collection; errors are those of the file system."""

    def __init__(self, folder: Path, contract: Contract, format_: Format, batch_size: int) -> None:
        self.folder, self.contract, self.format = folder, contract, format_
        self.fields = {field.name: field for field in file_fields(contract)}
        self.schema = file_schema(contract)
        self.group_rows = max(GROUP_ROWS, batch_size)

    def path(self, chunk: int) -> Path:
        """The file of a chunk that is whole."""
        return self.folder / f"{chunk}{self.format.suffix}"

    def ids(self) -> set[int]:
        """All chunks that have a file, whole or not."""
        return {number for number, _ in numbered(self.folder)}

    def missing(self, chunks: Iterable[int]) -> set[int]:
        """Those that have no whole file."""
        return {chunk for chunk in chunks if not self.path(chunk).exists()}

    def delete(self, chunk: int) -> int:
        """Deletes a chunk; how many rows it had, 0 where it is not whole."""
        path = self.path(chunk)
        self.part(chunk).unlink(missing_ok=True)
        try:
            rows = self.format.dataset([path], self.schema).count_rows()
        except FileNotFoundError:
            return 0
        except pa.ArrowInvalid:
            rows = 0  # it is damaged, which is no reason to keep it
        path.unlink(missing_ok=True)
        return rows

    def part(self, chunk: int) -> Path:
        """The file of a chunk that is being written."""
        return self.folder / f"{chunk}{self.format.suffix}{PART}"

    def read(self, chunk: int, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all rows of a chunk, in stored form."""
        stored = stored_schema(self.contract)
        schema = pa.schema([stored.field(name) for name in columns])
        dataset = self.format.dataset([self.path(chunk)], self.schema)
        for batch in batches(dataset, [name for name in columns if name != CHUNK]):
            table = self.stored(pa.Table.from_batches([batch]))
            found = dict(zip(table.column_names, table.columns, strict=True))
            found[CHUNK] = pa.chunked_array([pa.repeat(chunk, batch.num_rows)])
            yield pa.table([found[name] for name in columns], schema=schema)

    def stored(self, table: pa.Table) -> pa.Table:
        """Columns of files in stored form."""
        fields = [self.fields[name] for name in table.column_names if name != HASH]
        encoded = encode(table, fields)
        return encoded.append_column(HASH, table.column(HASH)) if HASH in table.column_names else encoded

    def shown(self, rows: pa.Table) -> pa.Table:
        """Rows in stored form as the file shows them."""
        columns = [decode(rows.column(name).combine_chunks(), self.fields[name]) for name in self.fields]
        return pa.table([*columns, rows.column(HASH)], schema=self.schema)


class ChunkWriter:
    """Writes chunks one after the other; a context manager that leaves no unfinished file behind an error."""

    def __init__(self, chunks: Chunks) -> None:
        self.chunks = chunks
        self._chunk: int | None = None
        self._file: IO[bytes]
        self._writer: Writer

    def __enter__(self) -> ChunkWriter:
        """Begins."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finishes the last chunk, or takes it away after an error."""
        with translated(str(self.chunks.folder)):
            try:
                if error is None:
                    self._finish()
                    sync(self.chunks.folder)
            finally:
                self._drop()

    def add(self, rows: pa.Table) -> None:
        """Writes rows in stored form, which are ordered by chunk."""
        ids = rows.column(CHUNK).to_numpy()
        starts = np.flatnonzero(np.diff(ids, prepend=ids[:1] - 1))  # where the id is another than before
        with translated(str(self.chunks.folder)):
            for start, end in pairwise([*starts, len(ids)]):
                if ids[start] != self._chunk:
                    self._finish()
                    self._begin(int(ids[start]))
                piece = self.chunks.shown(rows.slice(start, end - start))
                self._writer.write_table(piece, self.chunks.group_rows)

    def _begin(self, chunk: int) -> None:
        file = self.chunks.part(chunk).open("xb")
        writer = self.chunks.format.writer(file, self.chunks.schema)
        self._chunk, self._file, self._writer = chunk, file, writer

    def _finish(self) -> None:
        if self._chunk is None:
            return
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not settle(self.chunks.part(self._chunk), self.chunks.path(self._chunk)):
            raise AttemptError(
                f"Chunk {self._chunk} was taken away while it was written: its attempt is abandoned.",
                where=str(self.chunks.folder),
                next_step="Stage again.",
            )
        self._chunk = None

    def _drop(self) -> None:
        """Takes an unfinished file away."""
        if self._chunk is None:
            return
        if not self._file.closed:  # else the writer was closed before
            with suppress(OSError):  # what is still in memory is not wanted, and may find no room
                self._writer.close()
        with suppress(OSError):
            self._file.close()
        self.chunks.part(self._chunk).unlink(missing_ok=True)
