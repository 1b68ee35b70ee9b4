"""Before the routes: how often an address may ask, and pages of collections, which need no route.

A page is answered only to a user whose token was checked, and a kept one only where the store was seen to
hold its version still, live unless it was asked for by number. Both looks begin after the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fastapi import HTTPException
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from common.io.collections.protocol import Version
from common.utils.errors import VitrineError
from dashboards.audit import Access
from dashboards.envelope import answer
from dashboards.etag import MOVING, is_held
from dashboards.identity import Readers, bearer_of
from dashboards.kept import Keep, Kept, Key
from dashboards.metering import Meter
from dashboards.middleware import header
from dashboards.security import Reader, User
from dashboards.served import Served
from dashboards.shared import PAGES, aside

LONGEST = 4096  # characters of a token that is remembered while it is looked at; others go to the route
REFUSED = "Too many requests. Wait as many seconds as Retry-After says."
JSON = (b"content-type", b"application/json")


class Readable(NamedTuple):
    """A path that shows pages of one collection, and how one is read."""

    served: Served
    read: Callable[[Request], Response]


class Gate:
    """Answers what needs no route, and lets the rest pass.

    Args:
        app: What it lets pass to.
        meter: Counts.
        keep: The pages that are kept.
        pages: By path, below the one at which the app is mounted.
        clock: What "now" is, with a zone.
    """

    def __init__(
        self,
        app: ASGIApp,
        meter: Meter,
        keep: Keep,
        pages: Mapping[str, Readable],
        clock: Callable[[], datetime],
    ) -> None:
        self.app, self.meter, self.keep, self.pages, self.clock = app, meter, keep, pages, clock
        self.readers = Readers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        address, response = scope["state"]["address"], None
        if not self.meter.admits("address", address):
            response = self._refused(scope, "address", address)
        elif scope["method"] == "GET":
            response = await self._page(scope)
        await (response or self.app)(scope, receive, send)

    async def _page(self, scope: Scope) -> Response | None:
        """A page to a user who may read it; ``None`` where the route is to say what there is to say."""
        token = bearer_of(header(scope, b"authorization"))
        readable = self.pages.get(scope["path"].removeprefix(scope.get("root_path", "")))
        served = readable.served if readable else self.keep.served(*place_of(scope))
        if not token or len(token) > LONGEST or served is None:
            return None
        try:
            user, retained = await self.readers.ask(token, served)
        except (HTTPException, VitrineError, DBAPIError):
            return None
        state = scope["state"]
        state["vitrine_user"] = user
        if refused := self._refused(scope, "user", user.name):
            return refused
        state["metered"] = True
        found = self._kept(scope, key_of(scope, user), retained)
        if found or readable is None or not served.contract.readable_by(user.role):
            return found
        return await _read(Request(scope), readable)

    def _kept(self, scope: Scope, key: Key, retained: Sequence[Version]) -> Response | None:
        """The page that is kept, where it is what a reader of that role would get."""
        page = self.keep.get(key)
        if page is None:
            return None
        moment = self.clock().astimezone(UTC)
        about = still_true(page, moment, retained)
        if about is None:
            self.keep.forget(key)
            return None
        return shown(scope, page, moment, about["age_seconds"])

    def _refused(self, scope: Scope, kind: str, name: str) -> Response | None:
        """Counts a request: the answer to one too many."""
        found = self.meter.hit(kind, name)
        scope["state"]["headers"].update(found.headers)
        return answer(Request(scope), REFUSED, status=429) if found.refused else None


async def _read(request: Request, readable: Readable) -> Response | None:
    """A page from the store."""
    try:
        return await aside(readable.read, request, threads=PAGES)
    except (HTTPException, VitrineError, DBAPIError):
        return None  # the route will find out, and say so


def metered(request: Request, user: Reader) -> None:
    """Counts a user's request: for every route that wants a user."""
    if "metered" in request.scope["state"]:
        return  # by the gate
    found = request.app.state.meter.hit("user", user.name)
    request.state.headers.update(found.headers)
    if found.refused:
        raise HTTPException(429, REFUSED)


def place_of(scope: Scope) -> tuple[str, bytes]:
    """Path and query, as they were sent."""
    return scope["path"], scope["query_string"]


def key_of(scope: Scope, user: User) -> Key:
    """Under which a page is kept."""
    return (*place_of(scope), user.role)


def still_true(page: Kept, moment: datetime, retained: Sequence[Version]) -> dict[str, Any] | None:
    """The version's metadata at this time, where the page is still what a reader would get."""
    wanted = [one for one in retained if one.number == page.version] if page.pinned else retained[:1]
    if not wanted or wanted[0].number != page.version:
        return None
    about = page.served.about(wanted[0], moment)
    return about if {**about, **{name: page.about[name] for name in MOVING}} == page.about else None


class Page(Response):
    """An answer whose headers and body are bytes already."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
        # Not by way of the class above, which would make them anew.
        self.status_code, self.raw_headers, self.body, self.background = status, headers, body, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def shown(scope: Scope, page: Kept, moment: datetime, age_seconds: int | None) -> Response | None:
    """A page's answer, or that it is unchanged; ``None`` where its content is wanted and not here."""
    tag, state = (b"etag", page.tag.encode()), scope["state"]
    if is_held(header(scope, b"if-none-match"), page.tag):
        state["access"] = Access(page.served.contract.name, page.version, 0)
        return Page(304, [tag])
    if page.content is None:
        return None
    state["access"] = Access(page.served.contract.name, page.version, page.content.rows)
    body = page.content.answer.filled(moment, state["request_id"], state["started"], age_seconds)
    length = (b"content-length", str(len(body)).encode())
    return Page(200, [tag, length, JSON], body)
