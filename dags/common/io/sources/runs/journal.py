"""What this repository's own listener writes: a file of JSON lines a day, read on from where it was left.

The files are written while they are read, so an item is what of a file was whole when it was listed; its
bookmark is the place up to which that is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from common.io.sources import Item, Part, Scope
from common.io.sources.files import streams
from common.io.sources.runs.parts import part_of
from common.io.sources.runs.records import COLUMNS, SCHEMA, Fault, Found, Record, text
from common.utils.errors import SourceError

FOLDER = "monitoring/airflow"
"""Below the house's folder."""


class Journal:
    """The files of a folder of the listener's.

    Args:
        folder: Which; where there is none yet, there are no items.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def items(self) -> list[Item]:
        """The files there are now, in the order of their days, each with the size that it has now."""
        paths = sorted(self._folder.glob("*.ndjson"))
        return [Item(path.name, size=path.stat().st_size, schema=SCHEMA) for path in paths]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The whole lines of a file after the bookmark.

        Raises:
            SourceError: The file is not there any more, or is shorter than it was.
        """
        start, line = (int(scope.bookmark.get(name, "0")) for name in ("offset", "line"))
        if item.size < start:
            raise self._changed(item, "is shorter than when it was read last")
        try:
            with (self._folder / item.name).open("rb") as file:
                file.seek(start)
                yield from self._parts(file, item, (start, line))
        except OSError as error:
            raise self._changed(item, f"cannot be read: {error.strerror}") from None

    def _parts(self, file: IO[bytes], item: Item, place: tuple[int, int]) -> Iterator[Part]:
        offset, line = place
        told = False
        while True:
            block = file.read(min(streams.BLOCK, item.size - offset))
            whole = block[: block.rfind(b"\n") + 1]
            if not whole and told:
                return
            found = [_found(line + at, raw) for at, raw in enumerate(whole.split(b"\n")[:-1], 1)]
            offset, line = offset + len(whole), line + len(found)
            bookmark = {"offset": str(offset), "line": str(line)}
            yield part_of(item, found, len(whole), bookmark)
            told = True
            if not whole:
                return
            file.seek(offset)

    def _changed(self, item: Item, what: str) -> SourceError:
        return SourceError(
            f"{item.name} {what}.",
            where=str(self._folder / item.name),
            next_step="Bring the file back as the listener wrote it, or take it away.",
        )


LINE = msgspec.json.Decoder(dict[str, str | int | float | None])


def _found(position: int, raw: bytes) -> Found:
    try:
        line = LINE.decode(raw)
    except msgspec.DecodeError:
        fault: Fault = ("json", None, "the line is no flat JSON object: it was cut off while it was written")
        return Found(position, None, fault, raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00"))
    record: Record = {name: text(line[name]) for name in COLUMNS if name in line}
    return Found(position, record)
