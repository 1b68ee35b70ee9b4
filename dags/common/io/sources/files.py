"""CSV files: a file, a folder or a glob, read as streams of Arrow batches with the line of every record."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from common.io.sources import Item, Part
from common.io.sources.csv_parts import BOM, Layout, parts
from common.utils.errors import SourceError
from common.utils.settings import REPOSITORY, FileSource

log = logging.getLogger(__name__)

BLOCK = 4 * 2**20  # bytes read at a time
HEAD = 2**18  # bytes that a header may take
EVERYTHING = "**/*"
MAGIC = frozenset("*?[")


class CsvFiles:
    """The CSV files that the environment configures for one subject.

    Args:
        settings: Where they stand and how they are read.
        prefix: Of the environment variables, for messages: ``VITRINE_SALES_PRODUCT_REVENUE_``.

    Raises:
        SourceError: The encoding or the delimiter cannot be used.
    """

    def __init__(self, settings: FileSource, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix
        self._root, self._pattern = _root_and_pattern(settings.path)
        try:
            self._encoding = codecs.lookup(settings.encoding).name
        except LookupError:
            raise SourceError(
                f'"{settings.encoding}" is no encoding that Python knows.',
                where=f"{prefix}ENCODING",
                next_step="Use one such as utf-8, latin-1, cp1252 or utf-16.",
            ) from None
        if not settings.delimiter.isascii() or settings.delimiter in '"\r\n':
            raise SourceError(
                f"{settings.delimiter!r} cannot part the fields of a CSV file.",
                where=f"{prefix}DELIMITER",
                next_step="Use one ASCII character, such as a comma, a semicolon or a tab.",
            )

    @property
    def name(self) -> str:
        """For people: the path as configured."""
        return f"CSV files at {self._settings.path}"

    @property
    def fingerprint(self) -> str:
        """Of path, columns, key and updated_at."""
        return _digest(self._settings.path, *self._mapping)

    @property
    def dialect(self) -> str:
        """Of the mapping, the delimiter and the encoding."""
        return _digest(*self._mapping, self._settings.delimiter, self._encoding)

    def items(self) -> list[Item]:
        """The files there are now, in the order of their names.

        Raises:
            SourceError: The configured path does not exist, or a file's header cannot be used.
        """
        if not self._root.exists():
            raise SourceError(
                f"There is nothing at {self._root}.",
                where=f"{self._prefix}PATH={self._settings.path}",
                next_step=f"Set {self._prefix}PATH to a CSV file, a folder of them or a glob.",
            )
        if self._root.is_file():
            return [self._item(self._root)]
        found = (path for path in self._root.glob(self._pattern) if path.is_file() and self._is_meant(path))
        return sorted((self._item(path) for path in found), key=lambda item: item.name)

    def demand_columns(self, item: Item, needed: Sequence[str]) -> None:
        """Raises SourceError where the file lacks a column that one of ``needed`` (ours) is mapped to.

        A file without a header holds nothing and lacks nothing.
        """
        used = self._settings
        proposals = {
            "COLUMNS": {name: used.columns.get(name, name) for name in needed},
            "KEY": {name: name for name in used.key},
            "UPDATED_AT": {name: name for name in [used.updated_at] if name},
        }
        known = {column.lower() for column in item.columns}
        for variable, theirs in proposals.items() if item.columns else ():
            missing = [column for column in theirs.values() if column.lower() not in known]
            if missing and any("\0" in name for name in item.columns):
                raise self._no_csv(self._path(item), "it has NUL bytes")
            if missing:
                right = {name: _nearest(column, item.columns) for name, column in theirs.items()}
                pairs = [
                    f"{name}={column}" if variable == "COLUMNS" else column for name, column in right.items()
                ]
                raise SourceError(
                    f"{item.name} has no column {_listed(missing)}; it has {_listed(item.columns)}.",
                    where=f"the header of {self._path(item)}",
                    next_step=f"Say which columns to use: {self._prefix}{variable}={','.join(pairs)}",
                )

    def read(self, item: Item) -> Iterator[Part]:
        """The file's records.

        Raises:
            SourceError: The file changed since :meth:`items` saw it, or it is no CSV file.
        """
        if not item.columns:
            log.warning("%s is empty: 0 records", item.name)
            return
        layout = Layout(item, self._settings.delimiter, self._settings.encoding, f"{self._prefix}ENCODING")
        path, digest = self._path(item), hashlib.sha256()
        yield from parts(self._utf8(_blocks(path, digest), path), layout)
        if digest.hexdigest() != item.digest:
            raise SourceError(
                f"{item.name} changed while it was read.",
                where=str(path),
                next_step="Nothing of it was kept. Run the task again once the file is complete.",
            )

    @property
    def _mapping(self) -> tuple[object, ...]:
        used = self._settings
        return (*sorted(used.columns.items()), used.key, used.updated_at)

    def _is_meant(self, path: Path) -> bool:
        """Whether a file found is one to read: not hidden, and ``*.csv`` where no pattern says otherwise."""
        hidden = any(part.startswith(".") for part in path.relative_to(self._root).parts)
        return not hidden and (self._pattern != EVERYTHING or path.suffix.lower() == ".csv")

    def _path(self, item: Item) -> Path:
        return self._root / item.name if self._root.is_dir() else self._root

    def _item(self, path: Path) -> Item:
        name = path.relative_to(self._root).as_posix() if path != self._root else path.name
        if any("\ud800" <= letter <= "\udfff" for letter in name):  # bytes of the name that are no UTF-8
            raise SourceError(
                f"The name of the file {name!a} is not UTF-8.",
                where=ascii(str(path.parent)),
                next_step="Rename the file: its name is kept with each of its records.",
            )
        digest, size, head = hashlib.sha256(), 0, b""
        for block in _blocks(path, digest):
            head, size = head or block[:HEAD], size + len(block)
        return Item(
            name, digest.hexdigest(), size, self._header(b"".join(self._utf8(iter([head]), path)), path)
        )

    def _header(self, head: bytes, path: Path) -> tuple[str, ...]:
        """The names in the first line that is not blank."""
        text = head.removeprefix(BOM).decode("utf-8", "replace").lstrip("\r\n")
        try:
            names = next(csv.reader(io.StringIO(text, newline=""), delimiter=self._settings.delimiter), [])
        except csv.Error as error:
            raise self._no_csv(path, str(error)) from error
        columns = tuple(name.strip() or f"column_{at}" for at, name in enumerate(names, 1))
        lower = [column.lower() for column in columns]
        wrong = [name for name in columns if lower.count(name.lower()) > 1 or name.startswith("_")]
        if wrong:
            raise SourceError(
                f"The header of {path.name} names a column twice (upper and lower case are one) or with "
                f"an underscore in front, which is kept for Vitrine's own: {_listed(wrong)}.",
                where=f"the header of {path}",
                next_step="Rename them in the file.",
            )
        return columns

    def _no_csv(self, path: Path, why: str) -> SourceError:
        return SourceError(
            f"{path.name} does not begin with a header in {self._settings.encoding}: {why}.",
            where=f"the header of {path}",
            next_step=f"Unpack the file if it is compressed, set {self._prefix}ENCODING if it is text in "
            "another encoding, such as utf-16, or take the file away.",
        )

    def _utf8(self, blocks: Iterator[bytes], path: Path) -> Iterator[bytes]:
        """The blocks in UTF-8; a byte that is not in the file's encoding stays as it is, so is no UTF-8."""
        if self._encoding == "utf-8":
            yield from blocks
            return
        decoder = codecs.getincrementaldecoder(self._encoding)("surrogateescape")
        try:
            for block in blocks:
                yield decoder.decode(block).encode("utf-8", "surrogateescape")
        except UnicodeError as error:
            raise SourceError(
                f"{path.name} cannot be decoded: {error}.",
                where=str(path),
                next_step=f"Set {self._prefix}ENCODING to the encoding that the file is in.",
            ) from error


