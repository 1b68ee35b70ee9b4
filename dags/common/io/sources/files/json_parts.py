"""Turns the UTF-8 blocks of a JSON document or of JSON lines into records and what could not be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from common.io.sources import RESERVED, Item, Part, rejected, with_origin
from common.io.sources.documents import DECODER, Nested, named_twice, table_of, why_no_json
from common.io.sources.files import streams
from common.io.sources.files.csv_records import LONGEST
from common.utils.errors import SourceError

LARGEST = 256 * 2**20
"""Bytes of a JSON document, which is held in memory as a whole."""
ROWS = 20_000
"""Records of a part, at most."""
BOM = b"\xef\xbb\xbf"
OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
NAME = re.compile(rb'"\s*:')
ERRORS = (msgspec.DecodeError, ValueError, RecursionError)

Bad = tuple[str, str | None, str]


@dataclass(slots=True)
class _Rows:
    """Records on their way into one part."""

    item: Item
    nested: Nested
    positions: list[int] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    bad: list[tuple[int, str, str | None, str, str]] = field(default_factory=list)
    size: int = 0

    def add(self, position: int, raw: bytes) -> None:
        """Takes in a record by its text."""
        self.size += len(raw) + 1
        document, bad = _document(raw)
        if bad:
            shown = raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
            self.bad.append((position, *bad, shown))
        else:
            self.positions.append(position)
            self.documents.append(document)

    @property
    def full(self) -> bool:
        return self.size >= streams.BLOCK or len(self.documents) >= ROWS

    def part(self) -> Part:
        """The part, after which it is empty."""
        records = with_origin(table_of(_spelled(self.documents), self.nested), self.item, self.positions)
        made = Part(records, rejected(self.item, self.bad), self.size)
        self.positions, self.documents, self.bad, self.size = [], [], [], 0
        return made


def lines(blocks: Iterator[bytes], item: Item, nested: Nested) -> Iterator[Part]:
    """The records of a text with one JSON object a line; blank lines are none.

    Raises:
        SourceError: A line is too long.
    """
    rows, position, rest = _Rows(item, nested), 0, b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            position += 1
            if text := _stripped(line, position):
                rows.add(position, text)
            if rows.full:
                yield rows.part()
        if len(rest) > LONGEST:
            raise SourceError(
                f"{item.name} has a line of more than {LONGEST >> 20} MB: these are no JSON lines.",
                where=f"{item.name}, line {position + 1}",
                next_step="Take the file away, or set the source's format to json if it is one document.",
            )
    if text := _stripped(rest, position + 1):
        rows.add(position + 1, text)
    if rows.size:
        yield rows.part()


def document(blocks: Iterator[bytes], item: Item, nested: Nested, path: str, prefix: str) -> Iterator[Part]:
    """The records of one JSON document: an array's, or those at a path in an object, or the object itself.

    Args:
        blocks: Of the document.
        item: That it is.
        nested: How what lies within records is kept.
        path: Names with dots between them, such as ``data.items``; empty: the document itself.
        prefix: Of the environment variables, for messages.

    Raises:
        SourceError: It is no JSON, it is too large, or it has nothing at the path.
    """
    raw = _whole(blocks, item)
    if not raw.strip():
        return
    try:
        raw = _at(raw, path, item, prefix)
        records = _elements(raw)
    except ERRORS:
        raise SourceError(
            f"{item.name} is no JSON document: {why_no_json(raw).removeprefix('no JSON: ')}.",
            where=item.name,
            next_step=f"Mend the file, or set {prefix}FORMAT=ndjson if each line is a record of its own.",
        ) from None
    rows = _Rows(item, nested)
    for position, record in enumerate(records, 1):
        rows.add(position, record)
        if rows.full:
            yield rows.part()
    if rows.size:
        yield rows.part()


def _stripped(line: bytes, position: int) -> bytes:
    return (line.removeprefix(BOM) if position == 1 else line).strip(b" \t\r")


def _whole(blocks: Iterator[bytes], item: Item) -> bytes:
    taken, size = [], 0
    for block in blocks:
        taken.append(block)
        size += len(block)
        if size > LARGEST:
            raise SourceError(
                f"{item.name} is a JSON document of more than {LARGEST >> 20} MB, and is held in memory.",
                where=item.name,
                next_step="Write it as NDJSON, one record a line, which is read piece by piece.",
            )
    return b"".join(taken).removeprefix(BOM)


def _at(raw: bytes, path: str, item: Item, prefix: str) -> bytes:
    """What a document has at a path."""
    if path:
        DECODER.decode(raw)  # all of it is JSON
    for depth, name in enumerate(names := path.split(".") if path else ()):
        inside: dict[str, msgspec.Raw] = OBJECT.decode(raw) if raw.lstrip().startswith(b"{") else {}
        if name not in inside:
            there = ", ".join(f'"{one}"' for one in list(inside)[:10]) or "no object"
            raise SourceError(
                f"{item.name} has no records at {path}: {'.'.join(names[:depth]) or 'its top'} has {there}.",
                where=item.name,
                next_step=f"Set {prefix}RECORDS to the path of the records, such as data.items.",
            )
        raw = bytes(inside[name])
    return raw


def _elements(raw: bytes) -> Sequence[bytes | msgspec.Raw]:
    if raw.lstrip().startswith(b"["):
        return [bytes(one) for one in ARRAY.decode(raw)]
    DECODER.decode(raw)
    return [] if raw.strip() == b"null" else [raw.strip()]


def _document(raw: bytes) -> tuple[dict[str, Any], Bad | None]:
    """A record, or the rule it breaks, the field and why."""
    try:
        found = DECODER.decode(raw)
    except ERRORS:
        return {}, ("json", None, _why(raw))
    if not isinstance(found, dict):
        return {}, ("no_object", None, "a record is a JSON object, and this is not")
    if twice := named_twice(found) or _repeated(raw, found):
        return {}, ("named_twice", twice, f"two fields are named {twice} (upper and lower case are one)")
    if reserved := next((name for name in found if name.lower() in RESERVED), ""):
        return {}, ("reserved", reserved, f"a field is named {reserved}, as one of Vitrine's own")
    return found, None


def _why(raw: bytes) -> str:
    why = why_no_json(raw)
    return "half of a surrogate pair" if why.startswith("no JSON that") and b"\\u" in raw else why


def _repeated(raw: bytes, found: dict[str, Any]) -> str:
    """A name that an object of the record has twice, of which the decoder keeps the last alone."""
    if len(NAME.findall(raw)) == _names(found):  # no more in the text than were kept
        return ""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        repeated.extend(name for at, name in enumerate(names) if name in names[:at])

    json.loads(raw, object_pairs_hook=note)
    return next(iter(repeated), "")


def _names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_names(one) for one in value.values() if isinstance(one, dict | list))
    return sum(_names(one) for one in value if isinstance(one, dict | list))


def _spelled(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The documents with one spelling of each name, the first: ``ID`` and ``id`` are one column."""
    names = dict.fromkeys(name for document in documents for name in document)
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.lower(), name)
    if len(first) == len(names):
        return documents
    return [{first[name.lower()]: value for name, value in document.items()} for document in documents]
