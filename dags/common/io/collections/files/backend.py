"""One collection in a folder of files.

``record/<revision>.json``, ``manifests/<id>.json``, ``changes/<attempt>.json`` and ``chunks/<id>.parquet``
(or ``.csv``) are each made once, whole, and never changed. ``live`` is for direct readers: see :mod:`.live`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pydantic import TypeAdapter

from common.io.collections.encoding import collection_name, demand_storable, python_columns
from common.io.collections.files.chunks import Chunks, ChunkWriter
from common.io.collections.files.durable import RESTORE, create, make_folder, numbered, sync, translated
from common.io.collections.files.formats import FETCHED
from common.io.collections.files.live import Live
from common.io.collections.files.pages import page_statement, portions
from common.io.collections.files.records import Records
from common.io.collections.manifest import Change, Manifest
from common.io.collections.protocol import Chunk, StoreError
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record
from common.utils.contract import Contract

if TYPE_CHECKING:
    from common.io.collections.files.database import FileDatabase

CACHED = 8  # manifests; each is some 100 kB at most
_MANIFEST = TypeAdapter(dict[str, Chunk])
_CHANGES = TypeAdapter(dict[str, Change])


class FileBackend:
    """See :class:`common.io.collections.backend.Backend`."""

    def __init__(self, database: FileDatabase, contract: Contract) -> None:
        demand_storable(contract)
        self.database, self.contract = database, contract
        self.name = collection_name(contract)
        self.folder = database.folder / self.name / database.format.suffix.removeprefix(".")
        self._chunks = Chunks(self.folder / "chunks", contract, database.format, database.batch_size)
        self._live = Live(self.folder, self._chunks.path)
        self.manifest = lru_cache(CACHED)(self._manifest)
        self._records = Records(self.folder / "record", self.name)

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def ensure(self) -> None:
        """Makes the folders; files of a new contract have its columns from now on."""
        self._demand_writable()
        with translated(self.place):
            for name in ("record", "manifests", "changes", "chunks", "versions"):
                make_folder(self.folder / name)
            sync(self.folder)
            self._live.follow(self._records.read)

    def record(self) -> Record:
        """The record as it is now."""
        with translated(self.place):
            return self._records.read()

    def swap(self, seen: Record, after: Record) -> bool:
        """Compare-and-set; the live version's folder is made before, and pointed at when it has succeeded."""
        self._demand_writable()
        with translated(self.place):
            if not self._prepared(seen, after):
                return False
            if not self._records.write(replace(after, revision=seen.revision + 1)):
                return False
            self._live.follow(self._records.read)
        return True

    def _prepared(self, seen: Record, after: Record) -> bool:
        """Makes the folder of the version that is to be live; False where the record has moved on."""
        if after.live is None or (seen.live and seen.live.number == after.live.number):
            return True
        manifest = self.manifest(after.live.stored)
        try:
            self._live.prepare(after.live, manifest)
        except FileNotFoundError:
            if self._records.revision() != seen.revision:
                return False  # and what it names was taken away since
            raise
        return True

    def _manifest(self, stored: str) -> Manifest:
        with translated(self.place):
            try:
                return _MANIFEST.validate_json(self._file("manifests", stored).read_bytes())
            except FileNotFoundError:
                return {}

    def write_manifest(self, stored: str, manifest: Manifest) -> None:
        """Keeps a manifest, unless it is kept already."""
        self._demand_writable()
        with translated(self.place):
            create(self._file("manifests", stored), _MANIFEST.dump_json({**manifest}))

    def changes(self, attempt: int) -> Mapping[str, Change]:
        """What a staged attempt makes of each partition that its run answers for."""
        with translated(self.place):
            try:
                return _CHANGES.validate_json(self._file("changes", attempt).read_bytes())
            except FileNotFoundError:
                return {}

    def write_changes(self, attempt: int, changes: Mapping[str, Change]) -> None:
        """Keeps the changes of an attempt."""
        self._demand_writable()
        with translated(self.place):
            create(self._file("changes", attempt), _CHANGES.dump_json({**changes}))

    def write(self, rows: Iterable[pa.Table]) -> None:
        """Writes each chunk as one file."""
        self._demand_writable()
        with ChunkWriter(self._chunks) as writer:
            for table in rows:
                writer.add(table)

    def rows(self, chunks: Sequence[int], columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all rows of chunks; small chunks together in one table."""
        waiting: list[pa.Table] = []
        for chunk in chunks:
            for table in self._rows(chunk, columns):
                waiting.append(table)
                if sum(one.num_rows for one in waiting) >= FETCHED:
                    yield pa.concat_tables(waiting)
                    waiting = []
        if waiting:
            yield pa.concat_tables(waiting)

    def _rows(self, chunk: int, columns: Sequence[str]) -> Iterator[pa.Table]:
        with translated(self.place):
            try:
                yield from self._chunks.read(chunk, columns)
            except FileNotFoundError:
                self._demand_unnamed({chunk})

    def chunks(self) -> Iterable[int]:
        """The ids of all chunks that have a file, even one that is not finished."""
        with translated(self.place):
            return self._chunks.ids()

    def delete_chunks(self, chunks: Sequence[int]) -> int:
        """Deletes the files of chunks."""
        self._demand_writable()
        with translated(self.place):
            return sum(map(self._chunks.delete, chunks))

    def entries(self) -> tuple[set[str], set[int]]:
        """The ids of all manifests, and the numbers of all attempts that have changes, finished or not."""
        with translated(self.place):
            manifests = {name.partition(".json")[0] for _, name in numbered(self.folder / "manifests")}
            return manifests, {attempt for attempt, _ in numbered(self.folder / "changes")}

    def delete_entries(self, manifests: Collection[str], attempts: Collection[int]) -> None:
        """Deletes manifests and changes, and the folders of versions that are not retained."""
        self._demand_writable()
        with translated(self.place):
            for name, entries in (("manifests", manifests), ("changes", attempts)):
                for entry in entries:
                    for file in (self.folder / name).glob(f"{entry}.json*"):
                        file.unlink(missing_ok=True)
            self._live.follow(self._records.read)
            self._live.tidy(self._records.read())

    def page(self, stored: str, query: PageQuery) -> Sequence[Sequence[Any]]:
        """Rows in the chunks of a manifest that a query finds."""
        manifest = self.manifest(stored)
        found: list[Sequence[Any]] = []
        for chunks in portions(self.contract, manifest, query):
            found += self._found(chunks, query)
            if len(found) >= query.limit:
                break
        return found[: query.limit]

    def _found(self, chunks: Sequence[Chunk], query: PageQuery) -> Sequence[Sequence[Any]]:
        problem: Exception | None = None
        for alike in (True, False):  # files of an older contract have fewer columns; seldom there are any
            try:
                return self._selected([self._chunks.path(chunk.id) for chunk in chunks], query, alike)
            except (duckdb.Error, OSError) as error:
                problem = error
        missing = self._chunks.missing(chunk.id for chunk in chunks)
        if not missing:
            raise StoreError(
                f"Files of the collection cannot be read: {problem}",
                where=self.place,
                next_step=RESTORE,
            ) from problem
        self._demand_unnamed(missing)
        return []

    def _selected(self, paths: Sequence[Path], query: PageQuery, alike: bool) -> Sequence[Sequence[Any]]:
        if not paths:
            return []
        files = self._chunks
        with closing(self.database.cursor()) as cursor:
            scan = files.format.scan(cursor, paths, files.schema, alike=alike)
            statement, given = page_statement(scan, files.fields, query)
            table = cursor.sql(statement, params=given).to_arrow_table()
        return list(zip(*python_columns(files.stored(table)), strict=True))

    def _demand_unnamed(self, missing: Collection[int]) -> None:
        """What is missing was taken away by a vacuum, if no retained version names it."""
        for version in self.record().versions:
            for partition, chunk in self.manifest(version.stored).items():
                if chunk.id in missing:
                    raise StoreError(
                        f"The file of chunk {chunk.id} is missing, which version {version.number} needs for "
                        f"{partition}: it was not Vitrine that took it away.",
                        where=self.place,
                        next_step=RESTORE,
                    )

    def _file(self, kind: str, name: str | int) -> Path:
        return self.folder / kind / f"{name}.json"

    def _demand_writable(self) -> None:
        if self.database.read_only:
            raise StoreError(
                "The store was opened to be read only.",
                where=self.place,
                next_step="Open it for writing.",
            )
