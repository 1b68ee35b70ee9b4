"""A file of fixed columns, as banks and mainframes send: ``layout`` says where each column stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pydantic import field_validator

from common.io.sources import Adapter, Item, Part, Scope, rejected, with_origin
from common.io.sources.settings import Pairs, SourceSettings, fingerprint, pairs_of
from common.utils.errors import SourceError
from common.utils.settings import REPOSITORY

LINES = 50_000  # of a part


class FixedWidthSettings(SourceSettings):
    """Where the file stands, and its columns.

    Attributes:
        path: Of the file; a relative one begins at the repository.
        layout: First and last character of each column, counted from 1: ``day=1-10,account=11-16``.
        encoding: As Python names it.
    """

    path: str
    layout: Pairs
    encoding: str = "utf-8"

    @field_validator("layout", mode="before")
    @classmethod
    def _layout(cls, value: object) -> object:
        return pairs_of(value) if isinstance(value, str) else value


class FixedWidth:
    """See :class:`common.io.sources.Source`; ``prefix`` is what its variables begin with, for messages."""

    incremental = False

    def __init__(self, settings: FixedWidthSettings, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix
        self._path = REPOSITORY / Path(settings.path).expanduser()
        ends = {name: place.partition("-")[::2] for name, place in settings.layout.items()}
        try:
            self._columns = {name: slice(int(first) - 1, int(last)) for name, (first, last) in ends.items()}
        except ValueError:
            step = "Write it as day=1-10,account=11-16."
            raise SourceError("A column has no place.", where=f"{prefix}LAYOUT", next_step=step) from None

    @property
    def name(self) -> str:
        """For people."""
        return f"Fixed columns at {self._settings.path}"

    @property
    def fingerprint(self) -> str:
        """Of the location and the mapping."""
        return fingerprint("fixed_width", self._settings.path, *self._settings.mapping)

    @property
    def dialect(self) -> str:
        """Of what decides how the content is understood."""
        ours = self._settings
        return fingerprint(*ours.mapping, *sorted(ours.layout.items()), ours.encoding)

    def items(self) -> list[Item]:
        """The file: known by its content, it is read again only when that changes."""
        content = self._content()
        schema = pa.schema([(name, pa.string()) for name in self._columns])
        digest = hashlib.sha256(content).hexdigest()
        return [Item(self._path.name, digest, len(content), content.count(b"\n"), schema)]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The lines that are long enough; the others are dead letters."""
        content, length = self._content(), max(column.stop for column in self._columns.values())
        if hashlib.sha256(content).hexdigest() != item.digest:
            raise SourceError(f"{item.name} has changed meanwhile.", where=str(self._path))
        lines = [*enumerate(content.decode(self._settings.encoding).splitlines(), 1)]
        for start in range(0, max(len(lines), 1), LINES):
            some = lines[start : start + LINES]
            good = [(at, line) for at, line in some if len(line) >= length]
            bad = [(at, "too_short", None, "the line is too short", x) for at, x in some if len(x) < length]
            texts = {name: [line[place] for _, line in good] for name, place in self._columns.items()}
            records = pa.RecordBatch.from_pydict(texts, item.schema)
            yield Part(with_origin(records, item, [at for at, _ in good]), rejected(item, bad))

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}.") from None


ADAPTER = Adapter(FixedWidthSettings, FixedWidth)
