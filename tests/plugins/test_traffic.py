"""Limits, the audit, the access log, other origins and packed answers, on the whole app."""

import gzip
import json
import logging
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from starlette.testclient import TestClient

from common.io.collections import open_store
from common.utils.settings import Settings
from dashboards.audit import Audit
from dashboards.settings import ApiSettings
from plugins import history
from plugins.shop import EMPTY, ORDERS, orders

PAGE = "/collections/shop/orders"


@pytest.fixture
def app(shop: Any, home: Path, airflow_users: Callable[..., str]) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of apps with settings of their own, on 100 orders."""
    from dashboards.app import create_app

    shop.publish(orders(100))
    store = open_store(shop.url, batch_size=1000, read_only=True)

    def make(name: str = "ann", **options: Any) -> TestClient:
        shelf = {one.name: one for one in (ORDERS, EMPTY)}
        made = create_app(shelf, store, settings=Settings(home=home), options=ApiSettings(**options))
        return TestClient(made, headers={"Authorization": f"Bearer {airflow_users()}"})

    yield make
    store.close()


def test_a_user_is_told_the_limit_and_refused_beyond_it(app: Callable[..., TestClient]) -> None:
    client = app(rate_user="3/minute")
    answers = [client.get(path) for path in (PAGE, PAGE, "/stats", PAGE, "/collections")]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert [one.headers["ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0", "0"]
    assert {one.headers["ratelimit-limit"] for one in answers} == {"3"}
    refused = answers[3]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert int(refused.headers["ratelimit-reset"]) <= 60
    assert refused.json()["status"] == "error"
    assert "retry-after" not in answers[0].headers


def test_an_address_is_limited_whoever_asks(app: Callable[..., TestClient]) -> None:
    client = app(rate_address="2/minute", trusted_proxies=1)
    here, there = {"X-Forwarded-For": "6.6.6.6, 10.0.0.1"}, {"X-Forwarded-For": "10.0.0.2"}
    assert [client.get("/health", headers=here).status_code for _ in range(3)] == [200, 200, 429]
    forged = {"X-Forwarded-For": "7.7.7.7, 10.0.0.1"}
    assert client.get("/health", headers=forged).status_code == 429, "only the proxy's word counts"
    assert client.get("/health", headers=there).status_code == 200


def test_without_a_limit_nothing_is_said(app: Callable[..., TestClient]) -> None:
    headers = app(rate_user="", rate_address="").get(PAGE).headers
    assert not [name for name in headers if name.startswith("ratelimit")]


def test_a_request_counts_once_whether_or_not_it_needs_a_route(app: Callable[..., TestClient]) -> None:
    client = app(rate_user="9/minute")
    asked = (f"{PAGE}?limit=3", f"{PAGE}?limit=3", f"{PAGE}?limt=3", "/data?collection=shop/orders", "/stats")
    left = [client.get(path).headers["ratelimit-remaining"] for path in asked]
    assert left == ["8", "7", "6", "5", "4"]


def test_a_window_moves_and_is_dropped_when_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboards import metering
    from dashboards.settings import ApiSettings

    now = 100.0
    monkeypatch.setattr(metering.time, "monotonic", lambda: now)
    meter = metering.Meter(ApiSettings(rate_user="2/second", rate_address=""))
    assert [meter.admits("user", "ann") for _ in range(3)] == [True, True, False]
    assert meter.admits("user", "bob")
    now = 100.9
    assert meter.hit("user", "ann").headers["retry-after"] == "1"
    now = 101.0
    assert meter.hit("user", "ann").headers["ratelimit-remaining"] == "1"
    meter._until_sweep = 1
    meter.admits("user", "ann")
    assert list(meter._windows) == [("user", "ann")]


def records(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in (home / "audit").glob("*.ndjson") for line in path.open()]


def test_each_access_to_data_is_recorded(app: Callable[..., TestClient], home: Path) -> None:
    with app() as client:
        first = client.get(f"{PAGE}?limit=5&paid=true", headers={"X-Request-ID": "mine"})
        again = client.get(f"{PAGE}?limit=5&paid=true", headers={"If-None-Match": first.headers["etag"]})
        client.get("/collections")
        client.get(f"{PAGE}?limt=5")
    assert again.status_code == 304
    found = records(home)
    assert [(one["status"], one["rows"], one["data"], one["version"]) for one in found] == [
        (200, 5, "shop/orders", 1),
        (304, 0, "shop/orders", 1),
    ]
    one = found[0]
    assert (one["request_id"], one["user"], one["role"]) == ("mine", "ann", "viewer")
    assert (one["query"], one["address"]) == ("limit=5&paid=true", "testclient")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*\+00:00", one["at"])
    (path,) = (home / "audit").iterdir()
    assert path.stat().st_mode & 0o077 == 0, "others may not read who read what"


def test_what_the_disk_refuses_is_counted_and_told_later(
    app: Callable[..., TestClient], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.mkdir()
    (home / "audit").write_text("in the way")
    with app() as client:
        assert client.get(PAGE).status_code == 200
        assert client.get(PAGE).status_code == 200
        client.app.state.audit.close()
        assert client.app.state.audit.lost == 2
        assert "2 records of the audit are lost" in caplog.text
        (home / "audit").unlink()
        client.get(PAGE)
    found = records(home)
    assert found[-1]["lost"] == 2
    assert len(found) == 2


def test_runs_and_statistics_are_recorded_too(
    app: Callable[..., TestClient], home: Path, airflow_users: Callable[..., str]
) -> None:
    history.runs(Settings(home=home), 3)
    with app() as client:
        client.headers["Authorization"] = f"Bearer {airflow_users('op')}"
        for path in (f"{PAGE}/stats", f"{PAGE}/runs", "/runs/shop.orders.run-0000"):
            assert client.get(path).status_code == 200
    found = [(one["data"], one["version"], one["rows"]) for one in records(home)]
    assert found == [
        ("statistics of shop/orders", 1, 0),
        ("runs of shop/orders", None, 3),
        ("a run of shop/orders", None, 1),
    ]


def test_a_record_that_the_disk_cut_off_spoils_no_other(tmp_path: Path) -> None:
    audit = Audit(tmp_path, 100)
    audit.record({"number": 1})
    audit.close()
    (path,) = tmp_path.iterdir()
    size, (soft, hard) = path.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, hard))  # as a disk that is full amid a record
    try:
        audit.record({"number": 2})
        audit.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (path.stat().st_size, audit.lost) == (size + 5, 1)
    audit.record({"number": 3})
    audit.close()
    first, torn, third, lost = path.read_text().splitlines()
    assert (json.loads(first), json.loads(third)) == ({"number": 1}, {"number": 3})
    assert (torn, json.loads(lost)["lost"]) == ('{"num', 1)


def test_what_waits_is_written_when_the_process_ends_whoever_serves_it(tmp_path: Path) -> None:
    """A mounted app is not told of the end."""
    code = "from dashboards.audit import Audit; from pathlib import Path; import sys; "
    code += "one = Audit(Path(sys.argv[1]), 9); one.record({}); one.record({})"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=process_environment(), check=False)
    assert done.returncode == 0
    (path,) = tmp_path.iterdir()
    assert path.read_text() == "{}\n{}\n"


def process_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_network_of_ipv6_is_one_address(app: Callable[..., TestClient]) -> None:
    client = app(rate_address="2/minute", trusted_proxies=1)
    found = [client.get("/health", headers={"X-Forwarded-For": f"2001:db8::{n}"}) for n in range(3)]
    assert [one.status_code for one in found] == [200, 200, 429]
    other = client.get("/health", headers={"X-Forwarded-For": "2001:db8:0:1::1"})
    assert other.status_code == 200


def test_a_full_queue_refuses_no_request_and_is_counted(app: Callable[..., TestClient], home: Path) -> None:
    with app(audit_queue=1) as client:
        from dashboards import audit

        audit.PAUSE, pause = 60, audit.PAUSE
        try:
            assert {client.get(PAGE).status_code for _ in range(5)} == {200}
        finally:
            audit.PAUSE = pause
        assert client.app.state.audit.lost == 4


def test_the_access_log_is_one_line_of_json(
    app: Callable[..., TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "vitrine.access"):
        app().get(PAGE)
        assert not caplog.records
        app(access_log=True).get(f"{PAGE}?limit=1", headers={"X-Request-ID": "mine"})
        app(access_log=True).get("/nowhere")
    first, second = (json.loads(one.getMessage()) for one in caplog.records)
    assert (first["request_id"], first["status"], first["user"], first["path"]) == ("mine", 200, "ann", PAGE)
    assert first["bytes"] > 100
    assert first["ms"] > 0
    assert (second["status"], second["user"]) == (404, None)


def test_other_origins_may_read_only_where_a_setting_says_so(app: Callable[..., TestClient]) -> None:
    asked = {"Origin": "https://dash.example.org", "Access-Control-Request-Method": "GET"}
    assert app().options(PAGE, headers=asked).status_code == 405
    assert "access-control-allow-origin" not in app().get(PAGE, headers=asked).headers
    client = app(cors_origins="https://dash.example.org")
    allowed = client.options(PAGE, headers=asked)
    assert allowed.headers["access-control-allow-origin"] == "https://dash.example.org"
    assert "access-control-allow-credentials" not in allowed.headers
    answer = client.get(PAGE, headers=asked)
    assert "ETag" in answer.headers["access-control-expose-headers"]
    other = client.get(PAGE, headers={"Origin": "https://evil.example.org"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br", "br"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, gzip;q=0", None),
        ("identity", None),
        ("deflate", None),
        ("nonsense;;q=x", None),
    ],
)
def test_answers_are_packed_as_the_reader_likes(
    app: Callable[..., TestClient], accepted: str, coding: str | None
) -> None:
    client = app()
    for _ in range(2):  # the second one is kept
        with client.stream("GET", PAGE, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding") == coding
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
        assert len(json.loads(unpack(raw))["data"]) == 100
        assert "Accept-Encoding" in answer.headers["vary"]
        assert int(answer.headers["content-length"]) == len(raw)
    small = client.get("/health", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in small.headers
