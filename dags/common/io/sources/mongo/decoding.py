"""BSON as plain Python values, each of MongoDB's types in one exact form.

| MongoDB | here |
|---|---|
| ObjectId | its 24 hexadecimal digits, as text |
| Decimal128 | text as MongoDB writes it: ``1.50``, ``1E+3``, ``NaN``, ``Infinity`` |
| double, int, long, boolean, text | the same; ``NaN`` and infinities stay doubles |
| date | a time in UTC; a document with one outside of the years 1 to 9999 is rejected |
| binary | bytes; a UUID (subtype 4) as text |
| timestamp, regular expression, reference, code, MinKey, MaxKey | text, its extended JSON |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from itertools import pairwise
from struct import Struct
from typing import Any
from uuid import UUID

import bson
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import UuidRepresentation
from bson.code import Code
from bson.codec_options import CodecOptions, DatetimeConversion, TypeDecoder, TypeRegistry
from bson.dbref import DBRef
from bson.errors import InvalidBSON
from bson.json_util import dumps

from common.io.sources import RESERVED
from common.io.sources.documents import flattened, json_text

Rejection = tuple[int, str, str | None, str, str]
"""Position, rule, field, reason and record."""
MOST_DIGITS = 34  # of a Decimal128
LENGTH = Struct("<i")  # what a BSON document begins with


class _Form(TypeDecoder):
    """How values of one type are given."""

    def __init__(self, kind: type, form: Callable[[Any], Any]) -> None:
        self._kind, self._form = kind, form

    @property
    def bson_type(self) -> type:
        return self._kind

    def transform_bson(self, value: Any) -> Any:
        return self._form(value)


def _extended(value: Any) -> str:
    return str(dumps(value))


def _out_of_range(value: DatetimeMS) -> Any:
    raise ValueError(f"a date {int(value)} ms from 1970, outside of the years 1 to 9999")


def _decimal(value: Decimal128) -> str:
    """What ``str`` gives, ten times as fast for the numbers that need no exponent."""
    bits = int.from_bytes(value.bid, "little")  # sign, 14 bits of exponent, 113 of coefficient
    exponent, digits = (bits >> 113 & 0x3FFF) - 6176, str(bits & (1 << 113) - 1)
    if bits >> 125 & 3 == 3 or not -5 - len(digits) <= exponent <= 0 or len(digits) > MOST_DIGITS:
        return str(value)
    if exponent:
        digits = digits.rjust(1 - exponent, "0")
        digits = f"{digits[:exponent]}.{digits[exponent:]}"
    return f"-{digits}" if bits >> 127 else digits


FORMS: dict[type, Callable[[Any], Any]] = {
    ObjectId: str,
    Decimal128: _decimal,
    Int64: int,
    Binary: bytes,
    UUID: str,
    **dict.fromkeys((Timestamp, Regex, DBRef, Code, MinKey, MaxKey), _extended),
}


def _options(forms: dict[type, Callable[[Any], Any]], text_errors: str = "strict") -> CodecOptions[Any]:
    return CodecOptions(
        tz_aware=True,
        tzinfo=UTC,
        uuid_representation=UuidRepresentation.STANDARD,
        unicode_decode_error_handler=text_errors,
        datetime_conversion=DatetimeConversion.DATETIME_AUTO,
        type_registry=TypeRegistry([_Form(kind, form) for kind, form in forms.items()]),
    )


PLAIN = _options({**FORMS, DatetimeMS: _out_of_range})
READABLE = _options(FORMS, "backslashreplace")
UNCHANGED: CodecOptions[Any] = CodecOptions(
    tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
"""Gives values that are written back as they were."""


_Wrong = tuple[str, str | None, str]  # rule, field and reason
UNREADABLE = (InvalidBSON, ValueError)
KNOWN = 10_000  # sets of names that are remembered


class Decoder:
    """Turns BSON documents into plain ones that a table can hold.

    Args:
        flatten: Whether objects within become fields of their own.
        shows_id: Whether ``_id`` is one of the fields.
        way_out: What to do about names that a table cannot hold.
    """

    def __init__(self, *, flatten: bool, shows_id: bool, way_out: str) -> None:
        self._flatten, self._shows_id, self._way_out = flatten, shows_id, way_out
        self._known: dict[tuple[str, ...], _Wrong | None] = {}

    def documents(
        self, raw: bytes, offsets: Sequence[int], first: int
    ) -> tuple[list[dict[str, Any]], list[int], list[Rejection]]:
        """Documents with their positions, and those that cannot be used.

        Args:
            raw: Documents, one behind the other.
            offsets: Where each begins, and where the last one ends.
            first: Position of the first.
        """
        good: list[dict[str, Any]] = []
        positions: list[int] = []
        bad: list[Rejection] = []
        for position, (document, unreadable) in enumerate(_decoded(raw, offsets), first):
            if not self._shows_id:
                document.pop("_id", None)
            fields = list(flattened(document)) if self._flatten else []
            names = tuple(name for name, _ in fields) if self._flatten else tuple(document)
            wrong = unreadable or self._wrong_names(names)
            if wrong:
                bad.append((position, *wrong, json_text(document)))
            else:
                good.append(dict(fields) if self._flatten else document)
                positions.append(position)
        return good, positions, bad

    def _wrong_names(self, names: tuple[str, ...]) -> _Wrong | None:
        """Why a table cannot have columns of these names; most documents have those of another."""
        if names not in self._known:
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[names] = self._judged(names)
        return self._known[names]

    def _judged(self, names: tuple[str, ...]) -> _Wrong | None:
        seen: set[str] = set()
        for name in names:
            low = name.lower()
            if low in RESERVED:
                return "reserved_name", name, f"{name} is one of Vitrine's own names: {self._way_out}"
            if low in seen:
                return (
                    "named_twice",
                    name,
                    f"{name} is there twice; upper and lower case are one: {self._way_out}",
                )
            seen.add(low)
        return None


def split(raw: bytes, most: int) -> Iterator[tuple[bytes, list[int]]]:
    """A raw batch in pieces of so many bytes (or of one document), with their documents' offsets."""
    start = at = 0
    offsets = [0]
    while at < len(raw):
        (size,) = LENGTH.unpack_from(raw, at)
        if offsets[-1] and at - start + size > most:
            yield raw[start:at], offsets
            start, offsets = at, [0]
        at += size
        offsets.append(at - start)
    if offsets[-1]:
        yield raw[start:], offsets


