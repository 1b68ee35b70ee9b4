"""Who sends a bearer token, asked once for all requests that bring the same one at the same time.

Nothing is remembered: each answer comes from a check that began after the request, so that a token that is
revoked is void at once. Under load many requests share one check.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Generic, TypeVar

from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import Request

from common.io.collections.protocol import Version
from dashboards.security import User, airflow_user_of, demand_reader
from dashboards.served import Served
from dashboards.shared import Shared, aside

MOST = 10_000  # tokens whose checks are shared

Asked = TypeVar("Asked", bound=Hashable)
Seen = TypeVar("Seen")


class SharedBy(Generic[Asked, Seen]):
    """Looks that are shared by those who ask for the same; at most :data:`MOST` of them."""

    def __init__(self, look: Callable[[Asked], Awaitable[Seen]]) -> None:
        self._look = look
        self._looks: OrderedDict[Asked, Shared[Seen]] = OrderedDict()

    def ask(self, asked: Asked) -> asyncio.Future[Seen]:
        """What is seen by a look that begins after this; it raises what the look raises."""
        look = self._looks.get(asked)
        if look is None:
            look = self._looks[asked] = Shared(partial(self._look, asked))
            if len(self._looks) > MOST:
                self._looks.popitem(last=False)
        return look.ask()


class Readers:
    """Users by their tokens, and the versions of what they read as they are at the same time."""

    def __init__(self) -> None:
        self._users = SharedBy(checked)
        self._both: SharedBy[tuple[str, Served], tuple[User, Sequence[Version]]] = SharedBy(self._look)

    def ask(self, token: str, served: Served) -> asyncio.Future[tuple[User, Sequence[Version]]]:
        """A user who may read, and the retained versions of a collection, newest first.

        Awaited, it raises HTTPException where the token does not hold, and what the databases raise.
        """
        return self._both.ask((token, served))

    async def _look(self, asked: tuple[str, Served]) -> tuple[User, Sequence[Version]]:
        token, served = asked
        return await asyncio.gather(self._users.ask(token), served.retained.ask())


def bearer_of(authorization: str) -> str:
    """The bearer token of an Authorization header; empty where there is none."""
    scheme, token = get_authorization_scheme_param(authorization)
    return token if scheme.lower() == "bearer" else ""


async def checked(token: str) -> User:
    """As a route checks it; only the token is kept for the next check, not the request it came with."""
    header = (b"authorization", f"Bearer {token}".encode("latin-1"))
    request = Request({"type": "http", "headers": [header]})
    return await aside(demand_reader, request, await airflow_user_of(token))
