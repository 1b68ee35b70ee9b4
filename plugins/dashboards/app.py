"""The read API as a FastAPI app, mounted by the plugin or alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from common.io.collections import open_store
from common.io.collections.protocol import Store
from common.utils.contract import Contract
from common.utils.odcs import load_contracts
from dashboards import errors
from dashboards.connections import api_settings
from dashboards.middleware import Frame
from dashboards.routes import collections, health, openapi
from dashboards.served import Served

log = logging.getLogger(__name__)


def create_app(
    contracts: Mapping[str, Contract],
    store: Store,
    *,
    prefix: str = "",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """The read API of the collections that contracts describe.

    Args:
        contracts: By ``domain/subject``. A publication shows at once, a new contract after a restart.
        store: Opened for reading.
        prefix: Before every path; empty where the app is mounted under it.
        clock: What "now" is, with a zone.
    """
    served = {name: Served(contract, store.collection(contract)) for name, contract in contracts.items()}
    app = _bare_app(clock)
    app.include_router(health.router(served), prefix=prefix)
    app.include_router(collections.router(served), prefix=prefix)
    app.include_router(openapi.router(), prefix=prefix)
    return app


def app_from_environment(prefix: str = "") -> FastAPI:
    """The app of this environment's contracts and store.

    Raises:
        SettingsError, ContractError, StoreError: The environment, a contract or the store's URL is wrong.
    """
    settings = api_settings()
    store = open_store(
        settings.collections_url,
        batch_size=settings.batch_size,
        read_only=True,
        prefix=settings.collection_prefix,
    )
    return create_app(load_contracts(settings.contracts), store, prefix=prefix)


def mounted_app() -> FastAPI:
    """The app for Airflow's API server, which must start even where ours cannot."""
    try:
        return app_from_environment()
    except Exception:  # whatever it is: Airflow itself must not go down with it
        log.exception("The read API is out of order; it answers 503 until this is put right")
        return _out_of_order()


def _bare_app(clock: Callable[[], datetime]) -> FastAPI:
    app = FastAPI(
        title="Vitrine dashboards",
        version="1",
        description="Versioned, dashboard-ready collections. Pages of one listing never mix two versions.",
        openapi_url=None,  # it names every collection and field: see routes/openapi.py
        redirect_slashes=False,
    )
    app.state.clock = clock
    app.add_middleware(Frame)
    errors.install(app)
    return app


def _out_of_order() -> FastAPI:
    app = _bare_app(lambda: datetime.now(UTC))

    def refuse() -> None:
        raise HTTPException(503, "The read API is not set up right. The API server's log says what is wrong.")

    app.add_api_route("/{path:path}", refuse, methods=["GET"])
    return app
