"""One collection in MongoDB.

``vitrine_collections`` has one document a collection: its record, which one update compares and sets.
``vitrine_manifests`` and ``vitrine_changes`` have one document each, ``<collection>__rows`` one a row.
Nothing needs a transaction over several documents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pymongo.errors import DuplicateKeyError, OperationFailure

from common.io.collections.encoding import CHUNK, collection_name, demand_storable, stored_schema
from common.io.collections.manifest import Change, Manifest
from common.io.collections.mongo.database import Document, MongoDatabase
from common.io.collections.mongo.documents import documents, tables, values
from common.io.collections.mongo.indexes import build
from common.io.collections.mongo.pages import condition, serving
from common.io.collections.protocol import Chunk
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record, from_json, to_json
from common.utils.contract import Contract

COLLECTIONS, MANIFESTS, CHANGES = "vitrine_collections", "vitrine_manifests", "vitrine_changes"
FETCHED = 50_000  # rows that are in Python's hands at once
CACHED = 8  # manifests; each is some 100 kB at most
DELETED = 1_000  # rows that one write names, which has to stay within 16 MB whatever their keys


class MongoBackend:
    """See :class:`common.io.collections.backend.Backend`."""

    def __init__(self, database: MongoDatabase, contract: Contract) -> None:
        demand_storable(contract)
        self.database, self.contract = database, contract
        self.name = collection_name(contract)
        self.rows_name = f"{self.name}__rows"
        self.manifest = lru_cache(CACHED)(self._manifest)
        self._latest = Record(self.name)

    @property
    def place(self) -> str:
        """The server and the database."""
        return self.database.place

    def ensure(self) -> None:
        """Builds the indexes that are missing and drops those of ours that are no longer declared."""
        with self.database.writing() as database:
            for entries in (MANIFESTS, CHANGES):
                database[entries].create_index("collection")
            build(database[self.rows_name], self.contract)

    def record(self) -> Record:
        """The record as it is now; the whole document is fetched only where its revision is another."""
        with self.database.reading() as database:
            found = database[COLLECTIONS].find_one({"_id": self.name}, {"revision": 1})
            if found is None:
                return Record(self.name)
            latest = self._latest
            if latest.revision == found["revision"]:
                return latest
            found = database[COLLECTIONS].find_one({"_id": self.name}, {"record": 1})
        if found is None:
            return Record(self.name)
        self._latest = from_json(found["record"])
        return self._latest

    def swap(self, seen: Record, after: Record) -> bool:
        """Compare-and-set of the record's one document."""
        after = replace(after, revision=seen.revision + 1)
        document = {
            "revision": after.revision,
            "live": after.live.stored if after.live else None,  # for those who read without the API
            "record": to_json(after),
        }
        with self.database.writing() as database:
            records = database[COLLECTIONS]
            if seen.revision:
                mine = {"_id": self.name, "revision": seen.revision}
                return records.update_one(mine, {"$set": document}).matched_count == 1
            try:
                records.insert_one({"_id": self.name, **document})
            except DuplicateKeyError:
                return False
            return True

    def _manifest(self, stored: str) -> Manifest:
        with self.database.reading() as database:
            found = database[MANIFESTS].find_one({"_id": f"{self.name}/{stored}"}) or {"partitions": []}
        return {partition: Chunk(*chunk) for partition, *chunk in found["partitions"]}

    def write_manifest(self, stored: str, manifest: Manifest) -> None:
        """Keeps a manifest in one document."""
        entries = sorted((partition, *astuple(chunk)) for partition, chunk in manifest.items())
        self._keep(
            MANIFESTS, stored, {"chunks": [chunk.id for chunk in manifest.values()], "partitions": entries}
        )

    def changes(self, attempt: int) -> Mapping[str, Change]:
        """What a staged attempt makes of each partition that its run answers for."""
        with self.database.reading() as database:
            found = database[CHANGES].find_one({"_id": f"{self.name}/{attempt}"}) or {"partitions": []}
        return {
            partition: Change(base, None if chunk is None else Chunk(*chunk))
            for partition, base, chunk in found["partitions"]
        }

    def write_changes(self, attempt: int, changes: Mapping[str, Change]) -> None:
        """Keeps the changes of an attempt in one document."""
        entries = [
            (partition, change.base, change.chunk and astuple(change.chunk))
            for partition, change in changes.items()
        ]
        self._keep(CHANGES, attempt, {"partitions": entries})

    def _keep(self, where: str, key: str | int, document: Document) -> None:
        with self.database.writing() as database:
            try:
                database[where].insert_one(
                    {"_id": f"{self.name}/{key}", "collection": self.name, "key": key, **document}
                )
            except DuplicateKeyError:
                return  # it was kept before, and is the same

    def write(self, rows: Iterable[pa.Table]) -> None:
        """Inserts rows without order, ``batch_size`` at a time."""
        for table in rows:
            for batch in table.to_batches(max_chunksize=self.database.batch_size):
                made = documents(pa.Table.from_batches([batch]), self.contract)
                with self.database.writing() as database:
                    database[self.rows_name].insert_many(made, ordered=False)

    def rows(self, chunks: Sequence[int], columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all rows of chunks."""
        stored = stored_schema(self.contract)
        schema = pa.schema([stored.field(name) for name in columns])
        if not chunks:
            return
        with self.database.reading() as database:
            found = database[self.rows_name].find(
                {CHUNK: {"$in": list(chunks)}}, {"_id": 0, **dict.fromkeys(columns, 1)}, batch_size=10_000
            )
            with found:
                yield from tables(found, schema, FETCHED)

    def chunks(self) -> Iterable[int]:
        """The ids of all chunks that have rows, from the index on chunks."""
        with self.database.reading() as database:
            return list(database[self.rows_name].distinct(CHUNK))

    def delete_chunks(self, chunks: Sequence[int]) -> int:
        """Deletes chunk by chunk, so many rows at a time."""
        total = 0
        with self.database.writing() as database:
            rows = database[self.rows_name]
            for chunk in chunks:
                while found := list(rows.find({CHUNK: chunk}, {"_id": 1}, limit=DELETED)):
                    ids = [one["_id"] for one in found]
                    total += rows.delete_many({"_id": {"$in": ids}}).deleted_count
        return total

    def entries(self) -> tuple[set[str], set[int]]:
        """The ids of all manifests, and the numbers of all attempts that have changes."""
        with self.database.reading() as database:
            manifests, attempts = (
                {one["key"] for one in database[where].find({"collection": self.name}, {"key": 1})}
                for where in (MANIFESTS, CHANGES)
            )
        return manifests, attempts

    def delete_entries(self, manifests: Collection[str], attempts: Collection[int]) -> None:
        """Deletes each in one write."""
        for where, keys in ((MANIFESTS, manifests), (CHANGES, attempts)):
            if keys:
                gone = [f"{self.name}/{key}" for key in keys]
                with self.database.writing() as database:
                    database[where].delete_many({"_id": {"$in": gone}})

    def page(self, stored: str, query: PageQuery) -> Sequence[Sequence[Any]]:
        """Rows in the chunks of a manifest that a query finds, along the index that has them in order."""
        chunks = [chunk.id for chunk in self.manifest(stored).values()]
        direction = -1 if query.descending else 1
        asked: dict[str, Any] = {
            "filter": condition(query, chunks),
            "projection": {"_id": 0, **dict.fromkeys(query.columns, 1)},
            "sort": [(column, direction) for column in query.order] or None,
            "limit": query.limit,
        }
        index = serving(self.contract, query)
        with self.database.reading() as database:
            rows = database[self.rows_name]
            try:
                return values(rows.find(**asked, hint=index and index.name), query.columns)
            except OperationFailure as error:
                if "hint" not in str(error):
                    raise
                # The reader's contract has an index that a newer one dropped, or that is not built yet.
                return values(rows.find(**asked), query.columns)
