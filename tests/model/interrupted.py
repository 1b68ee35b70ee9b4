"""A backend between whose calls something happens: its actor is paused, or killed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa


class Killed(BaseException):
    """What an actor dies of; nothing in the store may catch it."""


class Interrupted:
    """A backend that calls ``between`` before each call, and within the calls that are not atomic."""

    def __init__(self, backend: Any, between: Callable[[], None]) -> None:
        self._backend, self._between = backend, between

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._backend, name)
        if not callable(found):
            return found

        def called(*given: Any) -> Any:
            self._between()
            return found(*given)

        return called

    def write(self, rows: Iterable[pa.Table]) -> None:
        def one_by_one() -> Iterator[pa.Table]:
            for table in rows:
                for at in range(table.num_rows):
                    self._between()
                    yield table.slice(at, 1)

        self._backend.write(one_by_one())

    def rows(self, chunks: Sequence[int], columns: Sequence[str]) -> Iterator[pa.Table]:
        for chunk in chunks:
            self._between()
            yield from self._backend.rows([chunk], columns)

    def delete_chunks(self, chunks: Sequence[int]) -> int:
        deleted = 0
        for chunk in chunks:
            self._between()
            deleted += self._backend.delete_chunks([chunk])
        return deleted

    def delete_entries(self, manifests: Collection[str], attempts: Collection[int]) -> None:
        for manifest in manifests:
            self._between()
            self._backend.delete_entries([manifest], [])
        for attempt in attempts:
            self._between()
            self._backend.delete_entries([], [attempt])
