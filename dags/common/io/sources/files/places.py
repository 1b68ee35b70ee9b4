"""Where files stand: a local path or a URL that fsspec knows, one file, a folder or a glob."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import fsspec  # type: ignore[import-untyped]
from fsspec.utils import glob_translate  # type: ignore[import-untyped]

from common.io.sources.files.object_stores import options_of, s3
from common.utils.errors import SourceError
from common.utils.settings import REPOSITORY

MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class File:
    """One file: its path in the file system, and its name below the root."""

    path: str
    name: str


class Place:
    """Where the files of one subject stand.

    Args:
        configured: A path (a relative one starts at the repository) or a URL.
        connection: A URL with the credentials of a remote place; empty: those of the environment.
        prefix: Of the environment variables, for messages.

    Raises:
        SourceError: The URL cannot be used.
    """

    def __init__(self, configured: str, connection: str, prefix: str) -> None:
        self._connection, self._prefix = connection, prefix
        self._remote = "://" in configured
        if self._remote and "@" in configured.partition("://")[2].partition("/")[0]:
            raise SourceError(
                "The path has a login in it, which would be shown in logs.",
                where=f"{prefix}PATH",
                next_step=f"Set {prefix}CONNECTION to an Airflow Connection or a URL with it instead.",
            )
        self._configured = configured
        self.shown = re.sub(r"^(https?://[^?]*).*", r"\1", configured)  # the query may hold a token
        self._opened: tuple[Any, str] | None = None

    @property
    def local(self) -> bool:
        """Whether its files are on a disk, so that reading one twice costs no transfer."""
        return not self._remote

    def where(self, file: File) -> str:
        """A file's place for messages."""
        return file.path if self.local else f"{self.shown.partition('://')[0]}://{file.path.lstrip('/')}"

    def files(self, is_known: Callable[[str], bool]) -> list[File]:
        """The files that are meant, in the order of their names; hidden ones are left out.

        Args:
            is_known: Whether a file of a folder is meant, by its name.

        Raises:
            SourceError: There is nothing, or it cannot be reached.
        """
        try:
            fs, path = self._file_system()
            root, pattern = _root_and_pattern(fs, path)
            if not pattern and fs.isfile(root):
                return [_checked(File(root, root.rpartition("/")[2]), self.shown)]
            there = fs.find(root, detail=True) if fs.exists(root) else {}
            found = [name for name, info in there.items() if _is_file(fs, info)]
            if not found and not fs.isdir(root):
                raise self._nothing()
        except (OSError, ValueError, ImportError) as error:
            raise self.unreachable(error) from None
        meant = re.compile(glob_translate(pattern)).fullmatch if pattern else is_known
        names = ((one, one[len(root.rstrip("/")) + 1 :]) for one in found)
        chosen = [File(one, name) for one, name in names if not _is_hidden(name) and meant(name)]
        return sorted((_checked(file, self.shown) for file in chosen), key=lambda file: file.name)

    def file(self, name: str) -> File:
        """The file of a name that :meth:`files` gave."""
        try:
            fs, path = self._file_system()
            root, pattern = _root_and_pattern(fs, path)
            alone = not pattern and name == root.rpartition("/")[2] and not fs.isdir(root)
        except (OSError, ValueError, ImportError) as error:
            raise self.unreachable(error) from None
        return File(root if alone else f"{root.rstrip('/')}/{name}", name)

    def open(self, file: File) -> IO[bytes]:
        """A file for reading, at any offset.

        Raises:
            OSError: As the file system raises it; :meth:`unreachable` makes a SourceError of it.
        """
        fs, _ = self._file_system()
        return cast("IO[bytes]", Path(file.path).open("rb") if self.local else fs.open(file.path, "rb"))

    def unreachable(self, error: Exception, file: File | None = None) -> SourceError:
        """What to say of an error of the file system, whose own words may hold credentials."""
        what = file.name if file else self.shown
        if isinstance(error, ImportError):
            why = f"the package {error.name or 'for its protocol'} is not installed"
        elif code := re.search(r"AWS Error ([A-Z_]+)", str(error)):
            why = f"the object store says {code[1]}"
        else:
            why = getattr(error, "strerror", None) or type(error).__name__
        step = "Run the task again once the file can be read."
        if self._remote:
            step = (
                f"Check the address and {self._prefix}CONNECTION (login, password, region, "
                "endpoint_override), and that the login may list and read there; then run the task again."
            )
        return SourceError(
            f"{what} cannot be read: {why}.", where=self.where(file) if file else what, next_step=step
        )

    def _file_system(self) -> tuple[Any, str]:
        if self._opened is None:
            self._opened = self._made()
        return self._opened

    def _made(self) -> tuple[Any, str]:
        if not self._remote:
            path = REPOSITORY / Path(self._configured).expanduser()
            return fsspec.filesystem("file"), str(path)
        if self._configured.startswith(("s3://", "s3a://")):
            return s3(self._connection), self._configured.partition("://")[2]
        options = options_of(self._connection)
        fs, path = fsspec.url_to_fs(
            self._configured, skip_instance_cache=True, use_listings_cache=False, **options
        )
        return fs, str(path)

    def _nothing(self) -> SourceError:
        return SourceError(
            f"There is nothing at {self._file_system()[1] if self.local else self.shown}.",
            where=f"{self._prefix}PATH={self.shown}",
            next_step=f"Set {self._prefix}PATH to a file, a folder of them or a glob.",
        )


def _is_file(fs: Any, info: dict[str, Any]) -> bool:
    """Whether an entry is a file or a link to one; an object store is not asked again."""
    return info["type"] == "file" or (bool(info.get("islink")) and bool(fs.isfile(info["name"])))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _root_and_pattern(fs: Any, path: str) -> tuple[str, str]:
    """A folder (or the one file) and the glob below it, empty where there is none."""
    if not MAGIC.search(path) or fs.exists(path):
        return path.rstrip("/") or path, ""
    parts = path.split("/")
    plain = next(index for index, part in enumerate(parts) if MAGIC.search(part))
    return "/".join(parts[:plain]), "/".join(parts[plain:])


def _checked(file: File, shown: str) -> File:
    """The file, whose name must be text: bytes of a local name that are no UTF-8 come as surrogates."""
    if any("\ud800" <= letter <= "\udfff" for letter in file.name):
        raise SourceError(
            f"The name of the file {file.name!a} is not UTF-8.",
            where=ascii(file.path.rpartition("/")[0] or shown),
            next_step="Rename the file: its name is kept with each of its records.",
        )
    return file
