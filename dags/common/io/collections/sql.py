"""The versioned store in a SQL database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from common.io.collections.database import Database
from common.io.collections.dialect import Dialect
from common.io.collections.manifest import difference, rebased
from common.io.collections.protocol import (
    Collection,
    Mode,
    Page,
    Publication,
    Published,
    Query,
    Staged,
    Vacuumed,
    Version,
)
from common.io.collections.reading import PageQuery
from common.io.collections.record import Asked
from common.io.collections.records import Records
from common.io.collections.tables import create, fields_json, rows_table, table_name
from common.io.collections.vacuum import vacuum
from common.utils.contract import Contract


class SqlStore:
    """Collections in one SQL database."""

    def __init__(self, dialect: Dialect, *, batch_size: int) -> None:
        self.database = Database(dialect, batch_size)

    def collection(self, contract: Contract) -> Collection:
        """The collection that a contract describes.

        Raises:
            ContractError: The contract has a field that cannot be stored exactly.
        """
        return SqlCollection(self.database, contract)

    def close(self) -> None:
        """Gives connections back."""
        self.database.close()


class SqlCollection:
    """One collection in one SQL database; see :class:`common.io.collections.protocol.Collection`."""

    def __init__(self, database: Database, contract: Contract) -> None:
        self.database, self.contract = database, contract
        self.table = rows_table(contract, database.dialect)
        self.records = Records(database, table_name(contract))

    def ensure(self) -> None:
        """Creates tables, indexes and the view that are missing, in one transaction."""
        with self.database.writing() as connection:
            create(connection, self.contract, self.table, self.database.dialect)
            self.records.create(connection, fields_json(self.contract))

    def stage(
        self,
        rows: Iterable[pa.RecordBatch],
        partitions: Iterable[str],
        *,
        run_id: str,
        mode: Mode = "replace",
        dry_run: bool = False,
    ) -> Staged:
        """Writes the run's rows as new chunks that no manifest names yet."""
        from common.io.collections.staging import Staging  # noqa: PLC0415 (DuckDB, which readers need not load)

        return Staging(self.contract, self.records, self.table, partitions).run(rows, run_id, mode, dry_run)

    def publish(self, attempt: str, publication: Publication) -> Published:
        """Makes an attempt live with one compare-and-set; rebases where only other partitions moved."""
        while True:
            record, live = self.records.live()
            if attempt in record.published:
                return record.repeated(attempt)
            mine = record.demand_publishable(attempt, publication.scheduled)
            wanted = rebased(live, self.records.changes(mine.number), record.name)
            after, published = record.advanced(attempt, publication, live, wanted, datetime.now(UTC))
            if self.records.swap(record, after, manifest=wanted if published.new else None):
                return published

    def rollback(self, to: int, *, by: str, reason: str, hold: bool = False) -> Published:
        """Publishes a new version with the manifest, watermark and ledger of version ``to``."""
        while True:
            record, live = self.records.live()
            wanted = self.records.version(to)
            asked = Asked(by, reason, datetime.now(UTC))
            changed = difference(live, wanted.manifest)
            after, published = record.rolled_back(wanted, changed, asked, hold=hold)
            if self.records.swap(record, after, manifest=wanted.manifest if published.new else None):
                return published

    def release(self) -> None:
        """Takes a hold away."""
        while True:
            record = self.records.record()
            if record.hold is None or self.records.swap(record, record.released()):
                return

    def vacuum(self, keep: int = 3, *, abandon_after: timedelta = timedelta(days=1)) -> Vacuumed:
        """Retires versions and abandons old attempts in one write, then deletes unnamed chunks."""
        return vacuum(self.records, self.table, keep, datetime.now(UTC) - abandon_after)

    def live(self) -> Version | None:
        """The live version with its manifest, or ``None`` before the first publication."""
        record, manifest = self.records.live()
        return record.live and replace(record.live, manifest=manifest)

    def version(self, number: int) -> Version:
        """A retained version with its manifest."""
        return self.records.version(number)

    def history(self) -> list[Version]:
        """The retained versions without their manifests, newest first."""
        return list(reversed(self.records.record().versions))

    def read(self, version: int, query: Query) -> Page:
        """One page of one version; retained before and after, or VersionGone."""
        wanted = PageQuery(self.contract, self.table, self.database.dialect, query)
        self.records.record().version(version)
        with self.database.reading() as connection:
            rows = connection.execute(wanted.statement(version)).all()
        self.records.record().version(version)  # what is retired meanwhile may have lost rows
        return wanted.page(rows)
