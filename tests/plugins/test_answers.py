"""What holds for every answer: the envelope, ids, headers, HEAD, errors; and a store that fails."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from common.io.collections import open_store
from dashboards.app import create_app
from dashboards.envelope import Envelope
from plugins.shop import ORDERS, orders

PAGE = "/v1/collections/shop/orders"


def envelope(answer: Any) -> dict[str, Any]:
    """The body, which must be an envelope to the last key."""
    Envelope[Any].model_validate_json(answer.content, strict=True)
    body: dict[str, Any] = answer.json()
    assert list(body) == ["status", "data", "message", "timestamp", "metadata"]
    assert list(body["metadata"]) == [
        "request_id",
        "api_latency_ms",
        "pagination",
        "version",
        "published_at",
        "data_as_of",
        "age_seconds",
        "freshness",
    ]
    assert body["status"] == ("success" if answer.status_code < 400 else "error")
    assert body["timestamp"] == "2026-02-01T06:00:00Z"
    assert 0 < body["metadata"]["api_latency_ms"] < 60_000
    assert body["metadata"]["request_id"] == answer.headers["x-request-id"]
    return body


ANSWERS = [
    ("GET", "/v1/health", 200, "answers"),
    ("GET", "/v1/collections", 200, "2 collections"),
    ("GET", PAGE, 200, "100 rows of shop/orders, version 1; more follow"),
    ("GET", f"{PAGE}?limt=1", 400, "did you mean 'limit'?"),
    ("GET", f"{PAGE}/", 404, "lists what there is"),
    ("GET", "/", 404, "lists what there is"),
    ("GET", "/v1/collections/shop/nothing", 404, "no collection 'shop/nothing'"),
    ("POST", PAGE, 405, "read-only"),
    ("DELETE", "/v1/collections", 405, "read-only"),
    ("OPTIONS", "/v1/health", 405, "read-only"),
]


@pytest.mark.parametrize("asked", ANSWERS, ids=lambda asked: f"{asked[0]} {asked[1]}")
def test_every_answer_is_an_envelope(shop: Any, api: Any, asked: tuple[str, str, int, str]) -> None:
    method, path, status, told = asked
    shop.publish(orders(150))
    answer = api.client.request(method, path)
    assert answer.status_code == status
    body = envelope(answer)
    assert told in body["message"]
    assert (body["data"] is None) == (status >= 400)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Authorization, Cookie, Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("allow") == ("GET" if status == 405 else None)


def test_a_request_id_is_taken_over_where_it_is_harmless(api: Any) -> None:
    for asked, taken in [
        ("trace-1.b:2_Z", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a b", False),
        ("<b>", False),
    ]:
        answer = api.client.get("/v1/health", headers={"X-Request-ID": asked})
        assert (envelope(answer)["metadata"]["request_id"] == asked) == taken
    first, second = (api.client.get("/v1/health").headers["x-request-id"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("path", ["/v1/health", PAGE, f"{PAGE}?limt=1", "/nowhere"])
def test_head_is_get_without_its_body(shop: Any, api: Any, path: str) -> None:
    shop.publish(orders(5))
    got, head = api.client.get(path), api.client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers.get("etag") == got.headers.get("etag")


def test_a_store_that_cannot_be_read_is_a_503_without_the_inside(
    tmp_path: Path, airflow_users: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "secret-place.db"
    broken.write_bytes(b"this is no database " * 400)
    store = open_store(f"sqlite:///{broken}", batch_size=1000, read_only=True)
    client = TestClient(
        create_app({ORDERS.name: ORDERS}, store), headers={"Authorization": f"Bearer {airflow_users()}"}
    )
    for path in ("/health", "/collections", "/collections/shop/orders", "/collections/shop/orders?version=1"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert answer.json()["message"].startswith("The collections cannot be read at the moment. Try again")
        for inside in ("secret-place", "sqlite", "database", "Traceback", ".py"):
            assert inside not in answer.text
    assert "secret-place" in caplog.text, "the log says where"
    store.close()


def test_what_nobody_expected_is_a_500_with_its_id(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise KeyError("inside")

    api.app.add_api_route("/v1/fails", fails)
    with caplog.at_level(logging.ERROR):
        answer = api.client.get("/v1/fails", headers={"X-Request-ID": "mine-1"})
    assert answer.status_code == 500
    body = envelope(answer)
    assert "mine-1" in body["message"]
    assert "inside" not in answer.text
    assert "KeyError: 'inside'" in caplog.text
    assert "mine-1" in caplog.text


def test_an_answer_that_breaks_off_is_not_covered_up(api: Any) -> None:
    from starlette.responses import StreamingResponse

    def pieces() -> Any:
        yield b"one"
        raise KeyError("inside")

    api.app.add_api_route("/v1/breaks", lambda: StreamingResponse(pieces()), response_class=StreamingResponse)
    with pytest.raises(KeyError, match="inside"):
        api.client.get("/v1/breaks")
