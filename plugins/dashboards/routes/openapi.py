"""The OpenAPI document, for readers alone: it names every collection and field."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse

from dashboards.security import demand_reader


def router() -> APIRouter:
    """The route of the document."""
    routes = APIRouter(dependencies=[Depends(demand_reader)])

    @routes.get("/openapi.json", include_in_schema=False)
    def document(request: Request) -> JSONResponse:
        """The document, with the place where the app is mounted as its server."""
        root = request.scope.get("root_path") or "/"
        return JSONResponse({**request.app.openapi(), "servers": [{"url": root}]})

    return routes
