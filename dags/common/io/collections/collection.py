"""One versioned collection, the same on every database: what the protocol promises, over a backend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from common.io.collections.attempts import live_manifest, manifest_of, stored_id
from common.io.collections.backend import Backend, Database
from common.io.collections.manifest import difference, rebased
from common.io.collections.protocol import (
    Asked,
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
from common.io.collections.record import Record, Wanted
from common.io.collections.schema import demand_fit, described
from common.io.collections.vacuum import vacuum
from common.utils.contract import Contract


class VersionedStore:
    """Collections in one database; see :class:`common.io.collections.protocol.Store`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def collection(self, contract: Contract) -> Collection:
        """The collection that a contract describes."""
        return VersionedCollection(self.database.backend(contract))

    def close(self) -> None:
        """Gives connections back."""
        self.database.close()


class VersionedCollection:
    """One collection in one database; see :class:`common.io.collections.protocol.Collection`."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.contract = backend, backend.contract
        self._seen = Record("")  # the latest record that was read; what it names was published

    def ensure(self) -> None:
        """Creates what is missing and applies what the contract adds."""
        wanted = described(self.contract)
        while True:
            record = self.backend.record()
            if record.revision:
                demand_fit(record.schema, self.contract)
            self.backend.ensure()
            if record.revision and record.schema == wanted:
                return
            if self.backend.swap(record, replace(record, schema=wanted)):
                return

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

        return Staging(self.backend, partitions).run(rows, run_id, mode, dry_run)

    def publish(self, attempt: str, publication: Publication) -> Published:
        """Makes an attempt live with one compare-and-set; rebases where only other partitions moved."""
        while True:
            record, live = live_manifest(self.backend)
            if attempt in record.published:
                return record.repeated(attempt)
            mine = record.demand_publishable(attempt, publication.scheduled)
            manifest = rebased(live, self.backend.changes(mine.number), record.name)
            wanted = Wanted(manifest, stored_id(mine, record), datetime.now(UTC))
            after, published = record.advanced(attempt, publication, live, wanted)
            if published.new:
                self.backend.write_manifest(wanted.stored, manifest)
            if self.backend.swap(record, after):
                return published

    def rollback(self, to: int, *, by: str, reason: str, hold: bool = False) -> Published:
        """Publishes a new version with the manifest, watermark and ledger of version ``to``."""
        while True:
            record, live = live_manifest(self.backend)
            wanted = record.version(to)
            manifest = manifest_of(self.backend, wanted)
            if manifest is None:
                continue  # it was retired since: the record says so now
            asked = Asked(by, reason, datetime.now(UTC))
            after, published = record.rolled_back(wanted, difference(live, manifest), asked, hold=hold)
            if self.backend.swap(record, after):
                return published

    def hold(self) -> Asked | None:
        """Who set the hold, why and when."""
        return self.backend.record().hold

    def release(self, *, by: str, reason: str) -> None:
        """Takes a hold away; the record remembers who did and why."""
        asked = Asked(by, reason, datetime.now(UTC))
        while True:
            record = self.backend.record()
            if record.hold is None or self.backend.swap(record, record.released_by(asked)):
                return

    def merge(self) -> Published | None:
        """Makes one partition of each old month's days."""
        from common.io.collections.merging import merge  # noqa: PLC0415 (only writers need it)

        return merge(self.backend)

    def vacuum(self, keep: int = 3, *, abandon_after: timedelta = timedelta(days=1)) -> Vacuumed:
        """Retires versions and abandons old attempts in one write, then deletes unnamed chunks."""
        return vacuum(self.backend, keep, datetime.now(UTC) - abandon_after)

    def live(self) -> Version | None:
        """The live version with its manifest, or ``None`` before the first publication."""
        record, manifest = live_manifest(self.backend)
        self._seen = record
        return record.live and replace(record.live, manifest=manifest)

    def version(self, number: int) -> Version:
        """A retained version with its manifest."""
        while True:
            version = self.backend.record().version(number)
            manifest = manifest_of(self.backend, version)
            if manifest is not None:
                return replace(version, manifest=manifest)

    def history(self) -> list[Version]:
        """The retained versions without their manifests, newest first."""
        return list(reversed(self.backend.record().versions))

    def read(self, version: int, query: Query) -> Page:
        """One page of one version; retained before and after, or VersionGone.

        A version that a record named once, and that is retained after the page was read, was retained all
        the while: so only the second look asks the database, if an earlier call has seen the version.
        """
        wanted = PageQuery(self.contract, query)
        seen = self._seen
        if not any(one.number == version for one in seen.versions):
            seen = self.backend.record()
        stored = seen.version(version).stored
        rows = () if wanted.impossible else self.backend.page(stored, wanted)
        # Not by way of self: a thread that began to look earlier may set an older record there.
        self._seen = seen = self.backend.record()
        seen.version(version)  # what is retired meanwhile may have lost rows
        return wanted.page(rows)
