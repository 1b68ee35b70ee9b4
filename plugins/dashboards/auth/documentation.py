"""The documentation of the routes of sign-in, with examples."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from dashboards.auth import bodies
from dashboards.auth.throttle import BY_ADDRESS, BY_NAME, WINDOW
from dashboards.envelope import Envelope

Role = Literal["viewer", "op", "admin"]

FAILURES = {
    400: "The body is not right; the message names the field.",
    401: "Not signed in, or wrong: the message says what.",
    403: "Not allowed: the message says why.",
    404: "There is no such user.",
    409: "Another request was faster, or the name is taken.",
    413: "The body is too long.",
    415: "The body is not JSON.",
    429: f"More than {BY_NAME} failures of a name, or {BY_ADDRESS} of an address, in {WINDOW // 60} minutes;"
    " Retry-After has the seconds.",
    500: "Our fault; the request id leads to the log.",
    501: "Airflow's auth manager keeps users elsewhere; the message says where.",
    503: "Airflow's metadata database does not answer: try again.",
}


class Signed(BaseModel):
    """Who is signed in."""

    username: str = Field(examples=["ann"])
    role: Role = Field(examples=["viewer"])


class Tokens(BaseModel):
    """What a sign-in or a renewal gives."""

    access_token: str = Field(
        description="Send it as `Authorization: Bearer …`, to Airflow's own API as well.",
        examples=["eyJhbGciOiJIUzUxMiIs…"],
    )
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds that the access token holds.", examples=[900])
    refresh_token: str = Field(
        description="Good for one renewal; also in the cookie `vitrine_refresh`.", examples=["0f3a….Zk9v…"]
    )
    user: Signed


class Me(Signed):
    """Who asks."""

    via: Literal["token", "cookie"] = Field(examples=["token"])
    register_open: bool = Field(description="Whether anybody may make an account.")
    password_change: bool = Field(description="Whether passwords can be changed here.")


def _documented(
    name: str, answers: tuple[int, Any], failures: tuple[int, ...], body: type[bodies.Body] | None = None
) -> dict[str, Any]:
    success, model = answers
    told: dict[int, dict[str, Any]] = {success: {"model": model, "description": "Done."}}
    told |= {
        status: {"model": Envelope[None], "description": FAILURES[status]} for status in (*failures, 500, 503)
    }
    return {
        "operation_id": name,
        "name": name,
        "status_code": success,
        "response_model": None,
        "responses": told,
        "openapi_extra": bodies.request_body(body) if body else {},
    }


_BODY = (400, 413, 415)
LOGIN = _documented("sign_in", (200, Envelope[Tokens]), (*_BODY, 401, 429, 501), bodies.Login)
REFRESH = _documented("renew_session", (200, Envelope[Tokens]), (*_BODY, 401, 403, 409, 501), bodies.Refresh)
LOGOUT = _documented("sign_out", (200, Envelope[None]), (*_BODY, 401, 403), bodies.Refresh)
REGISTER = _documented("register", (201, Envelope[Signed]), (*_BODY, 403, 409, 429, 501), bodies.Registration)
PASSWORD = _documented(
    "change_password", (200, Envelope[None]), (*_BODY, 401, 403, 429, 501), bodies.PasswordChange
)
RESET = _documented(
    "reset_password", (200, Envelope[None]), (*_BODY, 401, 403, 404, 501), bodies.PasswordReset
)
ME = _documented("who_am_i", (200, Envelope[Me]), (401, 403, 501))
