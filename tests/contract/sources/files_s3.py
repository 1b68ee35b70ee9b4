"""CSV files in an object store of the S3 protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common.io.sources import Item, Part, Scope, Source
from common.io.sources.files import FileSettings, FileSource, object_stores
from contract.sources import SECRET, Row, files
from servers.s3 import S3, new_s3, s3


class Case(files.Case):
    """One object below a prefix of a bucket."""

    refuses = True
    remote = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._patch.setattr(object_stores, "TRIES", 1)
        self._use(s3())

    def _use(self, server: S3) -> None:
        self._server, self._bucket = server, server.empty_bucket()

    def put(self, rows: list[Row]) -> None:
        self._rows = rows
        self._server.client.put_object(Bucket=self._bucket, Key="a/orders.csv", Body=self.content(rows))

    def source(self, **settings: Any) -> Source:
        return self._source(self._server.connection(), **settings)

    def refused(self) -> Source:
        return self._source(self._server.connection(secret=SECRET))

    @contextmanager
    def going_away(self, after_parts: int) -> Iterator[Source]:
        server = new_s3()
        try:
            self._use(server)
            self.put(self._rows)
            yield Leaving(self._settings(server.connection()), files.PREFIX, server, after_parts)
        finally:
            server.stop()

    def _source(self, connection: str, **settings: Any) -> Source:
        return FileSource(self._settings(connection, **settings), files.PREFIX)

    def _settings(self, connection: str, **settings: Any) -> FileSettings:
        return FileSettings(path=f"s3://{self._bucket}/a", connection=connection, **settings)


class Leaving(FileSource):
    """A source whose server is killed once some parts were read."""

    def __init__(self, settings: FileSettings, prefix: str, server: S3, after_parts: int) -> None:
        super().__init__(settings, prefix)
        self._server, self._after_parts = server, after_parts

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        for number, part in enumerate(super().read(item, scope), 1):
            yield part
            if number == self._after_parts:
                self._server.stop()
