"""The bytes of a file on their way to its records: read and hashed as stored, unpacked, turned into UTF-8."""

from __future__ import annotations

import codecs
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import IO, Any, TypeVar, cast

import pyarrow as pa

BLOCK = 4 * 2**20
"""Bytes read, unpacked and parsed at a time."""
BOMB_RATIO, BOMB_FLOOR = 200, 2**30
"""Packed data that becomes so many times larger, and more than so many bytes, is taken for a bomb."""
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
SUFFIXES = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".zip": "zip"}

T = TypeVar("T")


class UnpackError(Exception):
    """Packed data that cannot be unpacked; the text says why."""


class Stored:
    """The blocks of a file as stored, once, with the digest and the size of those read so far."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def __iter__(self) -> Iterator[bytes]:
        while block := self._file.read(BLOCK):
            self._digest.update(block)
            self.size += len(block)
            yield block

    def digest(self) -> str:
        """Of the whole content: what was not read yet is read."""
        for _ in self:
            pass
        return self._digest.hexdigest()


def packing(name: str, head: bytes) -> str:
    """How a file is packed: ``gzip``, ``zstd``, ``zip`` or not, by its first bytes.

    Raises:
        UnpackError: Its name says another thing.
    """
    found = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")
    named = next((kind for suffix, kind in SUFFIXES.items() if name.lower().endswith(suffix)), "")
    if named and found != named:
        raise UnpackError(f"it does not begin as {named} data does")
    return found


def plain_name(name: str) -> str:
    """A file's name without what says how it is packed: ``a.csv.gz`` is ``a.csv``."""
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)]


def unpacked(blocks: Iterator[bytes], kind: str, size: Callable[[], int]) -> Iterator[bytes]:
    """The plain content of gzip or zstd data, of one or several streams.

    Args:
        blocks: As stored.
        kind: ``gzip``, ``zstd``, or empty for what is not packed.
        size: Bytes taken of ``blocks`` up to now.

    Raises:
        UnpackError: The data is cut off, damaged or a bomb.
    """
    if not kind:
        yield from blocks
        return
    source = pa.PythonFile(io.BufferedReader(_Readable(blocks), 2**16), mode="r")
    with pa.CompressedInputStream(source, cast(Any, kind)) as stream:
        yield from Guard(size).blocks(stream.read)


class Guard:
    """Reads packed data that may be damaged, or far larger than it looks.

    Args:
        size: Bytes of the packed data that were taken up to now.
    """

    def __init__(self, size: Callable[[], int]) -> None:
        self._size, self._total = size, 0

    def blocks(self, read: Callable[[int], bytes]) -> Iterator[bytes]:
        """What ``read`` gives until it gives nothing.

        Raises:
            UnpackError: It is cut off, damaged or a bomb.
        """
        while True:
            try:
                block = read(BLOCK)
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, zlib.error) as error:
                if isinstance(error, OSError) and error.errno:  # the file cannot be read
                    raise
                raise UnpackError(f"the packed data is cut off or damaged ({error})") from None
            if not block:
                return
            self._total += len(block)
            if self._total > BOMB_FLOOR and self._total > BOMB_RATIO * self._size():
                raise UnpackError(
                    f"it unpacks to more than {BOMB_FLOOR >> 20} MB and {BOMB_RATIO} times its size"
                )
            yield block


def utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Blocks in UTF-8; a byte that is not in the encoding stays as it is, so is no UTF-8.

    Raises:
        UnicodeError: The encoding cannot go on after what is not in it, or ends within a character.
    """
    if encoding == "utf-8":
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    for block in chain(blocks, [b""]):
        yield decoder.decode(block, final=not block).encode("utf-8", "surrogateescape")


def begun(head: bytes, encoding: str) -> bytes:
    """The first bytes of a text in UTF-8; likewise, but it may be cut off within a character."""
    if encoding == "utf-8":
        return head
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    return decoder.decode(head).encode("utf-8", "surrogateescape")


def with_head(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, ``size`` of them or more unless there are less, and all blocks."""
    taken: list[bytes] = []
    while sum(map(len, taken)) < size and (block := next(blocks, None)) is not None:
        taken.append(block)
    return b"".join(taken), chain(taken, blocks)


def ahead(values: Iterator[T]) -> Iterator[T]:
    """The values, each made in a thread while the one before it is in use."""
    done: Any = object()
    with ThreadPoolExecutor(1, "vitrine-read") as thread:
        coming = thread.submit(next, values, done)
        while (value := coming.result()) is not done:
            coming = thread.submit(next, values, done)
            yield value


class _Readable(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
