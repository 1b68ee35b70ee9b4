"""The record of a collection as files, one a revision: who makes the next one's file first has changed it."""

from __future__ import annotations

from pathlib import Path

from common.io.collections.files.durable import create, numbered
from common.io.collections.protocol import StoreError
from common.io.collections.record import Record, from_json, to_json

KEPT = 32  # revisions that stay


class Records:
    """The revisions of one record in a folder; errors are those of the file system."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._none = self._latest = Record(name)

    def revision(self) -> int:
        """The highest revision; 0 where there is none."""
        found = numbered(self.folder)
        return max((revision for revision, name in found if name == f"{revision}.json"), default=0)

    def read(self) -> Record:
        """The record as it is now; its file is read only where the revision is another."""
        while revision := self.revision():
            latest = self._latest
            if latest.revision != revision:
                try:
                    latest = from_json((self.folder / f"{revision}.json").read_text())
                except FileNotFoundError:
                    continue  # so many others have been written meanwhile
                self._latest = latest
            return latest
        return self._none

    def write(self, after: Record) -> bool:
        """Makes the file of a revision, unless there is or was one; whether it did.

        Old revisions are deleted, so a process that slept may find a name free that was taken before. But as
        long as there are fewer than ``KEPT`` later ones, the name has never been freed.

        Raises:
            StoreError: It slept while it made the file, and whether that was in time cannot be known.
        """
        if self.revision() >= after.revision:
            return False
        if not create(self.folder / f"{after.revision}.json", to_json(after).encode()):
            return False
        if self.revision() >= after.revision + KEPT:
            raise StoreError(
                "The process slept while it wrote the record: whether it was in time cannot be known.",
                where=str(self.folder),
                next_step="Run again; what was done is recognised.",
            )
        for revision, name in numbered(self.folder):
            if revision <= after.revision - KEPT:
                (self.folder / name).unlink(missing_ok=True)
        return True
