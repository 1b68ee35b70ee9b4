"""Before the routes: how often an address may ask, and pages that are kept, which need no route.

A kept page is answered only to a user whose token was checked, and only where the store was seen to hold its
version still, live unless it was asked for by number; both looks begin after the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import HTTPException
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from common.io.collections.protocol import Version
from common.utils.errors import VitrineError
from dashboards.audit import Access, note
from dashboards.envelope import answer, now
from dashboards.etag import MOVING, not_modified
from dashboards.identity import Identities
from dashboards.kept import Keep, Kept, Key
from dashboards.metering import Meter
from dashboards.security import Reader, User

REFUSED = "Too many requests. Wait as many seconds as Retry-After says."


class Gate:
    """Answers what needs no route, and lets the rest pass."""

    def __init__(self, app: ASGIApp, meter: Meter, keep: Keep) -> None:
        self.app, self.meter, self.keep = app, meter, keep
        self.identities = Identities()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        address = request.state.address
        if not self.meter.admits("address", address):
            request.state.headers.update(self.meter.hit("address", address).headers)
            response: Response | None = answer(request, REFUSED, status=429)
        else:
            response = await self._kept(request) if scope["method"] == "GET" else None
        await (response or self.app)(scope, receive, send)

    async def _kept(self, request: Request) -> Response | None:
        """The page that is kept, to a user who may read it."""
        served = self.keep.served(*place_of(request))
        checked = self.identities.ask(request) if served else None
        if served is None or checked is None:
            return None
        looked = served.retained.ask()
        try:
            user, retained = await checked, await looked
        except (HTTPException, VitrineError, DBAPIError):
            looked.cancel()
            return None  # the route will find out, and say so
        page = self.keep.get(key_of(request, user))
        if page is None:
            return None
        about = still_true(page, request, retained)
        if about is None:
            self.keep.forget(key_of(request, user))
            return None
        request.state.vitrine_user = user
        found = shown(request, page, about)
        refused = meter_user(request, self.meter, user) if found else None
        return refused or found


def metered(request: Request, user: Reader) -> None:
    """Counts a user's request: for every route that wants a user."""
    found = request.app.state.meter.hit("user", user.name)
    request.state.headers.update(found.headers)
    if found.refused:
        raise HTTPException(429, REFUSED)


def meter_user(request: Request, meter: Meter, user: User) -> Response | None:
    """The same where there is no route: the answer to one request too many."""
    found = meter.hit("user", user.name)
    request.state.headers.update(found.headers)
    return answer(request, REFUSED, status=429) if found.refused else None


def place_of(request: Request) -> tuple[str, bytes]:
    """Path and query, as they were sent."""
    return request.scope["path"], request.scope["query_string"]


def key_of(request: Request, user: User) -> Key:
    """Under which a page is kept."""
    return (*place_of(request), user.role)


def still_true(page: Kept, request: Request, retained: Sequence[Version]) -> dict[str, Any] | None:
    """The version's metadata at this time, where the page is still what a reader would get."""
    wanted = [one for one in retained if one.number == page.version] if page.pinned else retained[:1]
    if not wanted or wanted[0].number != page.version:
        return None
    about = page.served.about(wanted[0], now(request))
    same = all(about[name] == page.about[name] for name in about if name not in MOVING)
    return about if same else None


def shown(request: Request, page: Kept, about: dict[str, Any]) -> Response | None:
    """A page's answer, or that it is unchanged; ``None`` where its content is wanted and not here."""
    unchanged, content = not_modified(request, page.tag), page.content
    if content is None and unchanged is None:
        return None
    rows = content.pagination["returned"] if content and not unchanged else 0
    note(request, Access(page.served.contract.name, page.version, rows))
    if unchanged or not content:
        return unchanged
    said = {**about, "pagination": content.pagination}
    tag = {"ETag": page.tag}
    return answer(request, content.message, data=content.data, about=said, headers=tag)
