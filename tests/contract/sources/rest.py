"""A REST API with pages of four records, behind a token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from common.io.sources import Source, http
from common.io.sources.rest import RestApi
from common.io.sources.rest.settings import RestSettings
from contract.sources import SECRET, Row
from servers.http import Asked, HttpServer, Reply

PAGE = 4


class Case:
    """One endpoint whose bodies lead to the next page by a cursor; amounts are JSON numbers."""

    resumes = True
    refuses = True
    remote = True
    part_rows = PAGE
    cursor: ClassVar[dict[str, Any]] = {"cursor": "id", "params": "since={since}"}
    fields: ClassVar[dict[str, str]] = {}

    def __init__(self, folder: object) -> None:
        self._server, self._rows, self._pages_left = HttpServer(), [], None
        self._server.answer("/v1/orders", self._reply)
        self._backoff, http.BACKOFF = http.BACKOFF, 0.01

    def put(self, rows: list[Row]) -> None:
        self._rows = rows

    def source(self, **settings: Any) -> Source:
        return self._opened(SECRET, **settings)

    def refused(self) -> Source:
        return self._opened(f"{SECRET}-wrong")

    @contextmanager
    def going_away(self, after_parts: int) -> Iterator[Source]:
        self._pages_left = after_parts
        yield self.source()

    def close(self) -> None:
        http.BACKOFF = self._backoff
        self._server.stop()

    def _opened(self, token: str, **settings: Any) -> Source:
        connection = f"{self._server.with_credentials('client', token)}/v1"
        given = {"paging": "cursor", "cursor_path": "next", "records": "data.orders", "auth": "bearer"}
        return RestApi(RestSettings(connection=connection, url="/orders", **given | settings), "VITRINE_A_B_")

    def _reply(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return Reply(b"{}", 401)
        rows = [row for row in self._rows if row["id"] >= int(asked.query.get("since", 0))]
        start = int(asked.query.get("cursor", 0))
        following = str(start + PAGE) if start + PAGE < len(rows) else None
        body = {"data": {"orders": rows[start : start + PAGE]}, "next": following}
        text = json.dumps(body, default=str)
        for row in rows[start : start + PAGE]:
            text = text.replace(f'"amount": "{row["amount"]}"', f'"amount": {row["amount"]}')
        if self._pages_left is not None:
            self._pages_left -= 1
            if self._pages_left < 0:
                return Reply(text.encode(), reset_after=20)
        return Reply(text.encode())
