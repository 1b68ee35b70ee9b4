"""What a run has read so far of a source whose columns only reading tells, on disk until it is bronze.

A part is kept before the next one is asked for, so that an extraction that fails goes on from there when its
task is tried again. Each item has a folder: its parts as Arrow files, and a state that is replaced whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pyarrow as pa

from common.io.sources import Item, Part

STATE = "state.json"
FORGOTTEN = 7 * 24 * 3600.0  # seconds


class State(msgspec.Struct, frozen=True):
    """How far one item has been read.

    Attributes:
        scope: What was asked for; parts of another scope are of no use.
        parts: Kept so far.
        mark: Where reading goes on; empty where it cannot, until all is read.
        bookmark: Of the last part.
        size, retries: Bytes read, and how often something was tried again, in all tries.
        whole: Whether everything has been read.
    """

    scope: str
    parts: int = 0
    mark: str = ""
    bookmark: Mapping[str, str] = {}
    size: int = 0
    retries: int = 0
    whole: bool = False


@dataclass(slots=True)
class SpooledItem:
    """The parts of one item.

    Attributes:
        folder: Of the item alone.
        state: As it stands on disk.
    """

    folder: Path
    state: State

    def keep(self, part: Part) -> None:
        """Puts a part behind the others; it counts once this returns."""
        number = self.state.parts + 1
        _write(self.folder / f"{number:08}.records", part.records)
        rejected = self.folder / f"{number:08}.rejected"
        rejected.unlink(missing_ok=True)  # of a try that was killed before it could note the part
        if part.unreadable.num_rows:
            _write(rejected, part.unreadable)
        size, retries = self.state.size + part.size, self.state.retries + part.retries
        changes = {"parts": number, "mark": part.mark, "bookmark": dict(part.bookmark)}
        self._note(msgspec.structs.replace(self.state, **changes, size=size, retries=retries))

    def finish(self) -> None:
        """Notes that everything has been read."""
        self._note(msgspec.structs.replace(self.state, whole=True))

    def schemas(self) -> Iterator[pa.Schema]:
        """Of the parts, in their order."""
        for number in range(1, self.state.parts + 1):
            with pa.ipc.open_file(str(self.folder / f"{number:08}.records")) as file:
                yield file.schema

    def parts(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch | None]]:
        """Records and rejected records of the parts, in their order."""
        for number in range(1, self.state.parts + 1):
            rejected = self.folder / f"{number:08}.rejected"
            yield _read(self.folder / f"{number:08}.records"), _read(rejected) if rejected.exists() else None

    def _note(self, state: State) -> None:
        written = self.folder / f"{STATE}.new"
        with written.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.folder / STATE)
        self.state = state


@dataclass(frozen=True, slots=True)
class Spool:
    """The items of one run.

    Attributes:
        folder: Of the run alone.
        scope: Of what is asked for beside the item itself: the source and its settings, the window.
    """

    folder: Path
    scope: str
    items: dict[str, SpooledItem] = field(default_factory=dict)

    def item(self, item: Item, bookmark: Mapping[str, str]) -> SpooledItem:
        """As an earlier try left an item, where that asked for the same and can be gone on from."""
        folder = self.folder / hashlib.sha256(item.name.encode()).hexdigest()[:32]
        asked = repr((self.scope, item.name, item.digest, sorted(bookmark.items())))
        scope = hashlib.sha256(asked.encode()).hexdigest()
        state = _state(folder / STATE)
        if state is None or state.scope != scope or not (state.whole or state.mark):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            state = State(scope)
        self.items[item.name] = SpooledItem(folder, state)
        return self.items[item.name]

    def clear(self) -> None:
        """Removes everything, once it is bronze; and what runs left that nobody tried again for a week."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for other in self.folder.parent.glob("*"):
            if other.stat().st_mtime < time.time() - FORGOTTEN:
                shutil.rmtree(other, ignore_errors=True)


def _state(path: Path) -> State | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):  # without it, or cut off: the item is read anew
        return None


def _write(path: Path, batch: pa.RecordBatch) -> None:
    with path.open("wb") as file:
        with pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> pa.RecordBatch:
    with pa.ipc.open_file(str(path)) as file:
        return file.get_batch(0)
