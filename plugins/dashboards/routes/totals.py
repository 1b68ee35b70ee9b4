"""All collections in a few numbers."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import get_args

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from common.io.reports import State
from common.utils.contract import Freshness
from dashboards.envelope import answer, now
from dashboards.gate import metered
from dashboards.models import Totals
from dashboards.parameters import given
from dashboards.responses import documented
from dashboards.security import user_of
from dashboards.served import Library

DAY = timedelta(hours=24)


def router(library: Library) -> APIRouter:
    """The route of the numbers."""
    routes = APIRouter(tags=["collections"])

    @routes.get("/stats", dependencies=[Depends(metered)], **documented(Totals, "Counts.", tagged=False))
    def stats(request: Request) -> Response:
        """How many collections, rows, fresh and stale ones there are, and what ran in the last 24 hours."""
        given(request)
        shelf, moment = library.open_to(user_of(request)), now(request)
        lives = {name: next(iter(one.collection.history()), None) for name, one in shelf.items()}
        freshness = Counter(shelf[name].about(live, moment)["freshness"] for name, live in lives.items())
        states: Counter[str] = Counter()
        for name in shelf:
            for entry in library.runs.newest(name):
                if entry.started < moment - DAY:
                    break
                states[entry.state] += 1
        data = {
            "collections": len(shelf),
            "rows": sum(live.rows for live in lives.values() if live),
            "freshness": {one: freshness[one] for one in get_args(Freshness)},
            "runs": {one: states[one] for one in get_args(State)},
            "published_24h": states["published"],
        }
        return answer(request, f"{len(shelf)} collections with {data['rows']} rows.", data=data)

    return routes
