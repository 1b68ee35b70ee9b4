"""The OpenAPI document, for readers alone: it names the collections and fields that they may read."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse

from dashboards.gate import metered
from dashboards.security import user_of
from dashboards.served import Library

REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


def router(library: Library) -> APIRouter:
    """The route of the document."""
    routes = APIRouter(dependencies=[Depends(metered)])

    @routes.get("/openapi.json", include_in_schema=False)
    def document(request: Request) -> JSONResponse:
        """The document, with the place where the app is mounted as its server."""
        root = request.scope.get("root_path") or "/"
        hidden = library.shelf.keys() - library.open_to(user_of(request)).keys()
        return JSONResponse({**without(request.app.openapi(), hidden), "servers": [{"url": root}]})

    return routes


def without(document: dict[str, Any], hidden: Set[str]) -> dict[str, Any]:
    """The document without some collections: neither their pages nor the shapes of their rows."""
    if not hidden:
        return document
    paths = {
        path: told
        for path, told in document["paths"].items()
        if not any(path.endswith(f"/collections/{name}") for name in hidden)
    }
    every = document["components"]["schemas"]
    needed, found = set[str](), _named(paths)
    while new := found - needed:
        needed |= new
        found = _named([every[name] for name in new])
    schemas = {name: shape for name, shape in every.items() if name in needed}
    return {**document, "paths": paths, "components": {**document["components"], "schemas": schemas}}


def _named(part: Any) -> set[str]:
    """The schemas that a part of the document refers to."""
    return set(REFERENCE.findall(json.dumps(part)))
