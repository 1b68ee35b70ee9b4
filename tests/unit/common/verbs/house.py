"""The shop of the tests with the rest of the house: contract, collection and all five verbs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from common.io.collections.protocol import Collection, Published, Query, Version
from common.utils.settings import MAIN
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from shop import SUBJECT, Shop

END = datetime(2030, 1, 1, tzinfo=UTC)


def window(first: date, days: int = 1) -> Window:
    """Whole days in UTC."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return Window(start, start + timedelta(days=days))


class House(Shop):
    """A shop whose runs go all the way to the collection."""

    def publish(self, run_id: str, asked: Window | None = None, **changes: bool) -> Published | None:
        """All five verbs; without a window everything."""
        run = Run(run_id, asked or Window(None, END), **{"scheduled": False, **changes})
        return pipeline.run_all(SUBJECT, self.contract, self.settings, run)

    def target(self, name: str, url: str) -> None:
        """Has one more store."""
        targets = {**self.settings.targets, name: url}
        self.settings = self.settings.model_copy(update={"targets": targets})

    @contextmanager
    def collection(self, store: str = MAIN) -> Iterator[Collection]:
        """The collection as writers open it."""
        with opened(self.contract, self.settings, store) as collection:
            yield collection

    def live(self, store: str = MAIN) -> Version:
        """The live version, which must be there."""
        version = pipeline.live_version(self.contract, self.settings, store)
        assert version is not None
        return version

    def content(self, store: str = MAIN) -> pa.Table:
        """All rows that a reader sees now, by key."""
        with self.collection(store) as collection:
            live = collection.live()
            assert live is not None
            return collection.read(live.number, Query(limit=10_000_000)).rows
