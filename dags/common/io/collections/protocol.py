"""What every store of collections does; the stores differ only in how.

The rows of a collection stand in immutable **chunks**, each all rows of one partition as one attempt wrote
them. A **version** is a manifest, partition to chunk. One small record per collection names the live version,
the retained ones and the attempts; what must change together changes in one compare-and-set of that record.
"""

# long because the protocol and the types that it speaks in are read together

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import pyarrow as pa

from common.utils.errors import VitrineError

Mode = Literal["replace", "upsert"]
Operator = Literal["eq", "gt", "gte", "lt", "lte"]


class StoreError(VitrineError):
    """A store refused, is away, or was asked for what it does not have."""


class StageError(StoreError):
    """Rows cannot be staged: duplicate keys, or rows outside the run's partitions."""


class AttemptError(StoreError):
    """The attempt is unknown, abandoned, or its partitions have moved: stage again."""


class VersionGone(StoreError):
    """The version was never there or is no longer retained; the API answers 410."""


class QueryError(StoreError):
    """A query asks for what the contract does not offer: the reader's mistake, not the store's."""


class HoldError(StoreError):
    """A hold set by a roll-back stops scheduled publications until it is released."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A manifest's entry: the chunk of one partition.

    Attributes:
        id: Never used twice.
        rows: How many rows it holds.
        digest: Sum and exclusive or of its rows' hashes: with the count, equal ones are equal content.
    """

    id: int
    rows: int
    digest: str

    def holds_what(self, other: Chunk | None) -> bool:
        """Whether another chunk has the same content."""
        return other is not None and (self.rows, self.digest) == (other.rows, other.digest)


@dataclass(frozen=True, slots=True)
class Publication:
    """What a run says of the version it publishes.

    Attributes:
        run_id: The run that asks; shown in the history.
        watermark: The source's highest cursor value, in UTC: "data as of". Never moves backwards within
            one source.
        source: Fingerprint of the source's location and mapping.
        ledger: :meth:`common.utils.ledger.Ledger.to_dict`.
        contract_version: Version of the contract that the rows fit.
        scheduled: Whether a hold stops it.
        max_row_drop: The share of the live rows that the next version may lack.
        bookmark: Where the next run begins to read each item of the source; kept with the version.
        profile: Statistics of the rows by field, see :mod:`common.verbs.profile`; kept with the version.
    """

    run_id: str
    watermark: datetime | None
    source: str
    ledger: Mapping[str, Any]
    contract_version: str
    scheduled: bool = True
    max_row_drop: float = 1.0
    bookmark: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a collection, as its record and its manifest have it.

    Attributes:
        number: Counts from 1, never used twice.
        rows: Rows that a reader of this version sees.
        published_at: UTC, as the publisher's clock had it (informative; no decision rests on it).
        watermark: "Data as of", in UTC; ``None`` where no data has been read.
        kind: ``publish``, ``rollback``, or ``merge`` of old partitions, which changes no row.
        reason: Why, for a roll-back; empty otherwise.
        by: Who, for a roll-back; the run for a publication; ``merge`` for a merge.
        restored: The version whose manifest a roll-back brought back.
        stored: Under which id the store keeps its manifest.
        bookmark: Where the run after it begins to read the source.
        profile: Statistics of the rows by field; empty where none were made.
        manifest: Partition (ISO day, month or bucket) to chunk.
    """

    number: int
    rows: int
    published_at: datetime
    watermark: datetime | None
    source: str
    run_id: str
    ledger: Mapping[str, Any]
    contract_version: str
    kind: Literal["publish", "rollback", "merge"] = "publish"
    reason: str = ""
    by: str = ""
    restored: int | None = None
    stored: str = ""
    bookmark: Mapping[str, Any] = field(default_factory=dict, repr=False)
    profile: Mapping[str, Any] = field(default_factory=dict, repr=False)
    manifest: Mapping[str, Chunk] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging an attempt did; small enough to pass between tasks.

    Attributes:
        attempt: The attempt's id, to publish.
        base: The live version it was compared with; 0 where there was none.
        inserted, updated, unchanged, removed: Rows, by comparing (key, row hash) with the base.
        rows: Rows that the collection will have if nothing else moves.
        base_rows: Rows of the base version.
        changed: Partitions whose content changed and that have a new chunk (or none any more).
    """

    attempt: str
    base: int
    inserted: int
    updated: int
    unchanged: int
    removed: int
    rows: int
    base_rows: int
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The outcome of a publication.

    Attributes:
        version: The version now live that holds the attempt's rows.
        new: False where the run changed nothing and only the watermark moved.
        repeated: True where this attempt was published before, or what is rolled back to is live already.
        changed: Partitions whose content differs from the version that was live before; empty where repeated.
            After a roll-back, what is to be run again.
    """

    version: int
    new: bool
    repeated: bool
    rows: int
    published_at: datetime
    watermark: datetime | None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a roll-back, a hold or its release, why and when."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody did to a collection by hand.

    Attributes:
        kind: A ``rollback`` or the ``release`` of a hold.
        was: The version that was live before.
        to: The one that a roll-back went back to.
        hold: Whether scheduled publications have been stopped since.
    """

    kind: Literal["rollback", "release"]
    asked: Asked
    was: int
    to: int | None
    hold: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """``field operator value``; the value has the field's Python type."""

    field: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """One page of a version.

    Attributes:
        filters: Joined by AND.
        sort: A sortable field, or ``None`` for the order of the key. Ties are broken by the key.
        descending: Turns the whole order round.
        fields: Columns to return, in order; empty for all of the contract.
        limit: Rows at most, at least 1.
        after: Keyset position: the values of ``[sort] + key`` of the last row seen (:attr:`Page.position`).
    """

    filters: Sequence[Filter] = ()
    sort: str | None = None
    descending: bool = False
    fields: Sequence[str] = ()
    limit: int = 100
    after: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one version and, where more follow, the position to go on from."""

    rows: pa.Table
    position: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What a vacuum took away."""

    versions: tuple[int, ...]
    attempts: tuple[str, ...]
    chunks: int
    rows: int


