"""Serves the page's files, to anybody, since they hold no data, and so that nothing else runs in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboards.etag import not_modified

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Only its own files and its own API; in a frame of its own origin alone, which is Airflow's navigation.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page."""

    content: bytes
    media_type: str
    tag: str


def router() -> APIRouter:
    """The page under ``/page/``, each file with an entity tag: an unchanged one costs a 304."""
    routes = APIRouter(include_in_schema=False)
    assets = {path.relative_to(STATIC).as_posix(): _asset(path) for path in _files()}

    @routes.get("/page")
    def without_slash() -> Response:
        return RedirectResponse("page/", status_code=308)  # relative: it holds under any prefix

    @routes.get("/page/{name:path}")
    def asset(request: Request, name: str) -> Response:
        found = assets.get(name or "index.html")
        if found is None:
            raise HTTPException(404, "The page has no such file; it begins at page/.")
        if unchanged := not_modified(request, found.tag):
            return unchanged
        return Response(found.content, media_type=found.media_type, headers={**HEADERS, "ETag": found.tag})

    return routes


def _files() -> list[Path]:
    return [path for path in STATIC.rglob("*") if path.suffix in MEDIA_TYPES]


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')
