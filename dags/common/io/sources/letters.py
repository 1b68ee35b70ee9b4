"""Dead letters as a source: what a fix of the mapping, the transform or the settings may make usable."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from common.io.sources import ORIGIN, Item, Part, Scope, Source, rejected
from common.io.sources.documents import DECODER, named_twice, table_of

log = logging.getLogger(__name__)

ROWS = 10_000  # of one part

Letter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letters:
    """Rejected records, each with the origin it had.

    A record that was kept with its columns comes from there. One that could not even be read is read again
    from the source's own item, where that still has the same content, as the source is configured now.

    Attributes:
        source: That rejected them.
        letters: Rows of the dead letters, one of each origin.
    """

    source: Source
    letters: Sequence[Letter]

    @property
    def name(self) -> str:
        """For people."""
        return f"dead letters of {self.source.name}"

    @property
    def fingerprint(self) -> str:
        """That of the source: the records are its own."""
        return self.source.fingerprint

    @property
    def dialect(self) -> str:
        """None: what they hold says nothing of whole items."""
        return ""

    @property
    def incremental(self) -> bool:
        """Never."""
        return False

    def items(self) -> list[Item]:
        """All of them as one, whose digest is theirs."""
        digest = hashlib.sha256(repr([sorted(letter.items()) for letter in self.letters]).encode())
        return [Item("dead letters", digest.hexdigest(), rows=len(self.letters))] if self.letters else []

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """Those that can be read now; the others stay what they are.

        Raises:
            SourceError: The source cannot be read.
        """
        documents = [(letter, _document(letter["record"])) for letter in self.letters]
        whole = [(letter, document) for letter, document in documents if document is not None]
        for start in range(0, len(whole), ROWS):
            yield _part(whole[start : start + ROWS])
        raw = [letter for letter, document in documents if document is None]
        found = 0
        for part in self._read_again(raw, scope) if raw else ():
            found += part.records.num_rows
            yield part
        if found < len(raw):
            log.warning("%d dead letters cannot be read still; they stay what they are", len(raw) - found)

    def _read_again(self, raw: Sequence[Letter], scope: Scope) -> Iterator[Part]:
        """Records by their place in the items that they came from."""
        items = {(item.name, item.digest): item for item in self.source.items()}
        for place, letters in groupby(raw, key=lambda letter: (letter["_item"], letter["_digest"])):
            positions = pa.array([letter["_position"] for letter in letters], pa.int64())
            if place not in items:
                log.warning("%s is not there any more as it was read", place[0])
                continue
            for part in self.source.read(items[place], Scope(scope.window)):
                wanted = pc.is_in(part.records["_position"], value_set=positions)
                yield Part(part.records.filter(wanted), rejected(items[place], []), part.size)


def _document(record: str) -> dict[str, Any] | None:
    """The columns of a record that was kept with them."""
    try:
        document = DECODER.decode(record)
    except (msgspec.DecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) and not named_twice(document) else None


def _part(letters: Sequence[tuple[Letter, dict[str, Any]]]) -> Part:
    records = table_of([document for _, document in letters])
    origins = [pa.array([letter[field.name] for letter, _ in letters], field.type) for field in ORIGIN]
    schema = pa.schema([*records.schema, *ORIGIN])
    rows = pa.record_batch([*records.columns, *origins], schema=schema)
    return Part(rows, rejected(Item(""), []), sum(len(letter["record"]) for letter, _ in letters))