def _decoded(raw: bytes, offsets: Sequence[int]) -> Iterator[tuple[dict[str, Any], _Wrong | None]]:
    """Each document, and what is wrong with one that holds what cannot be given exactly."""
    try:
        yield from ((document, None) for document in bson.decode_all(raw, PLAIN))
        return
    except UNREADABLE:
        pass  # one of them: which, and why
    for start, end in pairwise(offsets):
        try:
            document, wrong = bson.decode(raw[start:end], PLAIN), None
        except UNREADABLE as error:
            document = _readable(raw[start:end])
            wrong = "bson", next(iter(_written(document)), None), str(error)
        yield document, wrong


def _readable(raw: bytes) -> dict[str, Any]:
    """A document that cannot be given exactly, for its dead letter."""
    try:
        return bson.decode(raw, READABLE)
    except InvalidBSON:
        return {"bson": raw.hex()}


def _written(inside: Any, path: str = "") -> list[str]:
    """The paths of dates that Python does not have, in whose place their extended JSON is put."""
    paths = []
    for name, value in list(inside.items() if isinstance(inside, dict) else enumerate(inside)):
        here = f"{path}.{name}" if path else str(name)
        if isinstance(value, DatetimeMS):
            inside[name] = _extended(value)
            paths.append(here)
        elif isinstance(value, dict | list):
            paths += _written(value, here)
    return paths
