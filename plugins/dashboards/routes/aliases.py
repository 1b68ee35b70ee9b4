"""Other names of pages: any collection by a parameter, and those of the monitoring."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.io.collections.protocol import QueryError
from dashboards.gate import metered
from dashboards.responses import listed_page, paged_by_name
from dashboards.routes.collections import page_of
from dashboards.security import user_of
from dashboards.served import Library

MONITORING = {
    "/sync-status": ("monitoring", "sync_status", "What became of each pipeline's last runs."),
    "/user-vitals": ("monitoring", "user_vitals", "What became of each user's or owner's runs."),
    "/summary": ("monitoring", "summary", "Runs by day and system."),
}


def router(library: Library) -> APIRouter:
    """The routes."""
    routes = APIRouter(dependencies=[Depends(metered)], tags=["collections"])

    @routes.get("/data", **paged_by_name())
    def data(request: Request) -> Response:
        """A page of the collection that the parameter names; all others are those of its own page."""
        parameters = request.query_params.multi_items()
        names = [value for name, value in parameters if name == "collection"]
        if len(names) != 1:
            raise QueryError(
                "collection is missing or given twice.", next_step="Write collection=domain/subject."
            )
        served = library.demand(user_of(request), names[0])
        return page_of(request, served, [one for one in parameters if one[0] != "collection"])

    for path, (domain, subject, purpose) in MONITORING.items():
        routes.add_api_route(path, _alias(library, domain, subject), **listed_page(path, purpose))
    return routes


def _alias(library: Library, domain: str, subject: str) -> Callable[[Request], Response]:
    name = f"{domain}/{subject}"

    def page(request: Request) -> Response:
        if name not in library.open_to(user_of(request)):
            raise HTTPException(
                404,
                f"There is no collection {name} here. Run vitrine_{domain}_{subject}_v1, which publishes it.",
            )
        return page_of(request, library.shelf[name], request.query_params.multi_items())

    return page
