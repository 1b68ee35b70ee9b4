"""A reader that asks all the time, through the API and through the library, and notes what is not whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import cycle
from types import TracebackType
from typing import Any

from starlette.requests import Request
from starlette.testclient import TestClient

from common.io.collections import open_store
from common.io.collections.protocol import Query, StoreError, VersionGone
from contract.kit import SALES, pages
from dashboards.app import create_app
from dashboards.security import User, demand_reader, user_of
from dashboards.settings import ApiSettings
from faults.contents import FIELDS, Content, Row, recognised, seen

PAGE = 5  # rows: every listing has several pages
PAUSE = 0.04  # seconds between two listings: the writers need the machine too
ADDRESS = f"/collections/{SALES.name}"
Listing = tuple[int, list[Row]]  # version and rows


class HalfSeen(Exception):
    """An answer that is no whole version."""


UNLIMITED = ApiSettings(rate_user="", rate_address="", audit=False)


def anybody(request: Request) -> User:
    """Who may read is another test's matter."""
    request.state.vitrine_user = User("anybody", "viewer", "token")
    return user_of(request)


class Reader:
    """Two ways to read a store: the API's own app, and the library as the API calls it."""

    def __init__(self, url: str) -> None:
        self._store = open_store(url, batch_size=1, read_only=True)
        self.collection = self._store.collection(SALES)
        app = create_app({SALES.name: SALES}, self._store, options=UNLIMITED)
        app.dependency_overrides[demand_reader] = anybody
        self._client = TestClient(app)

    def __enter__(self) -> Reader:
        self._client.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._client.__exit__(*raised)
        self._store.close()

    def ask(self, version: int | None = None) -> Listing | None:
        """All rows by HTTP, of the live version unless told otherwise; ``None`` where there is none."""
        rows: list[Row] = []
        asked: dict[str, Any] = {} if version is None else {"version": version}
        numbers = set()
        while True:
            given = {"limit": PAGE, "fields": ",".join(FIELDS), **asked}
            answer = self._client.get(ADDRESS, params=given)
            if answer.status_code in (404, 410):
                return None
            if answer.status_code != 200:
                raise StoreError(f"The API answers {answer.status_code}: {answer.text}")
            body = answer.json()
            numbers.add(body["metadata"]["version"])
            rows += seen(body["data"])
            following = body["metadata"]["pagination"]["next_cursor"]
            if len(numbers) > 1:
                raise HalfSeen(f"one listing is of versions {sorted(numbers)}")
            if following is None:
                return numbers.pop(), rows
            asked = {"cursor": following}

    def read(self, version: int | None = None) -> Listing | None:
        """The same by the library."""
        try:
            if version is None:
                live = self.collection.live()
                if live is None:
                    return None
                version = live.number
            listing = pages(self.collection, version, Query(fields=FIELDS, limit=PAGE))
            return version, [row for page in listing for row in seen(page.rows.to_pylist())]
        except VersionGone:
            return None

    def ask_oldest(self) -> Listing | None:
        """The oldest retained version by HTTP."""
        retained = self.collection.history()
        return self.ask(retained[-1].number) if retained else None


class Watch:
    """A thread that reads until it is told to end.

    Attributes:
        reads: Listings that were judged.
        seen: Version to the content that it had.
        half_seen: Answers that are no whole version, or not the version's own.
        refused: Whether the store may be away; what it answers then is not judged.
    """

    def __init__(self, url: str) -> None:
        self.reader = Reader(url)
        self.reads = 0
        self.seen: dict[int, Content] = {}
        self.half_seen: list[str] = []
        self.refused = 0
        self.may_refuse = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self.reader.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.reader.__exit__(kind, error, trace)

    def _run(self) -> None:
        ways: list[Callable[[], Listing | None]] = [self.reader.ask, self.reader.read, self.reader.ask_oldest]
        for way in cycle(ways):
            if self._ended.wait(PAUSE):
                return
            try:
                if listing := way():
                    self.judge(*listing)
            except StoreError as error:
                self.refused += 1
                if not self.may_refuse:
                    self.half_seen.append(f"the reader was refused: {error}")
            except Exception as error:  # noqa: BLE001 (shown by the test)
                self.half_seen.append(f"{type(error).__name__}: {error}")

    def judge(self, number: int, rows: list[Row]) -> None:
        """Notes one listing."""
        self.reads += 1
        content = recognised(rows)
        if content is None:
            self.half_seen.append(f"version {number} is no whole content: {rows}")
        elif self.seen.setdefault(number, content) != content:
            self.half_seen.append(f"version {number} is {content} and was {self.seen[number]}")
