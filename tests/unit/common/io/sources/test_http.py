"""The HTTP client against a real server with faults: what is tried again or refused, where secrets go."""

import gzip
import itertools
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.io.sources import http
from common.io.sources.http import Home, HttpClient, HttpSettings, url_of
from common.io.sources.http_auth import HeaderAuth, QueryAuth
from common.utils.errors import SourceError
from servers.http import HttpServer, Reply, certificate

SECRET = "s3cr3t/Pa55 word"
QUICK = {"timeout": 0.3, "retries": 2}


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BACKOFF", 0.01)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def other() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def get(server: HttpServer, path: str = "/x", auth: httpx.Auth | None = None, **settings: Any) -> http.Answer:
    home = Home(httpx.URL(server.url), auth, {"X-Own": SECRET}, (SECRET,))
    with HttpClient(HttpSettings(**QUICK | settings), "VITRINE_A_B_", home) as client:
        return client.get(url_of(f"{server.url}{path}", "URL"))


def refusal(*args: Any, **settings: Any) -> str:
    with pytest.raises(SourceError) as refused:
        get(*args, **settings)
    error: BaseException = refused.value
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert refused.value.next_step
    return str(error)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_tried_again(server: HttpServer, status: int) -> None:
    server.answer("/x", Reply(status=status), Reply(status=status), Reply(b"at last"))
    answer = get(server)
    assert (answer.body, answer.retries) == (b"at last", 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_status_that_stays_is_not(server: HttpServer, status: int) -> None:
    server.answer("/x", Reply(status=status), Reply(b"never"))
    assert f"status {status}" in refusal(server)
    assert len(server.asked) == 1


def test_tries_end(server: HttpServer) -> None:
    server.answer("/x", Reply(status=503))
    assert "status 503 (3 tries)" in refusal(server)
    assert len(server.asked) == 3


def test_retry_after_in_seconds_is_waited_for(server: HttpServer) -> None:
    server.answer("/x", Reply(status=429, headers={"Retry-After": "1"}), Reply(b"now"))
    started = time.monotonic()
    assert get(server).body == b"now"
    assert time.monotonic() - started >= 1


def test_retry_after_as_a_date_is_waited_for(server: HttpServer) -> None:
    until = datetime.now(UTC) + timedelta(seconds=2)
    server.answer(
        "/x", Reply(status=503, headers={"Retry-After": format_datetime(until, usegmt=True)}), Reply(b"now")
    )
    assert get(server).body == b"now"
    assert datetime.now(UTC) >= until.replace(microsecond=0)


def test_a_forbidden_with_retry_after_is_a_rate_limit(server: HttpServer) -> None:
    server.answer("/x", Reply(status=403, headers={"Retry-After": "0"}), Reply(b"now"))
    assert get(server).retries == 1


def test_a_wait_beyond_the_bound_is_refused_at_once(server: HttpServer) -> None:
    server.answer("/x", Reply(status=429, headers={"Retry-After": "3600"}), Reply(b"never"))
    assert "3600 seconds" in refusal(server)
    assert len(server.asked) == 1


def test_a_connection_reset_in_the_body_is_tried_again(server: HttpServer) -> None:
    server.answer("/x", Reply(b"x" * 1000, reset_after=500), Reply(b"whole"))
    answer = get(server)
    assert (answer.body, answer.retries) == (b"whole", 1)


def test_a_body_shorter_than_its_length_is_tried_again(server: HttpServer) -> None:
    server.answer("/x", Reply(b"x" * 10, length=20), Reply(b"whole"))
    assert (get(server).body, len(server.asked)) == (b"whole", 2)


def test_packed_bodies_are_unpacked_and_their_members_joined(server: HttpServer) -> None:
    packed = gzip.compress(b"a" * 3_000_000) + gzip.compress(b"b")
    server.answer("/x", Reply(packed, headers={"Content-Encoding": "gzip"}))
    assert get(server).body == b"a" * 3_000_000 + b"b"


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-9], lambda raw: raw[:20] + b"\0" * 9 + raw[29:], lambda raw: b"x"]
)
def test_a_packed_body_that_is_damaged_is_tried_again(server: HttpServer, damage: Any) -> None:
    raw = gzip.compress(bytes(range(256)) * 40)
    gzipped = {"Content-Encoding": "gzip"}
    server.answer("/x", Reply(damage(raw), headers=gzipped), Reply(raw, headers=gzipped))
    answer = get(server)
    assert (answer.body, answer.retries) == (bytes(range(256)) * 40, 1)


def test_a_packing_that_was_not_asked_for_is_refused(server: HttpServer) -> None:
    server.answer("/x", Reply(b"x", headers={"Content-Encoding": "br"}))
    assert "packed as br" in refusal(server)


