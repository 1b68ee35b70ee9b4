"""The items of a source on their way into bronze: streamed where their columns are known, else spooled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pyarrow as pa

from common.io.sources import ORIGIN, Item, Scope, Source
from common.io.spool import Spool, SpooledItem
from common.utils.errors import SourceError
from common.verbs.progress import Progress

log = logging.getLogger(__name__)

Batches = tuple[pa.RecordBatch, pa.RecordBatch | None]
"""Records, and what could not be read."""


@dataclass(slots=True)
class Reading:
    """Reads the items of one run, and counts.

    A source whose items all have a schema is read as bronze is written. The columns of another one are known
    at its end alone: its parts are kept on disk until then, and a later try of the run goes on from them.

    Attributes:
        items: All that is to be read, in their order.
        scope: Of an item, without where an earlier try came to.
        size, retries: Bytes and repetitions.
        bookmarks: Of the items that have been read.
        failed: Items that could not be read, with the reason: each of a source with bookmarks stands for
            itself, and the next run begins where it was left. The failure of all, or of one without a
            bookmark, is raised.
    """

    source: Source
    items: Sequence[Item]
    scope: Callable[[Item], Scope]
    spool: Spool
    size: int = 0
    retries: int = 0
    bookmarks: dict[str, Mapping[str, str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    _spooled: list[SpooledItem] = field(default_factory=list)

    @property
    def streamed(self) -> bool:
        """Whether all columns are known before anything is read."""
        return all(item.schema is not None for item in self.items)

    def schemas(self) -> list[pa.Schema]:
        """Of everything that arrives, without ``ORIGIN``; what is not streamed is read for it.

        Raises:
            SourceError: See :class:`common.io.sources.Source`.
        """
        if self.streamed:
            return [cast("pa.Schema", item.schema) for item in self.items]
        progress, errors = Progress(self.items), list[SourceError]()
        for item in self.items:
            try:
                self._spooled.append(self._spool(item, progress))
            except SourceError as error:
                if not self.source.incremental:
                    raise
                log.warning("%s could not be read: %s", item.name, error)
                self.failed[item.name] = str(error)
                errors.append(error)
        if errors and len(errors) == len(self.items):
            raise errors[0]
        return [_own(schema) for spooled in self._spooled for schema in spooled.schemas()]

    def batches(self) -> Iterator[Batches]:
        """Everything, in the order of the items."""
        if self.streamed:
            yield from self._stream()
        for spooled in self._spooled:
            yield from spooled.parts()

    def _stream(self) -> Iterator[Batches]:
        progress = Progress(self.items)
        for item in self.items:
            try:
                yield from self._streamed(item, progress)
            except SourceError as error:
                if item.name in self.bookmarks or not self.source.incremental:
                    raise
                log.warning("%s could not be read: %s", item.name, error)
                self.failed[item.name] = str(error)
                if len(self.failed) == len(self.items):
                    raise

    def _streamed(self, item: Item, progress: Progress) -> Iterator[Batches]:
        """The parts of one item; it has a bookmark once a part of it has come."""
        scope = self.scope(item)
        for part in self.source.read(item, scope):
            self.size, self.retries = self.size + part.size, self.retries + part.retries
            self.bookmarks[item.name] = part.bookmark or scope.bookmark
            progress.report(item, part.records.num_rows, part.size)
            yield part.records, part.unreadable
        self.bookmarks.setdefault(item.name, scope.bookmark)

    def _spool(self, item: Item, progress: Progress) -> SpooledItem:
        scope = self.scope(item)
        spooled = self.spool.item(item, scope.bookmark)
        if spooled.state.parts:
            log.info("%s: %d parts are here from an earlier try", item.name, spooled.state.parts)
        if not spooled.state.whole:
            going_on = Scope(scope.window, scope.bookmark, spooled.state.mark)
            for part in self.source.read(item, going_on):
                spooled.keep(part)
                progress.report(item, part.records.num_rows, part.size)
            spooled.finish()
        self.size += spooled.state.size
        self.retries += spooled.state.retries
        self.bookmarks[item.name] = spooled.state.bookmark or scope.bookmark
        return spooled


def _own(schema: pa.Schema) -> pa.Schema:
    return pa.schema([one for one in schema if one.name not in ORIGIN.names])