class Collection(Protocol):
    """One collection in one store. Every method may be killed and called again."""

    def ensure(self) -> None:
        """Creates what is missing, adds what the contract adds, builds and drops indexes as it declares them.

        Raises:
            ContractError: Stored rows do not fit the contract, for it narrows a field, drops one or has
                another key; it lists each difference.
        """

    def stage(
        self,
        rows: Iterable[pa.RecordBatch],
        partitions: Iterable[str],
        *,
        run_id: str,
        mode: Mode = "replace",
        dry_run: bool = False,
    ) -> Staged:
        """Writes the run's rows as new chunks that no manifest names yet.

        Args:
            rows: In the contract's Arrow schema, in any order.
            partitions: All partitions that the run answers for; ``replace`` empties those without rows.
            run_id: Recorded with the attempt.
            mode: ``replace`` takes the run's rows; ``upsert`` lays them by key over the base chunk's.
            dry_run: Compares and counts, writes nothing; the attempt is then empty and cannot be published.
                The collection need not be there, and the store may be opened to be read only.

        Raises:
            StageError: Duplicate keys or rows outside ``partitions``.
            ContractError: The collection has been prepared for another contract: :meth:`ensure` comes first.
        """

    def publish(self, attempt: str, publication: Publication) -> Published:
        """Makes an attempt live with one compare-and-set; rebases where only other partitions moved.

        Raises:
            AttemptError: Unknown, abandoned, or its own partitions moved since it was staged.
            HoldError: A hold is set and the publication is a scheduled one.
            ContractError: The collection has been prepared for another contract since.
            ValidationFailed: It would lack more of the live rows than the publication allows.
        """

    def rollback(
        self, to: int, *, by: str, reason: str, hold: bool = False, expected: int | None = None
    ) -> Published:
        """Publishes a new version with the manifest, watermark and ledger of version ``to``.

        With the old watermark the next run reaches back to it. No row moves; nothing is destroyed.

        Args:
            to: A retained version.
            by: Who asks.
            reason: Why; both are shown in the history.
            hold: Also stops scheduled publications until :meth:`release`.
            expected: The version that was live when the roll-back was decided; ``None`` for any.

        Raises:
            VersionGone: ``to`` was never there, or is retired.
            AttemptError: Another version with other content was published since ``expected``.
        """

    def hold(self) -> Asked | None:
        """Who set the hold that stops scheduled publications, why and when; ``None`` where none is set."""

    def release(self, *, by: str, reason: str) -> None:
        """Takes a hold away; :meth:`events` remember who did and why."""

    def events(self) -> list[Event]:
        """The latest roll-backs and releases, newest first; they outlive the versions that they made."""

    def merge(self) -> Published | None:
        """Where the manifest is long, makes one partition of the days of each of its oldest months.

        No row changes. One call copies only so many rows, so that a very long manifest needs several.

        Returns:
            The version it made, or ``None`` where nothing was due or other writers came between.
        """

    def vacuum(self, keep: int = 3, *, abandon_after: timedelta = timedelta(days=1)) -> Vacuumed:
        """Retires all but the newest ``keep`` versions, abandons old open attempts, deletes unnamed chunks.

        Args:
            keep: Versions to retain, at least 1; the live one is always among them. A merge does not count.
            abandon_after: Open attempts older than this are taken for dead. A guess only: an attempt that
                lives after all is refused by :meth:`publish` and is staged again.
        """

    def live(self) -> Version | None:
        """The live version with its manifest, or ``None`` before the first publication."""

    def version(self, number: int) -> Version:
        """A retained version with its manifest.

        Raises:
            VersionGone: Never there, or retired.
        """

    def history(self) -> list[Version]:
        """The retained versions without their manifests, newest first."""

    def read(self, version: int, query: Query) -> Page:
        """One page of one version, whole and from no other.

        Args:
            version: A retained version's number.
            query: Its ``fields`` may also name ``partition_date``, ``created_at`` and ``updated_at``.

        Raises:
            VersionGone: The version was never there, or retired before or while it was read.
            QueryError: The query names an unknown field, sorts by one that is not sortable, or compares with
                a value of another type.
        """


class Store(Protocol):
    """A database that holds collections."""

    def collection(self, contract: Any) -> Collection:
        """The collection that a :class:`common.utils.contract.Contract` describes."""

    def close(self) -> None:
        """Gives connections back."""
