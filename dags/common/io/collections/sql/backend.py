"""One collection in one SQL database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pyarrow as pa
from sqlalchemy import delete, func, literal, select

from common.io.collections.encoding import CHUNK, collection_name, demand_storable, stored_schema
from common.io.collections.manifest import Change, Manifest
from common.io.collections.protocol import Chunk, StageError
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record, from_json, to_json
from common.io.collections.sql import migration
from common.io.collections.sql.database import SqlDatabase
from common.io.collections.sql.errors import alike
from common.io.collections.sql.pages import page_statement
from common.io.collections.sql.tables import CHANGES, COLLECTIONS, MANIFESTS, rows_table
from common.utils.contract import Contract

TRANSACTION_ROWS = 100_000  # that one transaction writes or deletes: seconds in which others may wait
FETCHED = 50_000  # rows that are in Python's hands at once
UNIQUE = "Make the rows unique by {} before they are loaded, also beside those that are there already."
CACHED = 8  # manifests; each is some 100 kB at most


class SqlBackend:
    """See :class:`common.io.collections.backend.Backend`."""

    def __init__(self, database: SqlDatabase, contract: Contract) -> None:
        demand_storable(contract)
        self.database, self.contract = database, contract
        self.name = collection_name(contract)
        self.table = rows_table(contract, database.dialect)
        self.manifest = lru_cache(CACHED)(self._manifest)
        self._latest = Record(self.name)
        self._found = False

    @property
    def place(self) -> str:
        """Where the database stands."""
        return self.database.dialect.place

    def ensure(self) -> None:
        """Makes tables, columns, view and indexes fit the contract, where they do not.

        Indexes come in a transaction of their own: what adds columns locks readers out until it ends.
        """
        dialect = self.database.dialect
        if self._exists():
            with self.database.reading() as connection:
                if migration.fits(connection, self.contract, self.table, dialect):
                    return
        with self.database.writing() as connection, dialect.changing_schema(connection, self.name):
            migration.widen(connection, self.contract, self.table, dialect)
        with self.database.writing() as connection, dialect.changing_schema(connection, self.name):
            migration.index(connection, self.table, dialect)

    def record(self) -> Record:
        """The record as it is now; the whole document is fetched only where its revision is another."""
        if not self._exists():
            return Record(self.name)
        mine = COLLECTIONS.c.name == self.name
        with self.database.reading() as connection:
            revision = connection.scalar(select(COLLECTIONS.c.revision).where(mine))
            latest = self._latest
            if revision is None or latest.revision == revision:
                return latest if revision else Record(self.name)
            latest = from_json(connection.scalars(select(COLLECTIONS.c.document).where(mine)).one())
        self._latest = latest
        return latest

    def _exists(self) -> bool:
        """Whether the database has the tables; looking creates nothing."""
        if not self._found and self.database.dialect.exists():
            with self.database.reading() as connection:
                self._found = self.database.engine.dialect.has_table(connection, COLLECTIONS.name)
        return self._found

    def swap(self, seen: Record, after: Record) -> bool:
        """Compare-and-set of the record's one row."""
        after = replace(after, revision=seen.revision + 1)
        values = {
            "revision": after.revision,
            "live": after.live.stored if after.live else None,
            "document": to_json(after),
        }
        with self.database.writing() as connection:
            if not seen.revision:
                insert = self.database.dialect.insert_if_absent(COLLECTIONS).values(name=self.name, **values)
                counted = {"preserve_rowcount": True}  # of an insert SQLAlchemy forgets it
                return connection.execute(insert, execution_options=counted).rowcount == 1
            mine = (COLLECTIONS.c.name == self.name, COLLECTIONS.c.revision == seen.revision)
            return connection.execute(COLLECTIONS.update().where(*mine).values(**values)).rowcount == 1

    def _manifest(self, stored: str) -> Manifest:
        columns = MANIFESTS.c
        wanted = (
            select(columns.partition_name, columns.chunk, columns.chunk_rows, columns.digest)
            .where(columns.collection == self.name, columns.stored == stored)
            .order_by(columns.partition_name)
        )
        with self.database.reading() as connection:
            found = connection.execute(wanted).all()
        return {partition: Chunk(chunk, rows, digest) for partition, chunk, rows, digest in found}

    def write_manifest(self, stored: str, manifest: Manifest) -> None:
        """Keeps a manifest, one row a partition, in one transaction."""
        rows = [
            {
                "collection": self.name,
                "stored": stored,
                "partition_name": partition,
                "chunk": chunk.id,
                "chunk_rows": chunk.rows,
                "digest": chunk.digest,
            }
            for partition, chunk in manifest.items()
        ]
        if rows:
            with self.database.writing() as connection:
                connection.execute(self.database.dialect.insert_if_absent(MANIFESTS), rows)

    def changes(self, attempt: int) -> dict[str, Change]:
        """What a staged attempt makes of each partition that its run answers for."""
        mine = (CHANGES.c.collection == self.name, CHANGES.c.attempt == attempt)
        with self.database.reading() as connection:
            found = connection.execute(select(CHANGES).where(*mine)).all()
        return {
            row.partition_name: Change(
                row.base, None if row.chunk is None else Chunk(row.chunk, row.chunk_rows, row.digest)
            )
            for row in found
        }

    def write_changes(self, attempt: int, changes: Mapping[str, Change]) -> None:
        """Keeps the changes of an attempt, in one transaction."""
        rows = [
            {
                "collection": self.name,
                "attempt": attempt,
                "partition_name": partition,
                "base": change.base,
                "chunk": change.chunk and change.chunk.id,
                "chunk_rows": change.chunk and change.chunk.rows,
                "digest": change.chunk and change.chunk.digest,
            }
            for partition, change in changes.items()
        ]
        if rows:
            with self.database.writing() as connection:
                connection.execute(CHANGES.insert(), rows)

    def write(self, rows: Iterable[pa.Table]) -> None:
        """Writes rows in transactions of bounded size."""
        written = 0
        for table in rows:
            written += table.num_rows
            for start in range(0, table.num_rows, TRANSACTION_ROWS):
                piece = table.slice(start, TRANSACTION_ROWS)
                with (
                    self.database.writing() as connection,
                    alike(self.table, StageError, self.contract.name, UNIQUE),
                ):
                    self.database.dialect.write(connection, self.table, piece)
        if written:
            with self.database.translated():
                self.database.dialect.settle(self.database.engine, self.table)

    def rows(self, chunks: Sequence[int], columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all rows of chunks."""
        stored = stored_schema(self.contract)
        schema = pa.schema([stored.field(name) for name in columns])
        wanted = select(*(self.table.c[name] for name in columns)).where(self.table.c[CHUNK].in_(chunks))
        if not chunks:
            return
        with self.database.reading() as connection:
            result = connection.execution_options(stream_results=True).execute(wanted)
            for rows in result.partitions(FETCHED):
                values = zip(*rows, strict=True)
                arrays = [pa.array(column, one.type) for column, one in zip(values, schema, strict=True)]
                yield pa.table(arrays, schema=schema)

    def chunks(self) -> Sequence[int]:
        """All chunks that have rows, found by skipping along the index on chunks."""
        column = self.table.c[CHUNK]
        if self.database.dialect.skips_duplicates:
            with self.database.reading() as connection:
                return connection.scalars(select(column).distinct()).all()
        found = select(func.min(column).label("chunk")).cte("found", recursive=True)
        following = select(func.min(column)).where(column > found.c.chunk).scalar_subquery()
        found = found.union_all(select(following).where(found.c.chunk.is_not(None)))
        with self.database.reading() as connection:
            return connection.scalars(select(found.c.chunk).where(found.c.chunk.is_not(None))).all()

    def delete_chunks(self, chunks: Sequence[int]) -> int:
        """Deletes whole chunks in transactions of bounded size: of several small ones, or of a part of one.

        A statement for a whole chunk is the faster one, so that is looked for first.
        """
        remaining, total = list(chunks), 0
        while remaining:
            with self.database.writing() as connection:
                deleted = 0
                while remaining and deleted < TRANSACTION_ROWS:
                    mine = self.table.c[CHUNK] == remaining[-1]
                    further = select(literal(1)).where(mine).offset(TRANSACTION_ROWS - deleted).limit(1)
                    large = connection.scalar(further.select_from(self.table)) is not None
                    if large and deleted:
                        break
                    some = self.database.dialect.deletion(self.table, remaining[-1], TRANSACTION_ROWS)
                    deleted += connection.execute(some if large else delete(self.table).where(mine)).rowcount
                    if not large:
                        remaining.pop()
            total += deleted
        return total

    def entries(self) -> tuple[set[str], set[int]]:
        """The ids of all manifests, and the numbers of all attempts that have changes."""
        manifests = select(MANIFESTS.c.stored).distinct().where(MANIFESTS.c.collection == self.name)
        attempts = select(CHANGES.c.attempt).distinct().where(CHANGES.c.collection == self.name)
        with self.database.reading() as connection:
            return set(connection.scalars(manifests)), set(connection.scalars(attempts))

    def delete_entries(self, manifests: Collection[str], attempts: Collection[int]) -> None:
        """Deletes them in one transaction, so that a reader finds all of a manifest or nothing."""
        if not manifests and not attempts:
            return
        with self.database.writing() as connection:
            for table, column, gone in (
                (MANIFESTS, MANIFESTS.c.stored, manifests),
                (CHANGES, CHANGES.c.attempt, attempts),
            ):
                connection.execute(delete(table).where(table.c.collection == self.name, column.in_(gone)))

    def page(self, stored: str, query: PageQuery) -> Sequence[Sequence[Any]]:
        """Rows in the chunks of a manifest that a query finds."""
        statement = page_statement(self.name, self.table, self.database.dialect, stored, query)
        with self.database.reading() as connection:
            return connection.execute(statement).all()
