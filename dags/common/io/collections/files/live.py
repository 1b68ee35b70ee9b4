"""The live version as a folder of files, for whoever reads them without Vitrine.

``versions/<number>-<manifest>`` has the files of a version as hard links, which take no room, and ``live`` is
a symbolic link to one of these folders. The links carry the partition and the chunk in their names: who lists
``live`` and opens the files after it has moved on finds the same content or nothing, never another's. Who is
to miss no file resolves the link first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from common.io.collections.files.durable import PART, numbered, sync
from common.io.collections.manifest import Manifest
from common.io.collections.protocol import Version
from common.io.collections.record import Record


class Live:
    """The folders of versions of one collection, and the link to the live one."""

    def __init__(self, folder: Path, chunk: Callable[[int], Path]) -> None:
        self.folder, self._chunk = folder, chunk
        self.link, self.versions = folder / "live", folder / "versions"

    def prepare(self, version: Version, manifest: Manifest) -> None:
        """Makes the folder of a version that is about to be live; FileNotFoundError where a chunk is away."""
        folder = self.versions / _name(version)
        folder.mkdir(exist_ok=True)
        for partition, chunk in manifest.items():
            file = self._chunk(chunk.id)
            with suppress(FileExistsError):
                os.link(file, folder / f"{partition}.{file.name}")
        sync(folder)
        sync(self.versions)

    def follow(self, record: Callable[[], Record]) -> None:
        """Points at the live version, until it does: a slower process may have pointed back meanwhile."""
        while (version := record().live) is not None:
            target = f"{self.versions.name}/{_name(version)}"
            if self._target() == target:
                return
            part = self.folder / f"{self.link.name}.{uuid4().hex}{PART}"
            part.symlink_to(target, target_is_directory=True)
            with suppress(FileNotFoundError):  # a vacuum at the same time took it for a dead one's
                part.replace(self.link)
            sync(self.folder)

    def tidy(self, record: Record) -> None:
        """Takes away the folders of retired versions, and of those that were never published.

        A folder is renamed first, so that whoever lists it finds all of its files or no folder.
        """
        retained = {_name(version) for version in record.versions}
        for number, name in numbered(self.versions):
            folder = self.versions / name
            with suppress(FileNotFoundError):  # another vacuum was faster
                if number < record.next_version and name not in retained:
                    if not name.endswith(PART):
                        folder = folder.rename(f"{folder}.{uuid4().hex}{PART}")
                    shutil.rmtree(folder)
        for part in self.folder.glob(f"{self.link.name}.*{PART}"):
            part.unlink(missing_ok=True)

    def _target(self) -> str | None:
        try:
            return str(self.link.readlink())
        except FileNotFoundError:
            return None


def _name(version: Version) -> str:
    return f"{version.number}-{version.stored}"
