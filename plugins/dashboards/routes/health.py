"""Whether the API can answer; for load balancers and monitors, which have no token."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from common.utils.contract import Freshness
from dashboards.envelope import Envelope, answer, now
from dashboards.responses import FAILURES
from dashboards.served import Shelf


def router(shelf: Shelf) -> APIRouter:
    """The route of the health check."""
    routes = APIRouter(tags=["health"])

    @routes.get(
        "/health",
        response_model=None,
        responses={200: {"model": Envelope[dict[str, Any]]}, 503: FAILURES[503]},
    )
    def health(request: Request) -> Response:
        """Whether the store answers, and how many collections are fresh, stale or unpublished (unknown).

        Counts alone: names are for those who may read. Stale data are no outage, so they are a 200.
        """
        found = Counter(
            served.about(served.collection.live(), now(request))["freshness"] for served in shelf.values()
        )
        counts = {freshness: found[freshness] for freshness in get_args(Freshness)}
        data = {"store": "reachable", "collections": counts}
        return answer(request, "The store of the collections answers.", data=data)

    return routes
