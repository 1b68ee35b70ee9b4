"""One MongoDB collection: by a filter or an aggregation pipeline, as columns, read on from where it ended.

Documents come in the order of their ``_id`` (with a cursor: of the cursor and the ``_id``), so that reading
goes on after any of them. A pipeline with an order or an ``_id`` of its own is always read from the start.
"""

from __future__ import annotations

from collections.abc import Iterator

from bson.json_util import dumps

from common.io.sources import Adapter, Item, Part, Scope, rejected, with_origin
from common.io.sources.documents import table_of
from common.io.sources.mongo.client import Server
from common.io.sources.mongo.decoding import Decoder, split
from common.io.sources.mongo.queries import mentions
from common.io.sources.mongo.reading import Reading
from common.io.sources.mongo.settings import MongoSettings
from common.io.sources.settings import fingerprint
from common.utils.errors import SourceError, did_you_mean

PIECE = 4 * 2**20  # bytes of BSON that are Python objects at a time
WINDOW = ("{window_start}", "{window_end}")


class MongoCollection:
    """The documents that the environment configures for one subject.

    Args:
        settings: Which, and how they are read.
        prefix: Of the environment variables, for messages: ``VITRINE_SALES_PRODUCT_REVENUE_``.

    Raises:
        SourceError: The connection cannot be used, or the settings do not go together.
    """

    def __init__(self, settings: MongoSettings, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix
        self._server = Server(settings, prefix)
        if settings.cursor and mentions(settings.pipeline, *WINDOW):
            raise SourceError(
                "A pipeline is read on by its cursor or by the run's window, not by both.",
                where=f"{prefix}PIPELINE",
                next_step=f'Use "{{since}}" in it, or leave {prefix}CURSOR out.',
            )

    @property
    def name(self) -> str:
        """For people: the server and the collection."""
        return f"{self._settings.collection} at {self._server.place}"

    @property
    def fingerprint(self) -> str:
        """Of the place, the query, the cursor and the mapping."""
        used = self._settings
        query = dumps([used.filter, used.pipeline, used.projection])
        return fingerprint(
            "mongo", self._server.place, used.collection, query, used.nested, used.cursor, *used.mapping
        )

    @property
    def dialect(self) -> str:
        """None: what a collection holds is not known by its content."""
        return ""

    @property
    def incremental(self) -> bool:
        """Where there is a cursor."""
        return bool(self._settings.cursor)

    def items(self) -> list[Item]:
        """The collection.

        Raises:
            SourceError: There is none of that name, or the server cannot be reached.
        """
        wanted, used = self._settings.collection, self._settings
        with self._server.database() as database:
            listed = database.list_collections(authorizedCollections=True, nameOnly=True)
            found = {one["name"]: one for one in listed}
            if wanted not in found:
                raise SourceError(
                    f"There is no collection '{wanted}': {did_you_mean(wanted, found)}",
                    where=self._server.place,
                    next_step=f"Set {self._prefix}COLLECTION, and the database in {self._prefix}CONNECTION.",
                )
            whole = not (used.filter or used.pipeline or found[wanted].get("type") == "view")
            rows = database[wanted].estimated_document_count() if whole else 0
            return [Item(f"{database.name}.{wanted}", rows=rows)]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The documents.

        Raises:
            SourceError: The server refuses or goes away, or the bookmark does not fit the cursor.
        """
        used = self._settings
        decoder = Decoder(
            flatten=used.nested == "flatten",
            shows_id=used.shows_id,
            way_out=f"rename it or leave it out by {self._prefix}PIPELINE or PROJECTION",
        )
        with self._server.database() as database:
            reading = Reading(database[used.collection], used, scope, self._prefix)
            for raw in reading.batches():
                for piece, offsets in split(raw, PIECE):
                    good, positions, bad = decoder.documents(piece, offsets, reading.count + 1)
                    reading.advance(piece, offsets, good)
                    records = table_of(good, "json" if used.nested == "flatten" else used.nested)
                    yield Part(
                        with_origin(records, item, positions),
                        rejected(item, bad),
                        len(piece),
                        reading.mark,
                        reading.bookmark,
                    )
            reading.report(self.name)


ADAPTER = Adapter(MongoSettings, MongoCollection)
