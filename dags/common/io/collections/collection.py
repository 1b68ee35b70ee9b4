"""One versioned collection, the same on every database: what the protocol promises, over a backend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from common.io.collections.attempts import live_manifest, manifests_of, stored_id
from common.io.collections.backend import Backend, Database
from common.io.collections.manifest import Manifest, difference, rebased, rows_of
from common.io.collections.protocol import (
    Asked,
    AttemptError,
    Collection,
    Event,
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
from common.io.collections.schema import absent, demand_fit, demand_prepared, described
from common.io.collections.vacuum import vacuum
from common.utils.contract import Contract
from common.utils.errors import ValidationFailed


class VersionedStore:
    """Collections in one database; see :class:`common.io.collections.protocol.Store`."""

    def __init__(self, database: Database, prefix: str = "") -> None:
        self.database, self.prefix = database, prefix

    def collection(self, contract: Contract) -> Collection:
        """The collection that a contract describes."""
        return VersionedCollection(self.database.backend(replace(contract, prefix=self.prefix)))

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
            demand_prepared(record.schema, self.contract)
            manifest = rebased(live, self.backend.changes(mine.number), record.name)
            _demand_rows(live, manifest, publication, record.name)
            wanted = Wanted(manifest, stored_id(mine, record), datetime.now(UTC))
            after, published = record.advanced(attempt, publication, live, wanted)
            if published.new:
                self.backend.write_manifest(wanted.stored, manifest)
            if self.backend.swap(record, after):
                return published

    def rollback(
        self, to: int, *, by: str, reason: str, hold: bool = False, expected: int | None = None
    ) -> Published:
        """Publishes a new version with the manifest, watermark and ledger of version ``to``."""
        while True:
            record, (manifest, live) = manifests_of(
                self.backend, lambda one: (one.version(to), one.versions[-1])
            )
            changed = difference(live, manifest)
            if changed and expected is not None and record.moved_since(expected):
                raise AttemptError(
                    f"Version {record.live_number} came after {expected}, from which to go back was decided.",
                    where=record.name,
                    next_step="Look at it, and decide again.",
                )
            asked = Asked(by, reason, datetime.now(UTC))
            after, published = record.rolled_back(record.version(to), changed, asked, hold=hold)
            if after is record or self.backend.swap(record, after):
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

    def events(self) -> list[Event]:
        """The latest roll-backs and releases, newest first."""
        return list(reversed(self.backend.record().events))

    def merge(self) -> Published | None:
        """Makes one partition of the days of each of the oldest months of a long manifest."""
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
        record, (manifest,) = manifests_of(self.backend, lambda one: [one.version(number)])
        return replace(record.version(number), manifest=manifest)

    def history(self) -> list[Version]:
        """The retained versions without their manifests, newest first."""
        return list(reversed(self.backend.record().versions))

    def read(self, version: int, query: Query) -> Page:
        """One page of one version; retained before and after, or VersionGone.

        A version that a record named once, and that is retained after the page was read, was retained all
        the while: so only the second look asks the database, if an earlier call has seen the version.
        """
        seen = self._seen
        if not any(one.number == version for one in seen.versions):
            seen = self.backend.record()
        wanted = PageQuery(self.contract, query, absent(seen.schema, self.contract))
        stored = seen.version(version).stored
        rows = () if wanted.impossible else self.backend.page(stored, wanted)
        # Not by way of self: a thread that began to look earlier may set an older record there.
        self._seen = seen = self.backend.record()
        seen.version(version)  # what is retired meanwhile may have lost rows
        return wanted.page(rows)


def _demand_rows(live: Manifest, manifest: Manifest, publication: Publication, where: str) -> None:
    before, after = rows_of(live), rows_of(manifest)
    if before - after > publication.max_row_drop * before:
        raise ValidationFailed(
            f"{where} would fall from {before} to {after} rows: by {1 - after / before:.0%}, "
            f"and the contract allows {publication.max_row_drop:.0%}.",
            where=f"run {publication.run_id}",
            next_step="Look whether the source is whole; raise the contract's maxRowDrop if this is meant.",
        )
