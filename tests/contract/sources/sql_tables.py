"""What the kinds of the adapter ``sql`` share: one table, and a server that a test breaks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from common.io.sources import Item, Part, Scope, Source
from common.io.sources.sql import SqlSettings, SqlSource
from contract.sources import SECRET, Row
from servers import new_server, server

PREFIX = "VITRINE_A_B_"


class BrokenLater:
    """A source whose server is killed once some parts were read."""

    def __init__(self, source: Source, after_parts: int, kill: Any) -> None:
        self._source, self._after, self._kill = source, after_parts, kill

    def items(self) -> list[Item]:
        return self._source.items()

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        for count, part in enumerate(self._source.read(item, scope), 1):
            yield part
            if count == self._after:
                self._kill()


class ServerCase:
    """A table ``orders`` in a database of the session's server."""

    kind = ""
    resumes = False
    refuses = True
    remote = True
    part_rows = 4
    cursor: ClassVar[dict[str, Any] | None] = {"cursor": "id"}
    fields: ClassVar[dict[str, str]] = {}

    def __init__(self, folder: Path) -> None:
        self.url = server(self.kind).empty_database()

    def fill(self, url: str, rows: list[Row]) -> None:
        raise NotImplementedError

    def put(self, rows: list[Row]) -> None:
        self.rows = rows
        self.fill(self.url, rows)

    def source(self, **settings: Any) -> Source:
        return SqlSource(SqlSettings(connection=self.url, table="orders", **settings), PREFIX)

    def refused(self) -> Source:
        parts = urlsplit(self.url)
        netloc = f"{parts.username}:{quote(SECRET)}@{parts.hostname}:{parts.port}"
        wrong = parts._replace(netloc=netloc).geturl()
        return SqlSource(SqlSettings(connection=wrong, table="orders"), PREFIX)

    def going_away(self, after_parts: int) -> AbstractContextManager[Source]:
        return self._going_away(after_parts)

    @contextmanager
    def _going_away(self, after_parts: int) -> Iterator[Source]:
        own = new_server(self.kind)
        try:
            url = own.empty_database()
            wide = [row | {"name": "x" * 100_000} for row in self.rows * 8]  # more than sockets hold
            self.fill(url, [row | {"id": at} for at, row in enumerate(wide, 1)])
            source = SqlSource(SqlSettings(connection=url, table="orders"), PREFIX)
            yield BrokenLater(
                source,
                after_parts,
                lambda: own._end(signal.SIGQUIT if self.kind == "postgresql" else signal.SIGKILL),
            )  # type: ignore[misc]
        finally:
            own.stop()

    def close(self) -> None:
        pass
