"""Every error in the envelope: what was wrong and what to do, and nothing of the inside."""

from __future__ import annotations

import logging

import duckdb
from deltalake.exceptions import DeltaError
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.io.collections.protocol import QueryError, StoreError, VersionGone
from common.utils.errors import VitrineError
from dashboards import URL_PREFIX
from dashboards.envelope import answer

log = logging.getLogger(__name__)

NEXT_STEPS = {
    401: "Send `Authorization: Bearer …` with an Airflow user's token;"
    f" POST {URL_PREFIX}/auth/login gives one.",
    403: "Get a new token, or ask an administrator for the permission.",
    404: f"GET {URL_PREFIX}/collections lists what there is.",
    405: "The API is read-only: use GET or HEAD.",
}


class Refused(HTTPException):
    """A refusal whose detail says all: which next step there is depends on more than the status."""


def install(app: FastAPI) -> None:
    """Lets the app answer its errors as this module says."""
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(QueryError, on_wrong_query)
    app.add_exception_handler(VersionGone, on_gone)
    for away in (StoreError, DeltaError, duckdb.IOException):  # the last two are the lake's
        app.add_exception_handler(away, on_store_away)
    app.add_exception_handler(DBAPIError, on_users_away)


def on_http(request: Request, error: Exception) -> Response:
    """What FastAPI, Airflow's security or a route refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101 (Starlette looks handlers up by type)
    said = str(error.detail) if str(error.detail).endswith((".", "?")) else f"{error.detail}."
    step = "" if isinstance(error, Refused) else NEXT_STEPS.get(error.status_code, "")
    message = f"{said} {step}".strip()
    challenge = {"WWW-Authenticate": "Bearer"} if error.status_code == 401 else {}
    response = answer(request, message, status=error.status_code)
    response.headers.update({**challenge, **(error.headers or {})})
    return response


def on_wrong_query(request: Request, error: Exception) -> Response:
    """The reader asks for what the contract does not offer."""
    return answer(request, _told(error), status=400)


def on_gone(request: Request, error: Exception) -> Response:
    """The pinned version is not retained."""
    return answer(request, _told(error), status=410)


def on_store_away(request: Request, error: Exception) -> Response:
    """The store or the lake cannot be read; where it stands is for the log alone."""
    log.error("Request %s: the store or the lake cannot be read", request.state.request_id, exc_info=error)
    message = "The collections cannot be read at the moment. Try again; the server's log says why."
    return answer(request, message, status=503)


def on_users_away(request: Request, error: Exception) -> Response:
    """Airflow's metadata database, which has the revoked tokens, does not answer."""
    log.error("Request %s: users cannot be checked", request.state.request_id, exc_info=error)
    message = (
        "Users cannot be checked: Airflow's metadata database does not answer or is not set up."
        " The operator sees to AIRFLOW__DATABASE__SQL_ALCHEMY_CONN and `airflow db migrate`."
    )
    return answer(request, message, status=503)


def _told(error: Exception) -> str:
    assert isinstance(error, VitrineError)  # noqa: S101 (as above)
    return f"{error.what} {error.next_step}".strip()
