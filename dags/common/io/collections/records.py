"""The record, the manifests and the attempts' changes of one collection, as a SQL database keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, select

from common.io.collections.database import Database
from common.io.collections.manifest import Change, Manifest
from common.io.collections.protocol import Chunk, StoreError, Version
from common.io.collections.record import Record, from_json, to_json
from common.io.collections.tables import CHANGES, COLLECTIONS, MANIFESTS

CACHED = 8  # manifests; each is some 100 kB at most


class Records:
    """Reads what a collection's record names, and changes it by compare-and-set."""

    def __init__(self, database: Database, name: str) -> None:
        self.database, self.name = database, name
        self._found = False
        self._latest = Record(name)
        self._manifests: dict[int, Manifest] = {}

    def exist(self) -> bool:
        """Whether the database has the tables; looking creates nothing."""
        if not self._found and self.database.dialect.exists():
            with self.database.reading() as connection:
                self._found = self.database.engine.dialect.has_table(connection, COLLECTIONS.name)
        return self._found

    def create(self, connection: Connection, fields: str) -> None:
        """Writes an empty record where there is none."""
        first = Record(self.name, revision=1)
        insert = self.database.dialect.insert_if_absent(COLLECTIONS)
        connection.execute(
            insert.values(name=self.name, fields=fields, revision=1, live=0, document=to_json(first))
        )

    def read(self, connection: Connection) -> Record:
        """The record as a transaction sees it; at revision 0 where the collection was never created."""
        mine = COLLECTIONS.c.name == self.name
        revision = connection.scalar(select(COLLECTIONS.c.revision).where(mine))
        latest = self._latest
        if revision is None or latest.revision == revision:
            return latest if revision else Record(self.name)
        latest = from_json(connection.scalars(select(COLLECTIONS.c.document).where(mine)).one())
        self._latest = latest
        return latest

    def record(self) -> Record:
        """The record as it is now; at revision 0 where the collection was never created."""
        if not self.exist():
            return Record(self.name)
        with self.database.reading() as connection:
            return self.read(connection)

    def live(self) -> tuple[Record, Manifest]:
        """The record with the manifest of its live version, which is empty where there is none."""
        if not self.exist():
            return Record(self.name), {}
        with self.database.reading() as connection:
            record = self.read(connection)
            return record, self.manifest(connection, record.live_number)

    def manifests(self) -> tuple[Record, dict[int, Manifest]]:
        """The record with the manifests of all its retained versions."""
        if not self.exist():
            return Record(self.name), {}
        with self.database.reading() as connection:
            record = self.read(connection)
            return record, {one.number: self.manifest(connection, one.number) for one in record.versions}

    def version(self, number: int) -> Version:
        """A retained version with its manifest; VersionGone where it is not retained."""
        if not self.exist():
            return Record(self.name).version(number)
        with self.database.reading() as connection:
            version = self.read(connection).version(number)
            return replace(version, manifest=self.manifest(connection, number))

    def manifest(self, connection: Connection, version: int) -> Manifest:
        """The manifest of a version that this transaction finds retained."""
        if version in self._manifests:
            return self._manifests[version]
        mine = (MANIFESTS.c.collection == self.name, MANIFESTS.c.version == version)
        columns = MANIFESTS.c
        found = connection.execute(
            select(columns.partition, columns.chunk, columns.rows, columns.digest)
            .where(*mine)
            .order_by(columns.partition)
        )
        manifest = {partition: Chunk(str(chunk), rows, digest) for partition, chunk, rows, digest in found}
        if manifest:
            kept = list(self._manifests.items())[1 - CACHED :]
            self._manifests = {**dict(kept), version: manifest}
        return manifest

    def changes(self, number: int) -> dict[str, Change]:
        """What a staged attempt makes of each partition that its run answers for."""
        mine = (CHANGES.c.collection == self.name, CHANGES.c.attempt == number)
        with self.database.reading() as connection:
            found = connection.execute(select(CHANGES).where(*mine)).all()
        return {
            row.partition: Change(
                None if row.base is None else str(row.base),
                None if row.chunk is None else Chunk(str(row.chunk), row.rows, row.digest),
            )
            for row in found
        }

    def swap(
        self,
        seen: Record,
        after: Record,
        *,
        manifest: Manifest | None = None,
        changes: tuple[int, Mapping[str, Change]] | None = None,
    ) -> bool:
        """Compare-and-set: writes the record and what it newly names, unless it is no longer as it was seen.

        Args:
            seen: As it was read.
            after: As it should become; its revision is set here.
            manifest: Of the new live version.
            changes: Of an attempt, with its number.
        """
        if not seen.revision:
            raise StoreError(
                f"There is no collection {self.name}.",
                where=self.database.dialect.place,
                next_step="Call ensure().",
            )
        after = replace(after, revision=seen.revision + 1)
        with self.database.writing() as connection:
            swapped = connection.execute(
                COLLECTIONS.update()
                .where(COLLECTIONS.c.name == self.name, COLLECTIONS.c.revision == seen.revision)
                .values(revision=after.revision, live=after.live_number, document=to_json(after))
            )
            if swapped.rowcount == 1 and manifest:
                _write_manifest(connection, self.name, after.live_number, manifest)
            if swapped.rowcount == 1 and changes and changes[1]:
                _write_changes(connection, self.name, *changes)
        return swapped.rowcount == 1


def _write_manifest(connection: Connection, name: str, version: int, manifest: Manifest) -> None:
    connection.execute(
        MANIFESTS.insert(),
        [
            {
                "collection": name,
                "version": version,
                "partition": partition,
                "chunk": int(chunk.id),
                "rows": chunk.rows,
                "digest": chunk.digest,
            }
            for partition, chunk in manifest.items()
        ],
    )


def _write_changes(connection: Connection, name: str, number: int, changes: Mapping[str, Change]) -> None:
    connection.execute(
        CHANGES.insert(),
        [
            {
                "collection": name,
                "attempt": number,
                "partition": partition,
                "base": None if change.base is None else int(change.base),
                "chunk": None if change.chunk is None else int(change.chunk.id),
                "rows": None if change.chunk is None else change.chunk.rows,
                "digest": None if change.chunk is None else change.chunk.digest,
            }
            for partition, change in changes.items()
        ],
    )
