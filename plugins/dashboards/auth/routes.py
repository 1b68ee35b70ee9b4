"""``/auth``: signing in and out, renewing, and passwords. Everything is a POST but ``/auth/me``."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from dashboards.auth import bodies, documentation, grants, sessions
from dashboards.auth.accounts import Accounts, accounts
from dashboards.auth.origin import demand_same_origin, is_same_origin
from dashboards.auth.settings import auth_settings
from dashboards.auth.throttle import Attempt
from dashboards.auth.tokens import bearer
from dashboards.envelope import answer
from dashboards.errors import Refused
from dashboards.security import User, airflow_user, demand_admin, demand_reader

log = logging.getLogger(__name__)

ONCE_WRONG = "The user name or the password is wrong."
NOT_HELD = "The refresh token does not hold (any more): sign in again."

Login = Annotated[bodies.Login, Depends(bodies.body_of(bodies.Login))]
Refresh = Annotated[bodies.Refresh, Depends(bodies.body_of(bodies.Refresh))]
Registration = Annotated[bodies.Registration, Depends(bodies.body_of(bodies.Registration))]
Change = Annotated[bodies.PasswordChange, Depends(bodies.body_of(bodies.PasswordChange))]
Reset = Annotated[bodies.PasswordReset, Depends(bodies.body_of(bodies.PasswordReset))]
Known = Annotated[Accounts, Depends(accounts)]
Reader = Annotated[User, Depends(demand_reader)]
Admin = Annotated[User, Depends(demand_admin)]


def router() -> APIRouter:
    """The routes, below the API's prefix.

    Raises:
        SettingsError: A setting of sign-in is wrong.
    """
    auth_settings()
    routes = APIRouter(prefix="/auth", tags=["sign-in"])
    routes.add_api_route("/login", login, methods=["POST"], **documentation.LOGIN)
    routes.add_api_route("/refresh", refresh, methods=["POST"], **documentation.REFRESH)
    routes.add_api_route("/logout", logout, methods=["POST"], **documentation.LOGOUT)
    routes.add_api_route("/register", register, methods=["POST"], **documentation.REGISTER)
    routes.add_api_route("/password", change, methods=["POST"], **documentation.PASSWORD)
    routes.add_api_route("/users/{username}/password", reset, methods=["POST"], **documentation.RESET)
    routes.add_api_route("/me", me, methods=["GET"], **documentation.ME)
    return routes


def login(request: Request, body: Login, known: Known) -> Response:
    """Signs in by name and password: an access token, and a refresh token that renews it once.

    The refresh token is also set as a cookie that scripts cannot read.
    """
    subject = known.subject(body.username)
    attempt = Attempt(body.username, address_of(request), subject)
    voided = sessions.voided_until(subject or "")
    user = known.sign_in(body.username, body.password)
    if user is None:
        log.info("Request %s: a sign-in from %s failed", _id(request), address_of(request))
        raise Refused(401, ONCE_WRONG)
    granted = grants.begin(user, known.credential(user), voided)
    if granted is None:
        raise Refused(401, ONCE_WRONG)  # the password was changed in this very moment
    attempt.passed()
    log.info("Request %s: %r signed in", _id(request), user.get_name())
    return grants.answered(request, granted, f"Signed in as {user.get_name()}.")


def refresh(request: Request, body: Refresh, known: Known) -> Response:
    """Renews a session: both tokens are new, and the refresh token that was sent has been used up.

    One that is sent a second time ends its session, since somebody else may hold it; so does one that comes
    after the password was changed, or its user locked.
    """
    token = refresh_token_of(request, body)
    session = sessions.session_of(token)
    subject = sessions.subject_of(session)
    user = known.present(subject) if subject else None
    credential = known.credential(user) if user else ""
    held = sessions.look_up(grants.seal(token, credential))
    if user is None or isinstance(held, str):
        if sessions.end(session):
            log.warning("Request %s: a refresh token that does not hold ends a session", _id(request))
        raise Refused(401, NOT_HELD)
    granted = grants.renew(user, credential, held)
    if granted is None:
        raise Refused(409, "Another request has renewed this session at the same moment.")
    return grants.answered(request, granted, "The session is renewed.")


def logout(request: Request, body: Refresh) -> Response:
    """Voids the access token and the refresh token that are sent, and their session's others, at once."""
    sent = {"refresh": body.refresh_token or "", "access": bearer(request)}
    kept = grants.cookies_of(request)
    if kept and not any(sent.values()):
        demand_same_origin(request)
    # Beside a token that was sent, cookies from elsewhere are of no account.
    found = [sent, kept] if is_same_origin(request) else [sent]
    ended = [sessions.end(sessions.session_of(one["refresh"])) for one in found if one.get("refresh")]
    ended += [grants.revoke(one["access"]) for one in found if one.get("access")]
    if not any(ended):
        raise Refused(401, "No token that holds was sent: there is nothing to sign out of.")
    response = answer(request, "Signed out.")
    grants.forget_cookie(request, response)
    return response


