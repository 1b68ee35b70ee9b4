"""What happens to every request, whatever it asks: its id, its start, its trace in the logs."""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.audit import Access, Audit
from dashboards.envelope import answer
from dashboards.metering import Meter
from dashboards.security import User

log = logging.getLogger(__name__)
access_log = logging.getLogger("vitrine.access")

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
# An answer is its reader's own and is validated each time; users come by token or by Airflow's cookie, and
# answers packed or not.
HEADERS = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Authorization, Cookie, Accept-Encoding"),
    (b"x-content-type-options", b"nosniff"),
)
NAMES = frozenset(name for name, _ in HEADERS)

RawHeaders = Iterable[tuple[bytes, bytes]]


class Frame:
    """Gives each request its id and start, answers HEAD like GET, and answers what nobody caught.

    Once it is answered, what it read goes to the audit, and what it was to the access log.
    """

    def __init__(self, app: ASGIApp, meter: Meter, audit: Audit | None, *, logged: bool) -> None:
        self.app, self.meter, self.audit, self.logged = app, meter, audit, logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = header(scope, b"x-request-id")
        request_id = asked if REQUEST_ID.fullmatch(asked) else f"{random.getrandbits(128):032x}"
        state = {
            **scope.get("state", {}),
            "request_id": request_id,
            "started": time.perf_counter(),
            "address": self.meter.address(scope),
            "headers": {},
        }
        method = "GET" if scope["method"] == "HEAD" else scope["method"]  # servers send no body to HEAD
        framed = {**scope, "state": state, "method": method}
        begun, size = 0, 0

        async def send_framed(message: Message) -> None:
            nonlocal begun, size
            if message["type"] == "http.response.start":
                begun = message["status"]
                message["headers"] = _headers(message["headers"], state)
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(framed, receive, send_framed)
        except Exception:
            log.exception("Request %s failed: %s %r", request_id, scope["method"], scope["path"])
            if begun:
                raise
            await unexpected(Request(framed))(framed, receive, send_framed)
        finally:
            self._remember(scope, state, begun, size)

    def _remember(self, scope: Scope, state: Mapping[str, Any], status: int, size: int) -> None:
        """Off to the audit and the log; neither holds the answer up."""
        accessed: Access | None = state.get("access")
        if not self.logged and (accessed is None or self.audit is None):
            return
        user: User | None = state.get("vitrine_user")
        record = {
            "at": datetime.now(UTC).isoformat(),
            "request_id": state["request_id"],
            "user": user and user.name,
            "address": state["address"],
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "status": status,
        }
        if accessed and self.audit:
            record |= {"data": accessed.what, "version": accessed.version, "rows": accessed.rows}
            self.audit.record({**record, "role": user and user.role})
        if self.logged:
            spent = round((time.perf_counter() - state["started"]) * 1000, 3)
            access_log.info(json.dumps({**record, "ms": spent, "bytes": size}))


def _headers(given: RawHeaders, state: Mapping[str, Any]) -> RawHeaders:
    """The answer's headers and those of every answer; where an answer has its own, that one holds."""
    own = {name for name, _ in given}
    every = [*given, *(HEADERS if own.isdisjoint(NAMES) else [one for one in HEADERS if one[0] not in own])]
    every += [(name.encode(), value.encode()) for name, value in state["headers"].items()]
    every.append((b"x-request-id", state["request_id"].encode()))
    return every


def header(scope: Scope, name: bytes) -> str:
    """The first header of that name, in small letters; empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return ""


def unexpected(request: Request) -> ASGIApp:
    """The answer where the fault is ours; the traceback is in the log alone."""
    message = f"Something went wrong here. Tell the operator the request id, {request.state.request_id}."
    return answer(request, message, status=500)
