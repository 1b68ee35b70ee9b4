"""What a sign-in or a renewal gives: the two tokens, in the answer and the cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow.sdk.configuration import conf
from asgiref.sync import async_to_sync
from jwt import InvalidTokenError
from starlette.requests import Request
from starlette.responses import Response

from dashboards.auth import sessions
from dashboards.auth.inside import COOKIE_NAME_JWT_TOKEN, get_auth_manager
from dashboards.auth.sessions import Held
from dashboards.auth.settings import auth_settings
from dashboards.auth.tables import SECOND, clock, transaction
from dashboards.auth.tokens import claims_of, issue
from dashboards.envelope import answer
from dashboards.security import role_of

COOKIE = "vitrine_refresh"


@dataclass(frozen=True, slots=True)
class Granted:
    """Tokens that are kept nowhere but with their holder; ``ends_at`` in microseconds since 1970."""

    user: Any
    access_token: str
    refresh_token: str
    ends_at: int


def begin(user: Any, credential: str, voided: int) -> Granted | None:
    """A new session of a user; None where the password was changed meanwhile.

    Args:
        user: The auth manager's.
        credential: That changes with the password.
        voided: What :func:`dashboards.auth.sessions.voided_until` said before the password was looked at.
    """
    settings = auth_settings()
    access_token, access = issue(user, settings.access_minutes)
    _, refresh_token = sessions.new_refresh_token()
    ends_at = clock() + settings.refresh_days * 86400 * SECOND
    sealed = seal(refresh_token, credential)
    if not sessions.begin(user.get_id(), sealed, access, ends_at, voided=voided):
        return None
    return Granted(user, access_token, refresh_token, ends_at)


def renew(user: Any, credential: str, held: Held) -> Granted | None:
    """New tokens of a session; None where another renewal was faster."""
    access_token, access = issue(user, auth_settings().access_minutes)
    _, refresh_token = sessions.new_refresh_token(held.session)
    if not sessions.rotate(held, seal(refresh_token, credential), access):
        return None
    return Granted(user, access_token, refresh_token, held.expires_at)


def seal(refresh_token: str, credential: str) -> str:
    """What a session keeps the digest of: with another password, the token is another one."""
    return f"{refresh_token}\n{credential}"


def answered(request: Request, granted: Granted, message: str) -> Response:
    """The tokens, with the refresh token in a cookie that scripts cannot read and other sites do not send."""
    data = {
        "access_token": granted.access_token,
        "token_type": "Bearer",
        "expires_in": auth_settings().access_minutes * 60,
        "refresh_token": granted.refresh_token,
        "user": {"username": granted.user.get_name(), "role": role_of(granted.user)},
    }
    response = answer(request, message, data=data, headers={"Cache-Control": "no-store"})
    lasting = max((granted.ends_at - clock()) // SECOND, 0)
    response.set_cookie(COOKIE, granted.refresh_token, max_age=lasting, **_cookie(request))
    return response


def forget_cookie(request: Request, response: Response) -> None:
    """Lets the browser drop the refresh token."""
    response.delete_cookie(COOKIE, **_cookie(request))


def cookies_of(request: Request) -> dict[str, str]:
    """The tokens that the browser keeps: our ``refresh`` and Airflow's ``access``, where they were sent."""
    names = {"refresh": COOKIE, "access": COOKIE_NAME_JWT_TOKEN}
    return {kind: request.cookies[name] for kind, name in names.items() if request.cookies.get(name)}


def revoke(token: str) -> bool:
    """Voids an access token, and ends the session that gave it; whether it held."""
    try:
        async_to_sync(get_auth_manager().get_user_from_token)(token)
    except InvalidTokenError:
        return False
    claims = claims_of(token)
    if session := sessions.session_of_access(claims["jti"]):
        sessions.end(session)
    with transaction() as database:
        sessions.revoke(database, claims["jti"], claims["exp"] * SECOND)
    return True


def _cookie(request: Request) -> dict[str, Any]:
    # Whoever forges the header keeps their own cookie from plain HTTP, and nothing else.
    schemes = (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
    secure = "https" in schemes or bool(conf.get("api", "ssl_cert", fallback=""))
    return {
        "path": request.url_for("sign_in").path.rpartition("/")[0],
        "secure": secure,
        "httponly": True,
        "samesite": "strict",
    }
