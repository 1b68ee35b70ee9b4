"""What one file holds: itself, unpacked where it is packed, or the members of a ZIP archive."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from common.io.sources import Part
from common.io.sources.files import shapes
from common.io.sources.files.places import File, Place
from common.io.sources.files.streams import (
    Guard,
    Stored,
    UnpackError,
    packing,
    plain_name,
    unpacked,
    with_head,
)

HEAD = 2**18
"""Bytes by which a file is judged, and that a header may take."""


OFFICE = ("[Content_Types].xml", "mimetype")
"""Members by which workbooks and other documents in a ZIP archive are known."""


@dataclass(frozen=True, slots=True)
class Member:
    """One plain content.

    Attributes:
        name: Its own, without what says how it is packed.
        title: For messages.
        head: The first bytes.
        blocks: All of it, once.
        file: Gives it as a file that can be read at any offset, instead of ``blocks``.
    """

    name: str
    title: str
    head: bytes
    blocks: Iterator[bytes]
    file: Callable[[], IO[bytes]]


class Contents:
    """One file, open; to be closed.

    Args:
        place: Where it stands.
        file: Which it is.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, place: Place, file: File) -> None:
        self._local, self._name = place.local, file.name
        self._kept = ExitStack()
        self._handle = self._kept.enter_context(place.open(file))
        self._stored, self._told = Stored(self._handle), 0
        self._anywhere, self._scale = False, 1.0
        self._member_read: Member | None = None
        self._before = self._last = 0

    def close(self) -> None:
        """Frees what it holds."""
        self._kept.close()

    @property
    def size(self) -> int:
        """Bytes as stored, of what was read so far."""
        return self._stored.size

    def digest(self) -> str:
        """SHA-256 of the file as stored, whatever of it was read."""
        if self._anywhere:  # in which order it was read, and how often, is not known
            self._handle.seek(0)
            self._stored = Stored(self._handle)
        return self._stored.digest()

    def placed(self, part: Part, member: Member) -> Part:
        """A part of a member with its place and its size in the file as stored."""
        if member is not self._member_read:
            self._member_read, self._before = member, self._last
        part = _moved(part, self._before, member.title)
        self._last = max(self._last, _highest(part))
        if self._anywhere or self._scale != 1:
            return replace(part, size=int(part.size * self._scale))
        size, self._told = self._stored.size - self._told, self._stored.size
        return replace(part, size=size)

    def members(self) -> Iterator[Member]:
        """What is to be read, in the order of the names, one at a time.

        Raises:
            UnpackError: It cannot be unpacked.
            UnknownError: It is a document of an office program.
            OSError: It cannot be read.
        """
        begin, blocks = with_head(iter(self._stored), 8)
        kind = packing(self._name, begin)
        if kind == "zip":
            yield from self._archived(blocks)
        else:
            plain = unpacked(blocks, kind, lambda: self._stored.size)
            yield self._member(self._name, self._name, plain, packed=bool(kind))

    def _archived(self, blocks: Iterator[bytes]) -> Iterator[Member]:
        file = self._random(blocks, packed=False)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise UnpackError(f"the archive is cut off or damaged ({error})") from None
        chosen, size = _chosen(archive), file.seek(0, 2)
        self._scale = size / max(1, sum(info.file_size for info in chosen))
        guard = Guard(lambda: size)
        for info in chosen:
            if info.flag_bits & 1:
                raise UnpackError(f"its member {info.filename} is encrypted")
            with archive.open(info) as stream:
                begin, plain = with_head(guard.blocks(stream.read), 8)
                if kind := packing(info.filename, begin):
                    raise UnpackError(f"its member {info.filename} is {kind} data, so packed twice")
                yield self._member(info.filename, f"{info.filename} in {self._name}", plain, packed=True)

    def _member(self, name: str, title: str, blocks: Iterator[bytes], *, packed: bool) -> Member:
        head, blocks = with_head(blocks, HEAD)
        return Member(plain_name(name), title, head, blocks, lambda: self._random(blocks, packed=packed))

    def _random(self, blocks: Iterator[bytes], *, packed: bool) -> IO[bytes]:
        """The blocks as a file that can be read at any offset: a copy, unless it stands on a disk so."""
        if self._local and not packed:
            self._anywhere = True
            return self._handle
        copy = self._kept.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        for block in blocks:
            copy.write(block)
        copy.seek(0)
        return copy


def _chosen(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members to read: those of known kinds; one alone may be of any."""
    if any(name in OFFICE for name in archive.namelist()):
        raise shapes.UnknownError("it is a workbook or another document in a ZIP archive")
    files = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
    chosen = [info for info in files if shapes.known(plain_name(info.filename))]
    if len(files) > 1 and not chosen:
        raise shapes.UnknownError(f"none of its {len(files)} members is of a known kind")
    return sorted(chosen or files, key=lambda info: info.filename)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _highest(part: Part) -> int:
    """The highest position of a part's records, good or bad."""
    tables = (part.records, part.unreadable)
    return max((pc.max(table["_position"]).as_py() or 0) for table in tables)


def _moved(part: Part, by: int, title: str) -> Part:
    """A part of an archive's later member, whose positions count on from those of the ones before."""
    if not by:
        return part
    reasons = [
        f"{row['reason']} (line or record {row['_position']} of {title})"
        for row in part.unreadable.to_pylist()
    ]
    unreadable = _with(part.unreadable, "reason", pa.array(reasons, pa.string()))
    tables = [
        _with(table, "_position", pc.add(table["_position"], by)) for table in (part.records, unreadable)
    ]
    return replace(part, records=tables[0], unreadable=tables[1])


def _with(table: pa.RecordBatch, name: str, column: pa.Array[Any]) -> pa.RecordBatch:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
