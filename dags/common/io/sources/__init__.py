"""Where raw records come from: adapters that yield Arrow batches, all of one protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from common.utils.arrow import schema_of

ORIGIN = schema_of(
    _source_file=pa.string(),
    _file_hash=pa.string(),
    _line=pa.int64(),
)
"""Where a record came from: every row of bronze, silver and the dead letters has it."""

VERDICT = schema_of(rule=pa.string(), field=pa.string(), reason=pa.string())
"""Why a record was rejected."""

REJECTED = pa.schema([*ORIGIN, *VERDICT, pa.field("record", pa.string())])
"""A rejected record; ``record`` is its raw text where it could not be read, stray bytes as ``\\xa3``."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source can be read by: a file.

    Attributes:
        name: Relative to the source's root; items are read in the order of their names.
        digest: SHA-256 of the content, in hexadecimal.
        size: Bytes.
        columns: As the header names them, stripped; empty where the item holds nothing at all.
    """

    name: str
    digest: str
    size: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some records of one item, in the item's order.

    Attributes:
        records: All columns as received, as strings (empty is null), and ``ORIGIN``.
        unreadable: In the schema ``REJECTED``.
        size: Bytes of the item that they took.
    """

    records: pa.RecordBatch
    unreadable: pa.RecordBatch
    size: int


class Source(Protocol):
    """Where the records of one subject come from."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def fingerprint(self) -> str:
        """Of the location and the mapping: another fingerprint is another source."""

    @property
    def dialect(self) -> str:
        """Of all settings that decide how an item's content is understood."""

    def items(self) -> list[Item]:
        """What there is now, in the order of the names.

        Raises:
            SourceError: It is not there, or cannot be read as configured.
        """

    def demand_columns(self, item: Item, needed: Sequence[str]) -> None:
        """Raises SourceError where the item lacks a column that one of ``needed`` (ours) is mapped to."""

    def read(self, item: Item) -> Iterator[Part]:
        """The item's records.

        Raises:
            SourceError: It changed since :meth:`items` saw it.
        """
