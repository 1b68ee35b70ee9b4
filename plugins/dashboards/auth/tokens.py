"""Access tokens: Airflow's own JWTs, short-lived, so that Airflow's API takes them too."""

from __future__ import annotations

from typing import Any

import jwt
from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param

from dashboards.auth import sessions
from dashboards.auth.inside import COOKIE_NAME_JWT_TOKEN, get_auth_manager
from dashboards.auth.sessions import Access
from dashboards.auth.tables import SECOND
from dashboards.errors import Refused


def issue(user: Any, minutes: int) -> tuple[str, Access]:
    """An access token of a user, and what a session keeps of it."""
    token = get_auth_manager().generate_jwt(user, expiration_time_in_seconds=minutes * 60)
    claims = claims_of(token)
    return token, Access(claims["jti"], claims["exp"] * SECOND)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unchecked: for one that was issued here or that Airflow has checked."""
    return jwt.decode(token, options={"verify_signature": False})


def bearer(request: Request) -> str:
    """The bearer token, where there is one: it goes before the cookie, as in Airflow."""
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    return token if scheme.lower() == "bearer" else ""


def presented(request: Request) -> str:
    """The token by which Airflow knows the user."""
    return bearer(request) or request.cookies.get(COOKIE_NAME_JWT_TOKEN, "")


def demand_not_void(request: Request, subject: str) -> None:
    """Refuses tokens from before a change of the password, those that Airflow itself issued, too.

    Raises:
        Refused: 401.
    """
    claims = claims_of(presented(request))
    if not sessions.holds(subject, claims.get("jti", ""), claims.get("iat", 0)):
        raise Refused(401, "The password was changed since this token was issued: sign in again.")
