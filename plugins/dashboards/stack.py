"""The app without its routes: what happens to every request, and when the server starts and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from dashboards import errors
from dashboards.audit import Audit
from dashboards.compression import Compress
from dashboards.gate import Gate, Readable
from dashboards.kept import Keep
from dashboards.metering import Meter
from dashboards.middleware import Frame
from dashboards.settings import ApiSettings

CORS: Mapping[str, Any] = {
    "allow_methods": ("GET", "HEAD", "POST"),
    "allow_headers": ("Authorization", "Content-Type", "If-None-Match", "X-Request-ID"),
    "expose_headers": ("ETag", "X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
    "max_age": 600,
}
"""What pages of other origins may do; never with cookies."""


def bare_app(clock: Callable[[], datetime], options: ApiSettings, audit: Audit | None = None) -> FastAPI:
    """The app without routes.

    Args:
        clock: What "now" is, with a zone.
        options: Of the API.
        audit: Where each access to data is recorded; ``None`` for nowhere.
    """
    meter, keep = Meter(options), Keep(options.cache_mb * 2**20)
    app = FastAPI(
        title="Vitrine dashboards",
        version="1",
        description="Versioned, dashboard-ready collections. Pages of one listing never mix two versions.",
        openapi_url=None,  # it names every collection and field: see routes/openapi.py
        redirect_slashes=False,
        lifespan=_lifespan(audit),
    )
    pages: dict[str, Readable] = {}
    app.state.pages = pages
    app.state.clock, app.state.meter, app.state.keep, app.state.audit = clock, meter, keep, audit
    # The one that is added last is the outermost.
    app.add_middleware(Gate, meter=meter, keep=keep, pages=pages, clock=clock)
    app.add_middleware(Frame, meter=meter, audit=audit, logged=options.access_log)
    app.add_middleware(Compress, smallest=options.compress_from)
    if options.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=options.cors_origins, **CORS)
    errors.install(app)
    return app


def _lifespan(audit: Audit | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Writes what waits in the audit before the server ends."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if audit:
            await run_in_threadpool(audit.close)

    return lifespan
