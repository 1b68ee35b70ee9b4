"""The read API as a FastAPI app, mounted by the plugin or alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from common.io.collections import open_store
from common.io.collections.protocol import Store
from common.io.run_index import RunIndex
from common.pipelines.contracts import contracts
from common.utils.contract import Contract
from common.utils.settings import Settings
from dashboards.audit import Audit
from dashboards.auth import routes as auth
from dashboards.connections import api_settings
from dashboards.page import router as page
from dashboards.routes import (
    aliases,
    collections,
    dead_letters,
    described,
    health,
    openapi,
    runs,
    totals,
    versions,
)
from dashboards.served import Library, Served
from dashboards.settings import ApiSettings
from dashboards.stack import bare_app

log = logging.getLogger(__name__)


def create_app(  # noqa: PLR0913 (what is served, and how)
    contracts: Mapping[str, Contract],
    store: Store,
    *,
    settings: Settings | None = None,
    options: ApiSettings | None = None,
    prefix: str = "",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """The read API of the collections that contracts describe.

    Args:
        contracts: By ``domain/subject``. A publication shows at once, a new contract after a restart.
        store: Opened for reading.
        settings: Where runs, dead letters and the audit are kept; those of the environment where not given.
        options: Of the API itself; likewise.
        prefix: Before every path; empty where the app is mounted under it.
        clock: What "now" is, with a zone.
    """
    served = {name: Served(contract, store.collection(contract)) for name, contract in contracts.items()}
    settings = settings or Settings.from_environment()
    options = options or ApiSettings.from_environment()
    library = Library(served, settings, RunIndex(settings.reports))
    app = bare_app(
        clock, options, Audit(settings.home / "audit", options.audit_queue) if options.audit else None
    )
    app.state.pages.update(collections.pages(library, prefix))
    for made in (collections, described, versions, runs, dead_letters, totals, aliases, openapi):
        app.include_router(made.router(library), prefix=prefix)
    for open_to_all in (health.router(served), auth.router(), page.router()):
        app.include_router(open_to_all, prefix=prefix)
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
    return create_app(contracts(settings), store, settings=settings, prefix=prefix)


def mounted_app() -> FastAPI:
    """The app for Airflow's API server, which must start even where ours cannot."""
    try:
        return app_from_environment()
    except Exception:  # whatever it is: Airflow itself must not go down with it
        log.exception("The read API is out of order; it answers 503 until this is put right")
        return _out_of_order()


def _out_of_order() -> FastAPI:
    app = bare_app(lambda: datetime.now(UTC), ApiSettings.model_construct())

    def refuse() -> None:
        raise HTTPException(503, "The read API is not set up right. The API server's log says what is wrong.")

    app.add_api_route("/{path:path}", refuse, methods=["GET"])
    return app
