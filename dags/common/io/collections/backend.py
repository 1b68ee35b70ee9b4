"""What the versioned collection asks of a database: a record to compare and set, and rows under chunk ids.

No call needs a transaction over several rows and none waits for another writer longer than its own write, so
that the same protocol (:mod:`common.io.collections.collection`) holds on every database. What a call has
written is durable when it returns; a process killed within a call has done a part of it or nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from common.io.collections.manifest import Change, Manifest
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record
from common.utils.contract import Contract


class Backend(Protocol):
    """One collection in one database. A new kind of database is a module or folder with this and `Database`.

    Rows are tables of :func:`common.io.collections.encoding.stored_schema`: the contract's fields in their
    stored form, ``partition_date``, ``created_at``, ``updated_at``, ``_chunk`` and ``_hash``.
    """

    contract: Contract

    @property
    def place(self) -> str:
        """Where the collection stands, for error messages; without secrets."""

    def ensure(self) -> None:
        """Makes places for the rows and their indexes as the contract declares them; two at once do no harm.

        Called again, it changes nothing; a newer contract may have more fields and other indexes. The record
        is not its concern: whether the stored rows fit the contract is decided before.
        """

    def record(self) -> Record:
        """The record as it is now; at revision 0 where the collection was never created. Creates nothing.

        Cheap where it has not changed since the last call: every read asks for it.
        """

    def swap(self, seen: Record, after: Record) -> bool:
        """Compare-and-set: one atomic write of the record, unless its revision is no longer that of ``seen``.

        Where it cannot know whether the write was done, because the answer was lost, it raises StoreError.

        Args:
            seen: As it was read; at revision 0 to create the record where there is none.
            after: As it becomes; its revision is set here, to one more than that of ``seen``.
        """

    def manifest(self, stored: str) -> Manifest:
        """The manifest kept under an id; empty where there is none. It never changes, so it may be cached."""

    def write_manifest(self, stored: str, manifest: Manifest) -> None:
        """Keeps a manifest under an id. Called again, it is with the same one and changes nothing. Atomic."""

    def changes(self, attempt: int) -> Mapping[str, Change]:
        """What a staged attempt makes of each partition that its run answers for; empty where unknown."""

    def write_changes(self, attempt: int, changes: Mapping[str, Change]) -> None:
        """Keeps the changes of an attempt, by its number; called once for each. Atomic."""

    def write(self, rows: Iterable[pa.Table]) -> None:
        """Writes rows under chunk ids that have no rows yet; in pieces of ``batch_size`` rows.

        The tables are a few ten thousand rows each, ordered by chunk and key. Not atomic.
        """

    def rows(self, chunks: Sequence[int], columns: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all rows of chunks, in tables of bounded size, in any order."""

    def chunks(self) -> Iterable[int]:
        """The ids of all chunks that have rows."""

    def delete_chunks(self, chunks: Sequence[int]) -> int:
        """Deletes the rows of chunks, in bounded pieces; returns how many rows. Not atomic."""

    def delete_entries(self, manifests: Collection[str], attempts: Collection[int]) -> None:
        """Deletes manifests and the changes of attempts, where they are there. Not atomic."""

    def entries(self) -> tuple[set[str], set[int]]:
        """The ids of all manifests, and the numbers of all attempts that have changes."""

    def page(self, stored: str, query: PageQuery) -> Sequence[Sequence[Any]]:
        """Rows in the chunks of a manifest that a query finds, in its order, up to its limit.

        Returns:
            The stored values of ``query.columns`` of each row.
        """


class Database(Protocol):
    """One database, opened when it is first needed. One that is away raises StoreError then."""

    def backend(self, contract: Contract) -> Backend:
        """The collection that a contract describes.

        Raises:
            ContractError: The contract has a field that cannot be stored exactly.
        """

    def close(self) -> None:
        """Gives connections back."""
