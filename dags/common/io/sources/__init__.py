"""Where raw records come from: adapters that yield Arrow batches, all of one protocol.

An adapter is one module (or package) of this package, with an :class:`Adapter` named ``ADAPTER`` in it; the
name of the module is what ``VITRINE_<DOMAIN>_<SUBJECT>_SOURCE`` says. See
:mod:`common.io.sources.configured`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pyarrow as pa

from common.utils.arrow import schema_of
from common.utils.window import Window

if TYPE_CHECKING:
    from common.io.sources.settings import SourceSettings

ORIGIN = schema_of(
    _item=pa.string(),
    _digest=pa.string(),
    _position=pa.int64(),
)
"""Where a record came from: every row of bronze, silver and the dead letters has it.

The item's name, the SHA-256 of its content (of its name, where the content is not known as a whole), and the
record's place in it: the physical line of a text file, else counted from 1.
"""

VERDICT = schema_of(rule=pa.string(), field=pa.string(), reason=pa.string())
"""Why a record was rejected."""

REJECTED = pa.schema([*ORIGIN, *VERDICT, pa.field("record", pa.string())])
"""A rejected record; ``record`` is its raw text where it could not be read, stray bytes as ``\\xa3``."""

RESERVED = frozenset([*ORIGIN.names, "_run"])
"""Names that no column of a source may have, in any case of letters."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source is read by: a file, an endpoint, a feed, a table.

    Attributes:
        name: Unique in the source and without credentials; items are read in the order of their names.
        digest: SHA-256 of the content, in hexadecimal; empty where only reading it could tell. An item with a
            digest that holds nothing of a run's window is not read again.
        size: Bytes; 0 where not known.
        rows: Records, roughly; 0 where not known.
        schema: Of its records, without ``ORIGIN``; ``None`` where only reading it can tell. No fields where
            the item holds nothing at all.
    """

    name: str
    digest: str = ""
    size: int = 0
    rows: int = 0
    schema: pa.Schema | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What of an item is to be read.

    Attributes:
        window: Data time that the run answers for, for the placeholders of a query.
        bookmark: Of the item, as the last publication left it; empty: everything is to be read.
        after: ``Part.mark`` of the last part that an earlier try of the same run kept; empty: from the start.
    """

    window: Window
    bookmark: Mapping[str, str] = field(default_factory=dict)
    after: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Some records of one item, in the item's order.

    Attributes:
        records: As received, with ``ORIGIN``; the item's schema where it has one, else the part's own.
        unreadable: In the schema ``REJECTED``.
        size: Bytes of the item that they took.
        mark: Where reading goes on after this part (``Scope.after``); empty: nowhere, only from the start.
        bookmark: Where the next run may begin once everything up to here is published; the item's last
            counts.
        retries: How often something was tried again to get this part.
    """

    records: pa.RecordBatch
    unreadable: pa.RecordBatch
    size: int = 0
    mark: str = ""
    bookmark: Mapping[str, str] = field(default_factory=dict)
    retries: int = 0


class Source(Protocol):
    """Where the records of one subject come from."""

    @property
    def name(self) -> str:
        """For people; without credentials."""

    @property
    def fingerprint(self) -> str:
        """Of the location and the mapping: another fingerprint is another source."""

    @property
    def dialect(self) -> str:
        """Of all settings that decide how an item's content is understood.

        Empty where items have no digest.
        """

    @property
    def incremental(self) -> bool:
        """Whether a bookmark says where the next run begins."""

    def items(self) -> list[Item]:
        """What there is now, in the order of the names.

        Raises:
            SourceError: It is not there, cannot be reached, or cannot be read as configured.
        """

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The item's records. Closing the iterator early frees whatever it holds.

        Raises:
            SourceError: It changed since :meth:`items` saw it, it went away, or the bookmark does not fit it.
        """


@runtime_checkable
class Keyed(Protocol):
    """A source that can list the keys of its records, so that those that are gone can be taken away."""

    def keys(self, item: Item) -> Iterator[pa.RecordBatch]:
        """The key columns (theirs) of all records of an item, as they are now, whatever the cursor says.

        Called after the records were read, so that none is taken away that is there.

        Raises:
            SourceError: They cannot be listed to their end: then nothing may be taken away.
        """


@dataclass(frozen=True, slots=True)
class Adapter:
    """One kind of source.

    Attributes:
        settings: Its model, read from the environment.
        open: Makes the source of the settings and of what its environment variables begin with, for messages:
            ``VITRINE_SALES_PRODUCT_REVENUE_``. It connects to nothing yet.
    """

    settings: type[SourceSettings]
    open: Callable[[Any, str], Source]


def origin(item: Item, positions: Sequence[int] | pa.Array[Any]) -> list[pa.Array[Any]]:
    """The columns of ``ORIGIN`` for records at some places of an item."""
    digest = item.digest or hashlib.sha256(item.name.encode()).hexdigest()
    count = len(positions)
    return [pa.repeat(item.name, count), pa.repeat(digest, count), pa.array(positions, pa.int64())]


def with_origin(
    records: pa.RecordBatch, item: Item, positions: Sequence[int] | pa.Array[Any]
) -> pa.RecordBatch:
    """Records of an item with the columns of ``ORIGIN``."""
    schema = pa.schema([*records.schema, *ORIGIN])
    return pa.record_batch([*records.columns, *origin(item, positions)], schema=schema)


def rejected(item: Item, rows: Sequence[tuple[int, str, str | None, str, str]]) -> pa.RecordBatch:
    """Records that cannot be used, in the schema ``REJECTED``.

    Args:
        item: That they are of.
        rows: Position, rule, field, reason and record of each.
    """
    positions, *rest = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    columns = [pa.array(column, pa.string()) for column in rest]
    return pa.record_batch([*origin(item, positions), *columns], schema=REJECTED)
