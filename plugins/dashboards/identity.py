"""Who sends a bearer token, asked once for all requests that bring the same one at the same time.

Nothing is remembered: each answer comes from a check that began after the request, so that a token that is
revoked is void at once. Under load many requests share one check.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from dashboards.auth.tokens import bearer
from dashboards.security import User, airflow_user_of, demand_reader
from dashboards.shared import Shared

MOST = 10_000  # tokens whose checks are shared


class Identities:
    """Users by their tokens."""

    def __init__(self) -> None:
        self._checks: OrderedDict[str, Shared[User]] = OrderedDict()

    def ask(self, request: Request) -> asyncio.Future[User] | None:
        """The user, who may read, to be awaited; it raises HTTPException. ``None`` without a bearer token."""
        token = bearer(request)
        if not token:
            return None
        check = self._checks.get(token)
        if check is None:
            check = self._checks[token] = Shared(partial(_checked, token))
            if len(self._checks) > MOST:
                self._checks.popitem(last=False)
        return check.ask()


async def _checked(token: str) -> User:
    """As a route checks it; only the token is kept for the next check, not the request it came with."""
    header = (b"authorization", f"Bearer {token}".encode("latin-1"))
    request = Request({"type": "http", "headers": [header]})
    return await run_in_threadpool(demand_reader, request, await airflow_user_of(token))
