"""What a REST source is configured by, and what that makes of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import quote

import httpx
from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from common.io.sources import Scope
from common.io.sources.cursors import lowered
from common.io.sources.documents import Nested
from common.io.sources.http import Home, HttpSettings, url_of
from common.io.sources.http_auth import ClientCredentials, HeaderAuth, QueryAuth, split_url
from common.io.sources.settings import CursorSettings, Pairs, pairs_of
from common.utils.errors import SourceError, did_you_mean

PLACEHOLDERS = ("window_start", "window_end", "since")
IN_BRACES = re.compile(r"\{(\w+)\}")

Secrets = Annotated[dict[str, str], NoDecode, Field(default_factory=dict, repr=False)]


class RestSettings(HttpSettings, CursorSettings):
    """Where an API is, what is asked of it and how its pages hang together.

    ``{window_start}``, ``{window_end}`` and ``{since}`` stand for the run's window and the cursor from which
    on records are wanted, as ISO 8601 times in UTC or as the cursor is written. A parameter whose placeholder
    stands for nothing (no window start, the first run of all) is left out.

    Attributes:
        url: Of the first page, or its path below the URL of ``connection``.
        params: Of the query, written ``per_page=100,updated_after={since}``.
        headers: Sent with each request to that server; they are treated as secrets.
        records: Where the body has the records, such as ``data.items``; empty: it is the list, or the record.
        nested: How objects and lists within a record are kept.
        paging: How to the next page: ``link`` (header ``Link``), ``next`` (its URL is in the body at
            ``next_path``), ``cursor`` (a text in the body at ``cursor_path``, sent as ``cursor_param``),
            ``page`` (counted in ``page_param`` from ``first_page``), ``offset`` (records so far, sent as
            ``offset_param``). The last two go on until a page is empty: a short one need not be the last.
        next_path, cursor_path, cursor_param, page_param, first_page, offset_param: See ``paging``; in a path,
            ``-1`` is the last of a list: ``data.-1.id``.
        auth: What login and password of ``connection`` are: user and password (``basic``), a token
            (``bearer``), a key (``api_key``) or id and secret of a client (``oauth2``).
        key_in, key_name: Where an API key goes.
        token_url, scope: Of OAuth 2.0.
        max_pages: More of them are an error.
    """

    url: str = ""
    params: Pairs = Field(default_factory=dict)
    headers: Secrets
    records: str = ""
    nested: Nested = "json"
    paging: Literal["none", "link", "next", "cursor", "page", "offset"] = "none"
    next_path: str = "next"
    cursor_path: str = "next_cursor"
    cursor_param: str = "cursor"
    page_param: str = "page"
    first_page: int = 1
    offset_param: str = "offset"
    auth: Literal["none", "basic", "bearer", "api_key", "oauth2"] = "none"
    key_in: Literal["header", "query"] = "header"
    key_name: str = "X-API-Key"
    token_url: str = ""
    scope: str = ""
    max_pages: int = Field(default=10_000, gt=0)

    @field_validator("params", "headers", mode="before")
    @classmethod
    def _more_pairs(cls, value: object) -> object:
        return pairs_of(value) if isinstance(value, str) else value

    @field_validator("url", "params")
    @classmethod
    def _known_placeholders(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        for text in (value,) if isinstance(value, str) else value.values():
            for name in IN_BRACES.findall(text):
                if name not in PLACEHOLDERS:
                    raise ValueError(f"{{{name}}} stands for nothing: {did_you_mean(name, PLACEHOLDERS)}")
        return value

    @property
    def placeholders(self) -> frozenset[str]:
        """Those that are used."""
        texts = (self.url, *self.params.values())
        return frozenset(name for text in texts for name in IN_BRACES.findall(text))

    @property
    def address(self) -> str:
        """The URL with its placeholders, without credentials."""
        base, _, _ = split_url(self.connection)
        if not base or "://" in self.url:
            return self.url
        return f"{base.rstrip('/')}/{self.url.lstrip('/')}" if self.url else base


def demand_sense(settings: RestSettings, prefix: str) -> None:
    """Refuses settings that do not go together.

    Raises:
        SourceError: Naming the variable.
    """
    base, login, password = split_url(settings.connection)
    step = f"Set {prefix}CONNECTION, such as https://login:password@host."
    if not settings.address:
        raise SourceError("It is not said where the API is.", where=f"{prefix}URL", next_step=step)
    home = url_of(IN_BRACES.sub("x", settings.address), f"{prefix}URL")
    if home.userinfo:
        raise SourceError("A credential stands in the address.", where=f"{prefix}URL", next_step=step)
    given = login or password if settings.auth == "basic" else password
    if settings.auth != "none" and not given:
        raise SourceError(
            f"There is nothing to show as {settings.auth}.", where=f"{prefix}AUTH", next_step=step
        )
    if settings.auth == "none" and (login or password):
        raise SourceError(
            "The connection has a credential that is not used.",
            where=f"{prefix}AUTH",
            next_step=f"Set {prefix}AUTH to basic, bearer, api_key or oauth2.",
        )
    if base and not Home(url_of(base, f"{prefix}CONNECTION")).owns(home):
        raise SourceError(
            "The connection is to another server than the address.",
            where=f"{prefix}URL",
            next_step="Give the path alone: credentials go to no server but the connection's.",
        )
    if settings.auth == "oauth2":
        url_of(settings.token_url, f"{prefix}TOKEN_URL")


def home_of(settings: RestSettings, prefix: str) -> Home:
    """The server with what it is given."""
    base, login, password = split_url(settings.connection)
    if not base:
        base = IN_BRACES.sub("x", settings.address)
    auth: httpx.Auth | None = None
    match settings.auth:
        case "basic":
            auth = httpx.BasicAuth(login, password)
        case "bearer":
            auth = HeaderAuth("Authorization", f"Bearer {password}")
        case "api_key":
            auth = (HeaderAuth if settings.key_in == "header" else QueryAuth)(settings.key_name, password)
        case "oauth2":
            token_url = url_of(settings.token_url, f"{prefix}TOKEN_URL")
            auth = ClientCredentials(token_url, (login, password), settings.scope, settings, prefix)
    return Home(url_of(base, f"{prefix}URL"), auth, settings.headers, (password,))


def first_url(settings: RestSettings, scope: Scope, prefix: str) -> httpx.URL:
    """The address and the query, their placeholders filled.

    Raises:
        SourceError: The address needs something that this run does not have.
    """
    window = scope.window
    values = {
        "window_start": "" if window.start is None else f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
        "window_end": f"{window.end:%Y-%m-%dT%H:%M:%SZ}",
        "since": lowered(scope.bookmark.get("cursor", ""), settings.overlap),
    }
    address = _filled(settings.address, {name: quote(value, safe="") for name, value in values.items()})
    if address is None:
        raise SourceError(
            "The address has a placeholder that stands for nothing in this run.",
            where=f"{prefix}URL",
            next_step=f"Put it into {prefix}PARAMS, where it is left out then.",
        )
    given = {name: _filled(text, values) for name, text in settings.params.items()}
    url = url_of(address, f"{prefix}URL")
    return url.copy_merge_params({name: text for name, text in given.items() if text is not None})


def _filled(text: str, values: Mapping[str, str]) -> str | None:
    if any(not values[name] for name in IN_BRACES.findall(text)):
        return None
    return IN_BRACES.sub(lambda found: values[found[1]], text)
