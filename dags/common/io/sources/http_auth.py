"""How a request shows who sends it: the schemes that httpx does not have."""

from __future__ import annotations

import time
from collections.abc import Generator
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from common.io.sources.http import TRANSIENT, HttpSettings
from common.io.sources.http_answer import Transient, shown, whole
from common.utils.errors import SourceError

LONGEST = 2**20  # bytes of a token's answer
EARLY = 30  # seconds before its end at which a token is no longer used


def split_url(url: str) -> tuple[str, str, str]:
    """A URL without its credentials and query, its login and its password."""
    parts = urlsplit(url)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    return plain, unquote(parts.username or ""), unquote(parts.password or "")


class HeaderAuth(httpx.Auth):
    """A secret in a header."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sets the header."""
        request.headers[self._name] = self._value
        yield request


class QueryAuth(httpx.Auth):
    """A secret in the query."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sets the parameter."""
        request.url = request.url.copy_set_param(self._name, self._value)
        yield request


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float | None = None


class ClientCredentials(httpx.Auth):
    """OAuth 2.0 client credentials (RFC 6749, 4.4): a token is fetched when needed, anew once refused.

    Args:
        url: Of the tokens.
        client: Its id and its secret.
        scope: Asked for; may be empty.
        settings: Bounds of the token's answer.
        prefix: Of the environment variables, for messages.
    """

    def __init__(
        self, url: httpx.URL, client: tuple[str, str], scope: str, settings: HttpSettings, prefix: str
    ) -> None:
        self._url, self._scope, self._settings, self._prefix = url, scope, settings, prefix
        self._basic = httpx.BasicAuth(*client)
        self._token, self._until = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Asks for a token where there is none that is good for a while, then sends the request with it."""
        fresh = not self._token or time.monotonic() > self._until
        if fresh:
            self._fetch()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not fresh:
            self._token = ""
            raise Transient("the token was refused", wait=0)

    def _fetch(self) -> None:
        """By a client of its own: what is yielded instead, httpx would read without a bound."""
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        with (
            httpx.Client(timeout=self._settings.timeout, headers=headers, auth=self._basic) as client,
            client.stream("POST", self._url, data=form) as response,
        ):
            self._keep(response)

    def _keep(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in TRANSIENT:
            raise Transient(f"status {status} of the token's address")
        why = f"status {status}"
        if response.is_success:
            body = whole(response, LONGEST, self._settings.deadline, self._prefix)
            try:
                token = msgspec.json.decode(body, type=_Token, strict=False)
            except (msgspec.DecodeError, UnicodeDecodeError):
                why = "its answer is no token"
            else:
                life = float("inf") if token.expires_in is None else token.expires_in - EARLY
                self._token, self._until = token.access_token, time.monotonic() + life
                return
        raise SourceError(
            f"{shown(self._url)} gives no token: {why}.",
            where=f"{self._prefix}TOKEN_URL",
            next_step=f"Check {self._prefix}TOKEN_URL and {self._prefix}SCOPE, and the client's id (login) "
            f"and secret (password) in {self._prefix}CONNECTION.",
        )
