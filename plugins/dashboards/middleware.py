"""What happens to every request, whatever it asks."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.envelope import answer

log = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
# An answer is its reader's own and is validated each time; users come by token or by Airflow's cookie.
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Cookie",
    "X-Content-Type-Options": "nosniff",
}


class Frame:
    """Gives each request its id and start, answers HEAD like GET, and answers what nobody caught."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        state = {**scope.get("state", {}), "request_id": request_id, "started": time.perf_counter()}
        method = "GET" if scope["method"] == "HEAD" else scope["method"]  # servers send no body to HEAD
        framed = {**scope, "state": state, "method": method}
        begun = False

        async def send_framed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers.update({**HEADERS, "X-Request-ID": request_id})
            await send(message)

        try:
            await self.app(framed, receive, send_framed)
        except Exception:
            log.exception("Request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if begun:
                raise
            await unexpected(Request(framed))(framed, receive, send_framed)


def unexpected(request: Request) -> ASGIApp:
    """The answer where the fault is ours; the traceback is in the log alone."""
    message = f"Something went wrong here. Tell the operator the request id, {request.state.request_id}."
    return answer(request, message, status=500)
