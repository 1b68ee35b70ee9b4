"""A MongoDB collection, on a server whose users log in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pymongo
from bson import Decimal128

import servers
from common.io.sources import Item, Part, Scope, Source
from common.io.sources.mongo import MongoCollection
from common.io.sources.mongo.settings import MongoSettings
from contract.sources import SECRET, Row


class Case:
    """Documents whose ``_id`` is the row's."""

    resumes = True
    refuses = True
    remote = True
    part_rows = 4
    cursor: ClassVar[dict[str, Any] | None] = {"cursor": "id"}
    fields: ClassVar[dict[str, str]] = {}

    def __init__(self, folder: Path) -> None:
        self._server = servers.server("mongodb")
        self._url = self._server.empty_database()
        self._client = pymongo.MongoClient(self._url)
        self._database = self._client.get_default_database()

    def put(self, rows: list[Row]) -> None:
        self._database.drop_collection("orders")
        self._database.create_collection("orders")
        if rows:
            self._database.orders.insert_many(map(_document, rows))

    def source(self, **settings: Any) -> Source:
        return self._source(self._url, **settings)

    def refused(self) -> Source:
        return self._source(self._url.replace(self._server.password, SECRET))

    @contextmanager
    def going_away(self, after_parts: int) -> Iterator[Source]:
        alone = servers.new_server("mongodb")
        try:
            url = alone.empty_database()
            with pymongo.MongoClient(url) as client:
                client.get_default_database().orders.insert_many(self._database.orders.find())
            source = self._source(f"{url}&serverSelectionTimeoutMS=1000")
            yield _Dying(source, alone, after_parts)
        finally:
            alone.stop()

    def close(self) -> None:
        self._client.close()

    def _source(self, url: str, **settings: Any) -> MongoCollection:
        asked = {"connection": url, "collection": "orders", "batch_size": self.part_rows}
        return MongoCollection(MongoSettings(**{**asked, **settings}), "VITRINE_A_B_")


class _Dying:
    """A source whose server is killed once so many parts were read."""

    def __init__(self, source: Source, server: servers.Server, after_parts: int) -> None:
        self._source, self._server, self._after = source, server, after_parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        for number, part in enumerate(self._source.read(item, scope), 1):
            yield part
            if number == self._after:
                self._server.stop()


def _document(row: Row) -> dict[str, Any]:
    amount = None if row["amount"] is None else Decimal128(row["amount"])
    return {
        "_id": row["id"],
        **row,
        "amount": amount,
        "updated_at": datetime.fromisoformat(row["updated_at"]),
    }
