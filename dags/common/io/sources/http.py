"""One HTTP client for all sources that speak HTTP: bounded, patient where it helps, discreet of secrets."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, unquote_plus

import httpx
import tenacity
from pydantic import Field

from common.io.sources.http_answer import Transient, seconds_of, shown, whole
from common.io.sources.settings import SourceSettings
from common.utils.errors import SourceError

log = logging.getLogger(__name__)
for _chatty in ("httpx", "httpcore"):  # they log whole URLs and headers, with whatever secret is in them
    logging.getLogger(_chatty).setLevel(logging.WARNING)

AGENT = "Vitrine"
REDIRECTS = 10
BACKOFF = 0.5  # seconds before the first new try, at most; it doubles with each
LONGEST_BACKOFF = 60.0
TRANSIENT = frozenset([429, 500, 502, 503, 504])
LIMITED = frozenset([403, 429, 503])  # that ask for patience where they have Retry-After
NETWORK = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)


class HttpSettings(SourceSettings):
    """How patient and how bounded requests are.

    Attributes:
        timeout: Seconds to connect, and to wait for the next bytes of an answer.
        deadline: Seconds that one whole answer may take.
        retries: How often a request is tried again where the fault may pass by itself.
        max_wait: Seconds that a server may ask us to wait (``Retry-After``).
        max_bytes: Of one answer, unpacked.
    """

    timeout: float = Field(default=30, gt=0)
    deadline: float = Field(default=600, gt=0)
    retries: int = Field(default=4, ge=0)
    max_wait: float = Field(default=300, ge=0)
    max_bytes: int = Field(default=32 * 2**20, gt=0)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, whole.

    Attributes:
        url: That answered, after redirects.
        links: Of the ``Link`` header, by their relation.
        retries: How often the request was tried again.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    url: httpx.URL
    links: Mapping[str | None, Mapping[str, str]] = field(default_factory=dict)
    retries: int = 0


@dataclass(frozen=True)
class Home:
    """The one server that is given the credentials, and what it is given.

    Attributes:
        url: Of that server; a request to another host, port or protocol gets nothing of this.
        secrets: Texts that no URL of another server may hold.
    """

    url: httpx.URL
    auth: httpx.Auth | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)

    def owns(self, url: httpx.URL) -> bool:
        """Whether a URL is of this server; https on the same host is where http was configured."""
        here, there = self.url, url
        upgraded = (here.scheme, there.scheme) == ("http", "https") and not (here.port or there.port)
        same = (here.scheme, here.port) == (there.scheme, there.port) or upgraded
        return same and here.host.lower() == there.host.lower()

    def betrayed_by(self, url: httpx.URL) -> bool:
        """Whether following a URL would tell another server a secret."""
        text = str(url)
        plain = (text, unquote(text), unquote_plus(text))
        return not self.owns(url) and any(secret in one for secret in self.secrets if secret for one in plain)


class HttpClient:
    """GET requests of one source; a context manager.

    Args:
        settings: Its bounds.
        prefix: Of the environment variables, for messages.
        home: Who is given credentials.
    """

    def __init__(self, settings: HttpSettings, prefix: str, home: Home) -> None:
        self._settings, self._prefix, self._home = settings, prefix, home
        self._client = httpx.Client(timeout=settings.timeout, headers=[("User-Agent", AGENT)])
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            stop=tenacity.stop_after_attempt(settings.retries + 1),
            wait=_pause,
            reraise=True,
        )

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, url: httpx.URL, headers: Mapping[str, str] | None = None) -> Answer:
        """What a server answers: a success, or 304 where the headers ask for it.

        Raises:
            SourceError: It is away, refuses, answers too much, or redirects where a credential must not go.
        """
        try:
            answer = self._retrying(self._try, url, headers or {})
        except Transient as error:
            tried = self._retrying.statistics["attempt_number"]
            raise SourceError(
                f"{shown(url)} gave no answer that can be used: {error.reason} ({tried} tries).",
                where=shown(url),
                next_step="Run the task again once the server is well; "
                f"{self._prefix}RETRIES and {self._prefix}TIMEOUT say how patient we are.",
            ) from None
        return replace(answer, retries=self._retrying.statistics["attempt_number"] - 1)

    def _try(self, url: httpx.URL, headers: Mapping[str, str]) -> Answer:
        try:
            return self._followed(url, headers)
        except NETWORK as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                raise Transient(type(error).__name__) from None
            why = "its certificate is not trusted"
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # its text may hold a URL or a header
            why = type(error).__name__
        raise SourceError(
            f"{shown(url)} cannot be asked: {why}.",
            where=shown(url),
            next_step=f"Mend {self._prefix}URL, {self._prefix}CONNECTION or what the server answers.",
        )

    def _followed(self, url: httpx.URL, headers: Mapping[str, str]) -> Answer:
        """The answer at the end of the redirects."""
        for _ in range(REDIRECTS + 1):
            at_home = self._home.owns(url)
            request = self._client.build_request(
                "GET",
                url.copy_with(userinfo=b""),
                headers={
                    "Accept-Encoding": "gzip",
                    **headers,
                    **(self._home.headers if at_home else {}),
                },
            )
            response = self._client.send(request, stream=True, auth=self._home.auth if at_home else None)
            try:
                if not response.has_redirect_location:
                    return self._answer(response)
                url = self._redirected(url, response)
            finally:
                response.close()
        raise self._refusal(url, f"it redirects more than {REDIRECTS} times")

    def _redirected(self, url: httpx.URL, response: httpx.Response) -> httpx.URL:
        target = url.join(response.headers["location"])
        if (url.scheme, target.scheme) == ("https", "http"):
            raise self._refusal(url, f"it redirects from https to {shown(target)}, where anybody can listen")
        if self._home.betrayed_by(target):
            raise self._refusal(url, f"it redirects to {shown(target)} with the credential in the address")
        return target

    def _answer(self, response: httpx.Response) -> Answer:
        status, url = response.status_code, response.url
        wait = seconds_of(response.headers.get("retry-after", "")) if status in LIMITED else None
        if wait is not None and wait > self._settings.max_wait:
            raise SourceError(
                f"{shown(url)} asks us to come back in {wait:.0f} seconds (status {status}).",
                where=shown(url),
                next_step=f"Run the task again then, or set {self._prefix}MAX_WAIT to wait as long.",
            )
        if status in TRANSIENT or wait is not None:
            raise Transient(f"status {status}", wait)
        if not (response.is_success or status == httpx.codes.NOT_MODIFIED):
            raise self._refusal(url, f"status {status} {response.reason_phrase}".rstrip(), status)
        body = whole(response, self._settings.max_bytes, self._settings.deadline, self._prefix)
        return Answer(status, response.headers, body, url, response.links)

    def _refusal(self, url: httpx.URL, why: str, status: int = 0) -> SourceError:
        steps = {
            401: f"Put valid credentials into {self._prefix}CONNECTION.",
            403: f"Put credentials that may read this into {self._prefix}CONNECTION.",
            404: f"Correct {self._prefix}URL.",
            410: f"Take it out of {self._prefix}URL: the server says that it is gone for good.",
        }
        step = steps.get(status, f"Correct {self._prefix}URL and the other settings of the request.")
        return SourceError(f"{shown(url)} refuses: {why}.", where=shown(url), next_step=step)


def url_of(text: str, setting: str, base: httpx.URL | None = None) -> httpx.URL:
    """A URL as a server or a person wrote it.

    Args:
        text: Absolute, or to be joined to ``base``.
        setting: Where it came from, for the message.
        base: That it was found at.

    Raises:
        SourceError: It is none that HTTP knows.
    """
    try:
        url = httpx.URL(text) if base is None else base.join(text)
        if url.scheme in ("http", "https") and url.host:
            return url
    except (httpx.InvalidURL, ValueError, TypeError):
        pass
    raise SourceError(
        f"What {setting} gives is no address of http or https.",
        where=setting,
        next_step="Write it as https://host/path.",
    )


def _pause(state: tenacity.RetryCallState) -> float:
    error: Any = state.outcome.exception() if state.outcome else None
    backoff = tenacity.wait_random_exponential(multiplier=BACKOFF, max=LONGEST_BACKOFF)
    pause = backoff(state) if error.wait is None else error.wait
    log.warning("Try %d failed: %s. Next in %.1f s.", state.attempt_number, error.reason, pause)
    return float(pause)
