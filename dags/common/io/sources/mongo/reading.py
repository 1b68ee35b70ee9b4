"""One read of a collection: what is asked of it, and how far it has come."""

from __future__ import annotations

import logging
import math
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bson
from bson import MinKey
from pymongo.collection import Collection

from common.io.sources import Scope, cursors
from common.io.sources.mongo import cursor as cursor_values
from common.io.sources.mongo import queries
from common.io.sources.mongo.cursor import USABLE, Value, at, less, parsed, usable
from common.io.sources.mongo.decoding import UNCHANGED
from common.io.sources.mongo.settings import MongoSettings
from common.utils.errors import SourceError

log = logging.getLogger(__name__)

Clause = dict[str, Any]


class Reading:
    """Documents from the bookmark's cursor value on, after the mark's document.

    Attributes:
        count: Documents so far, also of earlier tries: the position of the last one.
        mark: Of the last document; empty where reading cannot go on after it.

    Raises:
        SourceError: The bookmark does not fit what the collection has.
    """

    def __init__(
        self, collection: Collection[Any], settings: MongoSettings, scope: Scope, prefix: str
    ) -> None:
        self._collection = collection.with_options(codec_options=UNCHANGED)
        self._settings, self._prefix = settings, prefix
        self._best: Value | None = None
        self._kinds: Counter[str] = Counter()
        self._low: Value | None = None
        self._window = {"{window_start}": scope.window.start or MinKey(), "{window_end}": scope.window.end}
        if settings.cursor and (text := scope.bookmark.get("cursor", "")):
            self._best = self._reached(text)
            self._low = cursor_values.lowered(self._best, settings.overlap)
        self._after = bson.decode(b64decode(scope.after), UNCHANGED) if scope.after else None
        self.count, self.mark = int(self._after["count"]) if self._after else 0, ""
        self._ids = queries.keeps_ids(settings.pipeline)

    @property
    def bookmark(self) -> Mapping[str, str]:
        """The highest cursor value so far, never less than the one that was given."""
        return {} if self._best is None else {"cursor": cursors.as_text(self._best)}

    def batches(self) -> Iterator[bytes]:
        """What the server sends, documents one behind the other."""
        used = self._settings
        conditions = []
        if self._low is not None:
            conditions.append(queries.since(used.cursor, self._low))
        if self._after:
            conditions.append(queries.after(self._tied, self._after))
        order = dict.fromkeys([*filter(None, [self._tied]), *(["_id"] if self._ids else [])], 1)
        limits: dict[str, Any] = {"batchSize": used.batch_size, "maxTimeMS": int(1000 * used.max_time)}
        if used.pipeline:
            stages = self._filled(used.pipeline, self._low)
            stages += [{"$match": {"$and": conditions}}] if conditions else []
            stages += [{"$sort": order}] if order else []
            found = self._collection.aggregate_raw_batches(stages, allowDiskUse=True, **limits)
        else:
            found = self._collection.find_raw_batches(
                {"$and": [self._filled(used.filter, self._low), *conditions]},
                used.fields,
                sort=list(order.items()),
                batch_size=used.batch_size,
                allow_disk_use=True if self._tied else None,
                max_time_ms=limits["maxTimeMS"],
            )
        with found:
            yield from found

    def advance(self, piece: bytes, offsets: Sequence[int], documents: Sequence[Mapping[str, Any]]) -> None:
        """Takes note of documents that were read.

        Args:
            piece: All of them, as they came.
            offsets: Where each begins, and where the last one ends.
            documents: Those that can be used, plain.

        Raises:
            SourceError: The cursor is an array.
        """
        path = self._settings.cursor
        self.count += len(offsets) - 1
        last = bson.decode(piece[offsets[-2] : offsets[-1]], UNCHANGED)
        if path:
            kinds = Counter(type(one[path] if path in one else at(one, path)).__name__ for one in documents)
            self._demand_single(kinds)
            self._kinds += kinds
            self._rise(usable(at(last, path)))
        if self._ids:
            values = {"count": self.count, "_id": last["_id"], "cursor": at(last, path) if path else None}
            self.mark = b64encode(bson.encode(values, codec_options=UNCHANGED)).decode()

    def report(self, name: str) -> None:
        """Says in the log that some documents will be read again and again."""
        kinds = dict(self._kinds)
        if "NoneType" in kinds or len(kinds.keys() - {"int", "float"}) > 1:
            log.warning(
                "%s: %s is of several kinds (%s); what is not of the highest one's is read in every run",
                name,
                self._settings.cursor,
                ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
            )

    @property
    def _tied(self) -> str:
        """The cursor where it is not the ``_id`` itself, which alone would order the documents."""
        return "" if self._settings.cursor == "_id" else self._settings.cursor

    def _filled(self, query: Any, low: Value | None) -> Any:
        values = {**self._window, "{since}": MinKey() if low is None else low}
        return queries.filled(query, values, f"{self._prefix}{'PIPELINE' if query else 'FILTER'}")

    def _reached(self, text: str) -> Value:
        """The bookmark's value, which the source has reached."""
        path, top = self._settings.cursor, self._top()
        value = None if top is None else at(top, path)
        self._demand_single([type(value).__name__])
        highest = usable(value)
        if highest is None:
            raise self._lost(f'The bookmark is at "{text}", and no document has such a value in {path}.')
        try:
            reached = parsed(text, highest)
        except ValueError:
            raise self._lost(
                f'The bookmark "{text}" is no value of {path}, which has ones such as '
                f'"{cursors.as_text(highest)}".'
            ) from None
        if less(highest, reached):
            raise self._lost(
                f'The bookmark is at "{text}", beyond the highest {path}, "{cursors.as_text(highest)}".'
            )
        return reached

    def _top(self) -> Mapping[str, Any] | None:
        """The document with the highest cursor value, whatever the filter; of what the pipeline gives."""
        used = self._settings
        condition = {used.cursor: {"$type": USABLE, "$nin": [math.inf]}}
        if not used.pipeline:
            found = self._collection.find(
                condition, {used.cursor: 1}, sort=[(used.cursor, -1)], limit=1, allow_disk_use=True,
                max_time_ms=int(1000 * used.max_time),
            )  # fmt: skip
            return next(iter(found), None)
        stages = [
            *self._filled(used.pipeline, None),
            {"$match": condition},
            {"$sort": {used.cursor: -1}},
            {"$limit": 1},
        ]
        return next(
            iter(self._collection.aggregate(stages, allowDiskUse=True, maxTimeMS=int(1000 * used.max_time))),
            None,
        )

    def _rise(self, value: Value | None) -> None:
        """Takes a cursor value for the highest, where it is."""
        if value is not None and (self._best is None or not less(value, self._best)):
            self._best = value

    def _demand_single(self, kinds: Mapping[str, int] | Sequence[str]) -> None:
        if "list" in kinds:
            raise SourceError(
                f"{self._settings.cursor} is an array, or lies in one: it has no one value.",
                where=f"{self._prefix}CURSOR",
                next_step=f"Set {self._prefix}CURSOR to a field with one value, or leave it out.",
            )

    def _lost(self, what: str) -> SourceError:
        return SourceError(
            what,
            where=f"{self._prefix}CURSOR={self._settings.cursor}",
            next_step="Was the collection replaced, or the cursor changed? Trigger the DAG with "
            "full_refresh to read everything again.",
        )
