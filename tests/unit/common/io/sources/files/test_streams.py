"""Bytes on their way to records: hashed, unpacked, decoded, and what is said of damaged ones."""

import gzip
import hashlib
import io
import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from common.io.sources.files import streams
from common.io.sources.files.streams import (
    Guard,
    Stored,
    UnpackError,
    ahead,
    begun,
    packing,
    plain_name,
    unpacked,
    utf8,
    with_head,
)

TEXT = b"id,name\n" + b"1,one\n" * 5000


def packed(kind: str, data: bytes = TEXT) -> bytes:
    return gzip.compress(data) if kind == "gzip" else bytes(pa.compress(data, kind, asbytes=True))


def plain(data: bytes, kind: str, block: int = 100) -> bytes:
    pieces = (data[at : at + block] for at in range(0, len(data), block))
    return b"".join(unpacked(pieces, kind, lambda: len(data)))


def test_the_digest_is_of_the_whole_content_however_much_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK", 1000)
    stored = Stored(io.BytesIO(TEXT))
    next(iter(stored))
    assert stored.size == 1000
    assert stored.digest() == hashlib.sha256(TEXT).hexdigest()
    assert stored.size == len(TEXT)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("block", [2**20, 100, 1])
def test_packed_data_is_unpacked_also_of_several_streams(kind: str, block: int) -> None:
    assert plain(packed(kind) + packed(kind, b"more"), kind, block) == TEXT + b"more"
    assert plain(packed(kind, b""), kind, block) == b""


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("harm", [lambda d: d[:-3], lambda d: d[: len(d) // 2], lambda d: d + b"garbage"])
def test_damaged_data_is_an_error_and_never_a_shorter_file(kind: str, harm: object) -> None:
    with pytest.raises(UnpackError, match="cut off or damaged"):
        plain(harm(packed(kind)), kind)  # type: ignore[operator]


def test_a_bomb_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BOMB_FLOOR", 2**20)
    monkeypatch.setattr(streams, "BLOCK", 2**16)
    with pytest.raises(UnpackError, match="unpacks to more than 1 MB and 200 times its size"):
        plain(packed("zstd", bytes(2**22)), "zstd")
    assert len(plain(packed("zstd", bytes(2**19)), "zstd")) == 2**19, (
        "small things may be as small as they like"
    )


def test_an_error_of_the_disk_is_none_of_the_packing() -> None:
    def read(size: int) -> bytes:
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        list(Guard(lambda: 1).blocks(read))


def test_a_name_that_promises_packed_data_is_held_to_it() -> None:
    assert packing("a.csv", b"id,name") == ""
    assert packing("a.csv", packed("gzip")[:8]) == "gzip"
    assert packing("a.csv.zst", packed("zstd")[:8]) == "zstd"
    with pytest.raises(UnpackError, match="does not begin as gzip data does"):
        packing("a.csv.GZ", b"id,name")
    assert [plain_name(name) for name in ("a.CSV.GZ", "a.zip", "a.csv")] == ["a.CSV", "a", "a.csv"]


def test_a_character_may_stand_across_blocks_and_may_not_be_cut_off() -> None:
    data = "id,name\n1,Zoë 漢𝔘\n".encode("utf-16")
    pieces = [data[at : at + 1] for at in range(len(data))]
    assert b"".join(utf8(iter(pieces), "utf-16")).decode() == "id,name\n1,Zoë 漢𝔘\n"
    with pytest.raises(UnicodeError):
        list(utf8(iter([data[:-1]]), "utf-16"))
    assert begun(data[:-1], "utf-16").decode() == "id,name\n1,Zoë 漢𝔘"
    assert b"".join(utf8(iter([b"a\x81"]), "cp1252")) == b"a\x81"


def test_the_head_is_read_twice_and_the_rest_once() -> None:
    head, blocks = with_head(iter([b"ab", b"cd", b"ef"]), 3)
    assert (head, list(blocks)) == (b"abcd", [b"ab", b"cd", b"ef"])
    assert with_head(iter([]), 3)[0] == b""


def test_values_are_made_ahead_in_order_and_errors_come_through() -> None:
    def numbers() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number
        raise ValueError("at the end")

    made: list[int] = []
    coming = ahead(numbers())
    assert next(coming) == 0
    with pytest.raises(ValueError, match="at the end"):
        list(coming)
    assert made == [0, 1, 2]


def test_a_reader_that_stops_leaves_no_thread() -> None:
    before = threading.active_count()
    coming = ahead(iter(range(100)))
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
