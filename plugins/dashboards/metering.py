"""How many requests a user and an address may send: moving windows, in the memory of each process."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from dashboards.settings import ApiSettings

SECONDS = {"second": 1, "minute": 60, "hour": 3600}
SWEEP = 10_000  # requests after which windows that ran empty are dropped


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
        self._limits = {
            kind: _limit(written)
            for kind, written in (("user", settings.rate_user), ("address", settings.rate_address))
            if written
        }
        self._proxies = settings.trusted_proxies
        self._windows: dict[tuple[str, str], deque[float]] = {}  # when each request that counts came
        self._lock, self._until_sweep = threading.Lock(), SWEEP

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
        return limit is None or self._count(limit, kind, name)[0]

    def hit(self, kind: str, name: str) -> Metered:
        """Counts one request, and says how many are left.

        Args:
            kind: ``user`` or ``address``.
            name: Which.
        """
        limit = self._limits.get(kind)
        if limit is None:
            return UNLIMITED
        allowed, remaining, reset = self._count(limit, kind, name)
        seconds = max(0, math.ceil(reset))
        headers = {
            "ratelimit-limit": str(limit[0]),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(seconds),
        }
        return (
            Metered(headers) if allowed else Metered({**headers, "retry-after": str(max(1, seconds))}, True)
        )

    def _count(self, limit: tuple[int, int], kind: str, name: str) -> tuple[bool, int, float]:
        """Whether a request is within its limit, how many are left, and in how many seconds one more is."""
        (most, span), now = limit, time.monotonic()
        with self._lock:
            self._sweep(now)
            window = self._windows.setdefault((kind, _counted(kind, name)), deque())
            _forget(window, now - span)
            if allowed := len(window) < most:
                window.append(now)
            oldest = window[0] if window else now
            return allowed, most - len(window), oldest + span - now

    def _sweep(self, now: float) -> None:
        """Keeps no window of those who have gone away."""
        self._until_sweep -= 1
        if self._until_sweep > 0:
            return
        self._until_sweep = SWEEP
        for (kind, name), window in list(self._windows.items()):
            _forget(window, now - self._limits[kind][1])
            if not window:
                del self._windows[kind, name]


def _limit(written: str) -> tuple[int, int]:
    """Requests, and in how many seconds."""
    most, _, unit = written.partition("/")
    return int(most), SECONDS[unit]


def _forget(window: deque[float], until: float) -> None:
    while window and window[0] <= until:
        window.popleft()


def _counted(kind: str, name: str) -> str:
    return network(name) if kind == "address" and ":" in name else name


def network(address: str) -> str:
    """What an address is counted as: of IPv6, where one client has many, its first 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return parsed.exploded[:19]
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