def register(request: Request, body: Registration, known: Known) -> Response:
    """Makes an account with the viewer role, where the operator allows it (VITRINE_API_REGISTER)."""
    if not auth_settings().registration:
        raise Refused(403, "Accounts are made by the administrators here.")
    Attempt(f"register {address_of(request)}", address_of(request))  # each counts, made or refused
    known.register(body.username, body.password, body.email)
    log.info("Request %s: %r registered", _id(request), body.username)
    data = {"username": body.username, "role": "viewer"}
    return answer(request, f"The account {body.username} is there: sign in.", data=data, status=201)


def change(request: Request, user: Reader, body: Change, known: Known) -> Response:
    """Changes one's own password; every token of the user is void at once, this one too."""
    _demand_own(request)
    _demand_changeable(known)
    mine: Any = airflow_user(request)
    attempt = Attempt(user.name, address_of(request), mine.get_id())
    if not known.has_password(mine, body.old):
        raise Refused(403, "The old password is wrong.")
    attempt.passed()
    if body.new == body.old:
        raise Refused(400, "The new password is the old one.")
    _set_password(known, mine, body.new)
    log.info("Request %s: %r changed the password", _id(request), user.name)
    response = answer(request, "The password is changed. Sign in with the new one.")
    grants.forget_cookie(request, response)
    return response


def reset(request: Request, username: str, admin: Admin, body: Reset, known: Known) -> Response:
    """Gives a user another password, for administrators; every token of the user is void at once."""
    _demand_own(request)
    _demand_changeable(known)
    subject = None if "\0" in username else known.subject(username)
    user = known.present(subject) if subject else None
    if user is None:
        raise Refused(404, f"There is no active user {username[:64]!r}.")
    _set_password(known, user, body.new)
    log.info("Request %s: %r reset %r's password", _id(request), admin.name, user.get_name())
    return answer(request, f"The password of {user.get_name()} is reset, and the user signed out.")


def me(request: Request, user: Reader, known: Known) -> Response:
    """Who asks, with which role."""
    data = {
        "username": user.name,
        "role": user.role,
        "via": user.via,
        "register_open": auth_settings().registration and known.changeable,
        "password_change": known.changeable,
    }
    return answer(request, f"You are {user.name}.", data=data)


def refresh_token_of(request: Request, body: bodies.Refresh) -> str:
    """From the body, else from the cookie, which counts only from our own pages.

    Raises:
        Refused: 401 where there is none, 403 where a cookie came from elsewhere.
    """
    if body.refresh_token:
        return body.refresh_token
    if not (kept := request.cookies.get(grants.COOKIE, "")):
        raise Refused(401, "No refresh token was sent, in the body or as a cookie.")
    demand_same_origin(request)
    return kept


def address_of(request: Request) -> str:
    """The client's, as the frame of the API found it: behind trusted proxies it is what they say."""
    return str(request.state.address)


def _id(request: Request) -> str:
    return str(request.state.request_id)


def _demand_own(request: Request) -> None:
    if not bearer(request):
        demand_same_origin(request)


def _demand_changeable(known: Accounts) -> None:
    if not known.changeable:
        known.set_password(None, "")  # it says why


def _set_password(known: Accounts, user: Any, password: str) -> None:
    """Voids before, so that no crash leaves old tokens good, and after, for sign-ins in between."""
    subject = user.get_id()
    sessions.void(subject)
    known.set_password(user, password)
    sessions.void(subject)
