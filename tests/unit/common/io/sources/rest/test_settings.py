"""What the settings of an API make of a request, before any is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from common.io.sources import Scope
from common.io.sources.http_auth import ClientCredentials, HeaderAuth, QueryAuth
from common.io.sources.rest.settings import RestSettings, demand_sense, first_url, home_of
from common.utils.errors import SourceError
from common.utils.window import Window

END = datetime(2026, 2, 1, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), END)
CONNECTION = "https://me:s3%40cr3t@host/api/"


def url(scope: Scope, **settings: Any) -> str:
    return str(first_url(RestSettings(**settings), scope, "VITRINE_A_B_"))


@pytest.mark.parametrize(
    ("connection", "given", "address"),
    [
        ("", "https://host/x", "https://host/x"),
        (CONNECTION, "", "https://host/api/"),
        (CONNECTION, "/x", "https://host/api/x"),
        (CONNECTION, "x?a=1", "https://host/api/x?a=1"),
        (CONNECTION, "https://host/y", "https://host/y"),
    ],
)
def test_the_address_is_below_the_connection_and_has_no_credential(
    connection: str, given: str, address: str
) -> None:
    assert RestSettings(connection=connection, url=given).address == address


def test_placeholders_stand_for_the_window_and_the_lowered_cursor() -> None:
    settings = {
        "url": "https://host/{window_end}?a=1",
        "params": {"from": "{window_start}", "since": "gt:{since}", "n": "2"},
        "overlap": "1h",
    }
    assert RestSettings(**settings).placeholders == {"window_end", "window_start", "since"}
    found = httpx.URL(url(Scope(WINDOW, {"cursor": "2026-01-05T00:00:00"}), **settings))
    assert found.raw_path.startswith(b"/2026-02-01T00%3A00%3A00Z?")
    assert dict(found.params) == {
        "a": "1",
        "from": "2026-01-01T00:00:00Z",
        "since": "gt:2026-01-04T23:00:00",
        "n": "2",
    }


def test_a_parameter_whose_placeholder_stands_for_nothing_is_left_out() -> None:
    params = {"from": "{window_start}", "since": "{since}", "both": "{window_end}{since}", "n": "2"}
    assert url(Scope(Window(None, END)), url="https://host/x", params=params) == "https://host/x?n=2"


def test_an_address_whose_placeholder_stands_for_nothing_is_refused() -> None:
    with pytest.raises(SourceError) as refused:
        url(Scope(Window(None, END)), url="https://host/{since}")
    assert refused.value.where == "VITRINE_A_B_URL"
    assert "VITRINE_A_B_PARAMS" in str(refused.value.next_step)


def test_a_value_cannot_leave_its_place_in_the_address() -> None:
    scope = Scope(WINDOW, {"cursor": "../admin?x=1#"})
    assert url(scope, url="https://host/x/{since}/y") == "https://host/x/..%2Fadmin%3Fx%3D1%23/y"


@pytest.mark.parametrize(
    "settings", [{"url": "https://host/{windwo_end}"}, {"params": "a={since},b={untill}"}, {"max_pages": 0}]
)
def test_what_stands_for_nothing_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RestSettings(**settings)


@pytest.mark.parametrize(
    ("auth", "kind", "shown"),
    [
        ({"auth": "basic"}, httpx.BasicAuth, "Basic bWU6czNAY3IzdA=="),
        ({"auth": "bearer"}, HeaderAuth, "Bearer s3@cr3t"),
        ({"auth": "api_key", "key_name": "Authorization"}, HeaderAuth, "s3@cr3t"),
        ({"auth": "api_key", "key_in": "query", "key_name": "key"}, QueryAuth, None),
    ],
)
def test_login_and_password_are_shown_as_asked(
    auth: dict[str, Any], kind: type[httpx.Auth], shown: str | None
) -> None:
    home = home_of(RestSettings(connection=CONNECTION, **auth), "VITRINE_A_B_")
    assert isinstance(home.auth, kind)
    request = next(home.auth.sync_auth_flow(httpx.Request("GET", "https://host/x")))
    assert request.headers.get("authorization") == shown
    assert request.url.params.get("key") == (None if shown else "s3@cr3t")
    assert home.owns(httpx.URL("https://host/y"))
    assert not home.owns(httpx.URL("https://other/y"))


def test_a_client_gets_its_token_where_it_is_told() -> None:
    settings = RestSettings(connection=CONNECTION, auth="oauth2", token_url="https://login/token")
    demand_sense(settings, "VITRINE_A_B_")
    assert isinstance(home_of(settings, "VITRINE_A_B_").auth, ClientCredentials)


def test_an_open_api_needs_no_connection() -> None:
    settings = RestSettings(url="https://host/{window_end}")
    demand_sense(settings, "VITRINE_A_B_")
    home = home_of(settings, "VITRINE_A_B_")
    assert (home.auth, home.owns(httpx.URL("https://host/z"))) == (None, True)


def test_basic_takes_a_login_alone_and_a_token_is_a_password() -> None:
    demand_sense(RestSettings(connection="https://me@host", auth="basic"), "VITRINE_A_B_")
    with pytest.raises(SourceError, match="nothing to show as bearer"):
        demand_sense(RestSettings(connection="https://me@host", auth="bearer"), "VITRINE_A_B_")


def test_neither_headers_nor_the_connection_are_shown() -> None:
    settings = RestSettings(connection=CONNECTION, headers="X-Key=s3%40cr3t")
    assert "s3%40cr3t" not in repr(settings)