def test_an_endless_body_is_cut_off_at_the_bound(server: HttpServer) -> None:
    server.answer("/x", Reply(itertools.repeat(b"x" * 65536)))
    assert "more than 1,000,000 bytes" in refusal(server, max_bytes=1_000_000)


def test_a_gzip_bomb_is_cut_off_at_the_bound(server: HttpServer) -> None:
    server.answer("/x", Reply(gzip.compress(b"\0" * 50_000_000), headers={"Content-Encoding": "gzip"}))
    assert "more than 1,000,000 bytes" in refusal(server, max_bytes=1_000_000)


def test_a_server_that_says_nothing_is_not_waited_for(server: HttpServer) -> None:
    server.answer("/x", Reply(b"late", pause=1), Reply(b"in time"))
    assert get(server).body == b"in time"


def test_a_body_that_drips_has_a_deadline(server: HttpServer) -> None:
    server.answer("/x", Reply(itertools.repeat(b"x"), pause=0.05))
    assert "took longer than 0.2 seconds" in refusal(server, deadline=0.2, retries=0)


def test_a_server_that_is_not_there(server: HttpServer) -> None:
    server.stop()
    assert "ConnectError (3 tries)" in refusal(server)


def test_a_header_that_cannot_be_sent_is_not_shown(server: HttpServer) -> None:
    assert "LocalProtocolError" in refusal(server, "/x", HeaderAuth("X-Key", f"{SECRET}\n"))


def test_redirects_are_followed_with_the_credential_on_the_same_server(server: HttpServer) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": "/y"}))
    server.answer("/y", Reply(b"here"))
    assert get(server, "/x", HeaderAuth("Authorization", SECRET)).body == b"here"
    assert [one.headers.get("authorization") for one in server.asked] == [SECRET, SECRET]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_the_credential_to_another_server(
    server: HttpServer, other: HttpServer, status: int
) -> None:
    server.answer("/x", Reply(status=status, headers={"Location": f"{other.url}/y"}))
    other.answer("/y", Reply(b"there"))
    assert get(server, "/x", HeaderAuth("Authorization", SECRET)).body == b"there"
    (asked,) = other.asked
    assert SECRET not in str(asked)


def test_a_redirect_with_the_key_in_its_address_is_refused(server: HttpServer, other: HttpServer) -> None:
    location = httpx.URL(f"{other.url}/y", params={"key": SECRET})
    server.answer("/x", Reply(status=302, headers={"Location": str(location)}))
    assert "with the credential in the address" in refusal(server, "/x", QueryAuth("key", SECRET))
    assert other.asked == []


def test_redirects_end(server: HttpServer) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": "/x"}))
    assert "redirects more than 10 times" in refusal(server)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://host/x"])
def test_a_redirect_to_no_address_of_http_is_refused(server: HttpServer, location: str) -> None:
    server.answer("/x", Reply(status=302, headers={"Location": location}))
    assert "cannot be asked" in refusal(server)


def test_a_key_in_the_query_is_in_no_log(
    server: HttpServer, other: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer("/x", Reply(status=500), Reply(status=302, headers={"Location": "/y?token=t0k3n"}))
    server.answer("/y", Reply(b"here", headers={"Set-Cookie": "c=t0k3n"}))
    get(server, "/x?page=t0k3n", QueryAuth("key", "s3cr3t"))
    assert server.asked[0].query == {"page": "t0k3n", "key": "s3cr3t"}
    assert "Try 1 failed: status 500" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert "t0k3n" not in caplog.text


def test_a_credential_in_the_address_is_not_sent(server: HttpServer) -> None:
    server.answer("/x", Reply(b"here"))
    home = Home(httpx.URL("http://elsewhere"))
    with HttpClient(HttpSettings(**QUICK), "VITRINE_A_B_", home) as client:
        client.get(httpx.URL(f"{server.with_credentials('me', 'pw')}/x"))
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("home", "url", "owned"),
    [
        ("https://a.example", "https://a.example/x", True),
        ("https://a.example", "https://A.example:443/x", True),
        ("https://a.example", "https://a.example:8443/x", False),
        ("https://a.example", "http://a.example/x", False),
        ("https://a.example", "https://b.a.example/x", False),
        ("https://a.example", "https://a.example.evil/x", False),
        ("http://a.example", "https://a.example/x", True),
        ("http://a.example:8080", "https://a.example/x", False),
    ],
)
def test_whose_server_a_url_is(home: str, url: str, owned: bool) -> None:
    assert Home(httpx.URL(home)).owns(httpx.URL(url)) is owned


def test_no_redirect_leads_from_https_to_http(
    tmp_path: Path, server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path)
    with HttpServer(path) as secure:
        secure.answer("/x", Reply(status=302, headers={"Location": f"{server.url}/y"}))
        assert "its certificate is not trusted" in refusal(secure)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert "redirects from https" in refusal(secure)
        secure.answer("/x", Reply(b"safe"))
        assert get(secure).body == b"safe"
    assert server.asked == []
