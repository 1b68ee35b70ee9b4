"""An Atom feed of the latest twenty entries, behind a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from common.io.sources import Source, feeds, http
from common.io.sources.feeds import Feeds, FeedSettings
from contract.sources import SECRET, Row
from servers.http import Asked, HttpServer, Reply

LATEST = 20


class Case:
    """One feed, its entries in parts of four; like most feeds it forgets the oldest."""

    resumes = False
    refuses = True
    remote = True
    part_rows = 4
    cursor: ClassVar[dict[str, Any]] = {}
    fields: ClassVar[dict[str, str]] = {"name": "title", "amount": "summary"}

    def __init__(self, folder: object) -> None:
        self._server, self._body, self._cut = HttpServer(), b"", None
        self._server.answer("/news.atom", self._reply)
        self._batch, feeds.BATCH = feeds.BATCH, self.part_rows
        self._backoff, http.BACKOFF = http.BACKOFF, 0.01

    def put(self, rows: list[Row]) -> None:
        entries = "".join(map(_entry, rows[-LATEST:]))
        self._body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{entries}</feed>'.encode()

    def source(self, **settings: Any) -> Source:
        return self._opened(SECRET, **settings)

    def refused(self) -> Source:
        return self._opened(f"{SECRET}-wrong")

    @contextmanager
    def going_away(self, after_parts: int) -> Iterator[Source]:
        self._cut = len(self._body) // 2
        yield self.source()

    def close(self) -> None:
        feeds.BATCH, http.BACKOFF = self._batch, self._backoff
        self._server.stop()

    def _opened(self, password: str, **settings: Any) -> Source:
        connection = f"{self._server.with_credentials('reader', password)}/news.atom"
        return Feeds(FeedSettings(connection=connection, **settings), "VITRINE_A_B_")

    def _reply(self, asked: Asked) -> Reply:
        if asked.basic != ("reader", SECRET):
            return Reply(b"", 401, {"WWW-Authenticate": "Basic"})
        return Reply(self._body, headers={"Content-Type": "application/atom+xml"}, reset_after=self._cut)


def _entry(row: Row) -> str:
    given = {"title": row["name"], "summary": row["amount"], "id": row["id"], "updated": row["updated_at"]}
    fields = (f"<{name}>{escape(str(value))}</{name}>" for name, value in given.items() if value is not None)
    return f"<entry>{''.join(fields)}</entry>"
