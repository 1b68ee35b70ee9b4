"""OAuth 2.0 client credentials against a real token endpoint; where the credentials of a URL go."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from common.io.sources import http
from common.io.sources.http import Home, HttpClient, HttpSettings
from common.io.sources.http_auth import ClientCredentials, split_url
from common.utils.errors import SourceError
from servers.http import Asked, HttpServer, Reply, as_json

SECRET = "s3cr3t-Pa55"


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BACKOFF", 0.01)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def client(server: HttpServer, **settings: Any) -> HttpClient:
    bounds = HttpSettings(timeout=0.3, retries=2, **settings)
    url = httpx.URL(f"{server.url}/token")
    auth = ClientCredentials(url, ("me", SECRET), "read:all", bounds, "VITRINE_A_B_")
    return HttpClient(bounds, "VITRINE_A_B_", Home(httpx.URL(server.url), auth))


def guarded(*valid: str) -> Any:
    def reply(asked: Asked) -> Reply:
        return as_json([]) if asked.headers.get("authorization") in valid else Reply(status=401)

    return reply


def test_one_token_is_fetched_for_many_requests(server: HttpServer) -> None:
    server.answer("/token", as_json({"access_token": "T1", "token_type": "Bearer", "expires_in": "3600"}))
    server.answer("/x", guarded("Bearer T1"))
    with client(server) as asking:
        for _ in range(3):
            asking.get(httpx.URL(f"{server.url}/x"))
    tokens = [one for one in server.asked if one.path == "/token"]
    assert [one.basic for one in tokens] == [("me", SECRET)]
    assert tokens[0].method == "POST"
    assert parse_qs(tokens[0].body.decode()) == {"grant_type": ["client_credentials"], "scope": ["read:all"]}
    assert all(one.headers["authorization"] == "Bearer T1" for one in server.asked if one.path == "/x")


def test_a_token_that_is_about_to_end_is_not_used_again(server: HttpServer) -> None:
    server.answer(
        "/token", as_json({"access_token": "T1", "expires_in": 20}), as_json({"access_token": "T2"})
    )
    server.answer("/x", guarded("Bearer T1", "Bearer T2"))
    with client(server) as asking:
        for _ in range(3):
            asking.get(httpx.URL(f"{server.url}/x"))
    sent = [one.headers["authorization"] for one in server.asked if one.path == "/x"]
    assert sent == ["Bearer T1", "Bearer T2", "Bearer T2"]


def test_a_token_that_was_revoked_is_fetched_anew_once(server: HttpServer) -> None:
    server.answer("/token", as_json({"access_token": "T1"}), as_json({"access_token": "T2"}))
    server.answer("/x", as_json([]), guarded("Bearer T2"))
    with client(server) as asking:
        asking.get(httpx.URL(f"{server.url}/x"))
        assert asking.get(httpx.URL(f"{server.url}/x")).status == 200
    server.answer("/x", guarded())
    with client(server) as asking, pytest.raises(SourceError, match="status 401"):
        asking.get(httpx.URL(f"{server.url}/x"))


@pytest.mark.parametrize(
    "reply",
    [
        as_json({"error": "invalid_client"}, 401),
        as_json({"token": "misnamed"}),
        Reply(b"<html>"),
        Reply(b"\xff"),
        Reply(status=302, headers={"Location": "/elsewhere"}),
    ],
)
def test_a_token_that_is_not_given_is_said_without_the_secret(server: HttpServer, reply: Reply) -> None:
    server.answer("/token", reply)
    with client(server) as asking, pytest.raises(SourceError, match="gives no token") as refused:
        asking.get(httpx.URL(f"{server.url}/x"))
    assert SECRET not in str(refused.value)
    assert "VITRINE_A_B_CONNECTION" in refused.value.next_step
    assert [one.path for one in server.asked] == ["/token"]


def test_a_token_endpoint_that_is_busy_is_asked_again(server: HttpServer) -> None:
    server.answer("/token", Reply(status=503), Reply(b"late", pause=1), as_json({"access_token": "T1"}))
    server.answer("/x", guarded("Bearer T1"))
    with client(server) as asking:
        assert asking.get(httpx.URL(f"{server.url}/x")).retries == 2


def test_a_url_is_parted_from_its_credentials() -> None:
    assert split_url("https://me%40x:p%2Fw@host:8/a?extra=1#b") == ("https://host:8/a", "me@x", "p/w")
    assert split_url("https://host") == ("https://host", "", "")
    assert split_url("") == ("", "", "")
