"""Files that are there whole and durable, or not at all; and a folder's errors in the words of the store."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
from pydantic import ValidationError

from common.io.collections.protocol import StoreError

PART = ".part"  # ends the name of what is not finished; nobody reads it, vacuum takes it away
RESTORE = "Restore the file, or roll back to a version that does not need it."

_NEXT_STEPS = {
    errno.ENOSPC: "Make room on the disk and run again; what was written so far is taken away by vacuum.",
    errno.EDQUOT: "Raise the quota and run again; what was written so far is taken away by vacuum.",
    errno.EACCES: "Give the user of this process the right to read and write there.",
    errno.EPERM: "Give the user of this process its rights, on a file system that has hard links.",
    errno.EROFS: "Mount the file system for writing.",
    errno.ENOTSUP: "Use a file system that has hard links.",
}


def create(path: Path, content: bytes) -> bool:
    """Makes a file, unless there is one; whether it did."""
    part = path.with_name(f"{path.name}.{uuid4().hex}{PART}")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        made = settle(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)
    return made


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, each of them durable."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def settle(part: Path, path: Path) -> bool:
    """Gives a finished and synced file its name, unless that is taken or a vacuum took it; whether it did.

    By a hard link, because a rename would replace what has the name. The caller syncs the folder.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except FileNotFoundError:
        if part.exists():
            raise
        return False
    part.unlink(missing_ok=True)
    return True


def sync(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def numbered(folder: Path) -> list[tuple[int, str]]:
    """The names in a folder that begin with a number, each with it; none where there is no folder."""
    try:
        found = [(re.match(r"\d+", path.name), path.name) for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return [(int(number[0]), name) for number, name in found if number]


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raises the errors of the file system, and of files that cannot be parsed, as StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The collection's files: {error.strerror or error}.",
            where=f"{place}, {error.filename}" if error.filename else place,
            next_step=_NEXT_STEPS.get(error.errno or 0, "See that the folder is there and mounted."),
        ) from error
    except (pa.ArrowInvalid, ValidationError) as error:
        raise StoreError(
            f"A file of the collection cannot be read: {str(error).splitlines()[0]}",
            where=place,
            next_step=RESTORE,
        ) from error