def _blocks(path: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    """The file's bytes, which the digest takes in too."""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                yield block
    except OSError as error:
        raise SourceError(
            f"{path.name} cannot be read: {error.strerror}.",
            where=str(path),
            next_step="Run the task again once the file can be read.",
        ) from error


def _root_and_pattern(configured: str) -> tuple[Path, str]:
    """A folder (or the one file) and the glob below it; a relative path starts at the repository."""
    path = REPOSITORY / Path(configured).expanduser()
    if path.exists() or not MAGIC & set(configured):
        return path, EVERYTHING
    plain = next(index for index, part in enumerate(path.parts) if MAGIC & set(part))
    return Path(*path.parts[:plain]), str(Path(*path.parts[plain:]))


def _nearest(wanted: str, columns: Sequence[str]) -> str:
    """The column whose name is most like the wanted one, or holds it; a gap to fill where none is near."""
    plain = {"".join(filter(str.isalnum, column.lower())): column for column in columns}
    sought = "".join(filter(str.isalnum, wanted.lower()))
    near = get_close_matches(sought, plain, n=1, cutoff=0.7) or [
        name for name in plain if name and (sought in name or name in sought)
    ]
    return plain[near[0]] if near else "<column>"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _digest(*used: object) -> str:
    return hashlib.sha256(repr(used).encode()).hexdigest()[:16]
