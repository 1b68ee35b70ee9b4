"""How many requests a user and an address may send: moving windows, in the memory of each process."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from dashboards.settings import ApiSettings


@dataclass(frozen=True, slots=True)
class Metered:
    """What a request's limits say.

    Attributes:
        headers: RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset (seconds) of the limit that is
            nearest, and Retry-After where it is passed; none where there is no limit.
        refused: Whether one is passed.
    """

    headers: Mapping[str, str]
    refused: bool = False


UNLIMITED = Metered({})


class Meter:
    """Counts requests by address and by user."""

    def __init__(self, settings: ApiSettings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limits: dict[str, RateLimitItem] = {
            kind: parse(written)
            for kind, written in (("user", settings.rate_user), ("address", settings.rate_address))
            if written
        }
        self._proxies = settings.trusted_proxies

    def address(self, scope: Scope) -> str:
        """Where a request came from: what the first trusted proxy saw, else the connection's other end."""
        connected = scope["client"][0] if scope.get("client") else "unknown"
        if not self._proxies:
            return connected
        forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        hops = [*(one.strip() for one in forwarded if one.strip()), connected]
        return hops[-min(self._proxies + 1, len(hops))][:64]

    def admits(self, kind: str, name: str) -> bool:
        """Counts one request; False where it is one too many. Cheaper than :meth:`hit`."""
        limit = self._limits.get(kind)
        return limit is None or self._limiter.hit(limit, kind, name)

    def hit(self, kind: str, name: str) -> Metered:
        """Counts one request, and says how many are left.

        Args:
            kind: ``user`` or ``address``.
            name: Which.
        """
        limit = self._limits.get(kind)
        if limit is None:
            return UNLIMITED
        allowed = self._limiter.hit(limit, kind, name)
        reset, remaining = self._limiter.get_window_stats(limit, kind, name)
        seconds = max(0, math.ceil(reset - time.time()))
        headers = {
            "ratelimit-limit": str(limit.amount),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(seconds),
        }
        return (
            Metered(headers) if allowed else Metered({**headers, "retry-after": str(max(1, seconds))}, True)
        )
