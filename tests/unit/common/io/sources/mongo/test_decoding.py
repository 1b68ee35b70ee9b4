"""MongoDB's types in their exact forms, and what has none."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.code import Code
from bson.dbref import DBRef

from common.io.sources.mongo import decoding
from common.io.sources.mongo.decoding import Decoder, split

LONGEST = "9.999999999999999999999999999999999E+6144"
HEX = "0123456789abcdef01234567"


def decoded(*raw: bytes, flatten: bool = False) -> tuple[list[dict[str, Any]], list[int], list[Any]]:
    """Documents as a read gives them."""
    ((piece, offsets),) = split(b"".join(raw), 2**20)
    return Decoder(flatten=flatten, shows_id=True, way_out="rename it").documents(piece, offsets, 1)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (ObjectId(HEX), HEX),
        (Decimal128("1.50"), "1.50"),
        (Decimal128("1E+3"), "1E+3"),
        (Decimal128("-Infinity"), "-Infinity"),
        (Decimal128("NaN"), "NaN"),
        (
            Decimal128("9.999999999999999999999999999999999E+6144"),
            "9.999999999999999999999999999999999E+6144",
        ),
        (Int64(2**63 - 1), 2**63 - 1),
        (math.inf, math.inf),
        (datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
        (b"\x00\xff", b"\x00\xff"),
        (Binary(b"\x00\xff", 128), b"\x00\xff"),
        (Binary.from_uuid(UUID(int=7)), "00000000-0000-0000-0000-000000000007"),
        (Binary(b"1234567890abcdef", 3), b"1234567890abcdef"),
        (Timestamp(5, 6), '{"$timestamp": {"t": 5, "i": 6}}'),
        (Regex("a.c", "i"), '{"$regularExpression": {"pattern": "a.c", "options": "i"}}'),
        (DBRef("orders", ObjectId(HEX)), f'{{"$ref": "orders", "$id": "{HEX}"}}'),
        (Code("f()"), '{"$code": "f()"}'),
        (MinKey(), '{"$minKey": 1}'),
        (MaxKey(), '{"$maxKey": 1}'),
    ],
)
def test_each_type_has_one_form_wherever_it_stands(value: Any, form: Any) -> None:
    (document,), positions, bad = decoded(bson.encode({"a": value, "b": {"c": [value]}}))
    assert document == {"a": form, "b": {"c": [form]}}
    assert type(document["a"]) is type(document["b"]["c"][0]) is type(form)
    assert (positions, bad) == ([1], [])


def test_decimals_are_written_as_mongodb_writes_them() -> None:
    draw = Random(7)
    texts = [f"{draw.choice(['', '-'])}{draw.getrandbits(draw.randint(1, 112))}" for _ in range(3000)]
    values = [Decimal128(f"{text}E{draw.randint(-45, 6)}") for text in texts]
    values += [Decimal128(text) for text in ("0", "-0", "0.00", "0E-7", "0.000001", "1E-7", "-NaN", "9" * 34)]
    (document,), _, _ = decoded(bson.encode({"values": values}))
    assert document["values"] == [str(value) for value in values]


@pytest.mark.parametrize("path", ["at", "a.at", "a.0.at"])
@pytest.mark.parametrize("milliseconds", [253402300800000, -62135596800001, 2**63 - 1])
def test_a_date_that_python_lacks_rejects_its_document_alone(path: str, milliseconds: int) -> None:
    value: Any = DatetimeMS(milliseconds)
    for name in reversed(path.split(".")):
        value = [value] if name == "0" else {name: value}
    good, positions, bad = decoded(bson.encode({"n": 1}), bson.encode(value), bson.encode({"n": 3}))
    assert (good, positions) == ([{"n": 1}, {"n": 3}], [1, 3])
    ((position, rule, field, reason, record),) = bad
    assert (position, rule, field) == (2, "bson", path)
    assert "outside of the years" in reason
    assert str(milliseconds) in record


def test_text_that_is_no_utf8_rejects_its_document_alone() -> None:
    raw = bson.encode({"n": 2, "name": "caf##"}).replace(b"##", b"\xe9!")
    good, positions, bad = decoded(bson.encode({"n": 1}), raw, bson.encode({"n": 3}))
    assert (good, positions) == ([{"n": 1}, {"n": 3}], [1, 3])
    ((position, rule, _, reason, record),) = bad
    assert (position, rule, record) == (2, "bson", '{"n":2,"name":"caf\\\\xe9!"}')
    assert "utf-8" in reason


def test_bytes_that_are_no_document_are_kept_as_they_are() -> None:
    wrong = struct.pack("<i", 8) + b"\x77a\x00\x00"
    good, _, bad = decoded(bson.encode({"n": 1}), wrong)
    assert good == [{"n": 1}]
    assert bad[0][4] == f'{{"bson":"{wrong.hex()}"}}'


def test_pieces_hold_whole_documents_and_all_of_them() -> None:
    raw = [bson.encode({"text": "x" * size}) for size in (1, 500, 3, 40, 41)]
    pieces = list(split(b"".join(raw), 120))
    assert b"".join(piece for piece, _ in pieces) == b"".join(raw)
    assert [len(offsets) - 1 for _, offsets in pieces] == [1, 1, 2, 1]
    assert all(offsets[-1] == len(piece) for piece, offsets in pieces)
    assert list(split(b"", 10)) == []


def test_names_are_judged_once_for_all_documents_that_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "KNOWN", 2)
    raw = [bson.encode({f"{letter}": 1, "A": 2}) for letter in "abcabc"]
    _, positions, bad = decoded(*raw)
    assert positions == [2, 3, 5, 6]
    assert [(one[0], one[2]) for one in bad] == [(1, "A"), (4, "A")]
