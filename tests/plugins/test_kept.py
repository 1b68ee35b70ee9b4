"""Pages that are kept: as fresh as read ones, to nobody who may not read, and within their room."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dashboards.envelope import NOTHING, Template
from dashboards.kept import Content, Keep, Kept
from plugins.shop import NOW, orders


def counted(api: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions that are read from the store from now on."""
    from common.io.collections.collection import VersionedCollection

    read, found = VersionedCollection.read, []

    def counting(self: Any, version: int, query: Any) -> Any:
        found.append(version)
        return read(self, version, query)

    monkeypatch.setattr(VersionedCollection, "read", counting)
    return found


def test_a_page_is_read_once_and_again_after_a_publication(
    shop: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish(orders(50))
    read = counted(api, monkeypatch)
    first, second = (api.get(limit=3).json() for _ in range(2))
    assert first["data"] == second["data"]
    assert first["metadata"]["request_id"] != second["metadata"]["request_id"]
    api.get(limit=4)
    assert read == [1, 1]
    shop.publish(orders(51))
    assert api.get(limit=3).json()["metadata"]["version"] == 2
    assert read == [1, 1, 2]
    api.clock.now = NOW + timedelta(days=9)
    assert api.get(limit=3).json()["metadata"]["freshness"] == "stale"


def test_a_kept_page_of_a_retired_version_is_gone(shop: Any, api: Any) -> None:
    shop.publish(orders(50))
    assert [api.get(version=1).status_code for _ in range(2)] == [200, 200]
    for count in (51, 52, 53):
        shop.publish(orders(count))
    assert api.get(version=1).status_code == 200
    shop.collection.vacuum(keep=1)
    assert api.get(version=1).status_code == 410


def test_a_kept_page_wants_a_token_that_holds(shop: Any, api: Any, airflow_users: Callable[..., str]) -> None:
    from airflow.api_fastapi.app import get_auth_manager

    shop.publish(orders(50))
    token = airflow_users()
    headers = {"Authorization": f"Bearer {token}"}
    page = "/v1/collections/shop/orders"
    assert [api.client.get(page, headers=headers).status_code for _ in range(2)] == [200, 200]
    expired = airflow_users(expiration_time_in_seconds=-60)
    assert api.client.get(page, headers={"Authorization": f"Bearer {expired}"}).status_code == 401
    assert api.client.get(page, headers={"Authorization": "Bearer x"}).status_code == 403
    assert api.client.get(page, headers={"Authorization": ""}).status_code == 401
    get_auth_manager().revoke_token(token)
    assert api.client.get(page, headers=headers).status_code in (401, 403), "void at once"


def test_a_page_is_answered_without_its_route_and_as_the_route_answers(
    shop: Any, api: Any, airflow_users: Callable[..., str]
) -> None:
    shop.publish(orders(50))
    shown = [api.get(limit=3).json() for _ in range(2)]
    api.app.state.pages.clear()
    api.app.state.keep._pages.clear()
    shown.append(api.get(limit=3).json())
    for one in shown:
        one["timestamp"] = one["metadata"]["request_id"] = one["metadata"]["api_latency_ms"] = None
    assert shown[0] == shown[1] == shown[2]
    assert len({json.dumps(one) for one in shown}) == 1, "in the same order, too"


def test_a_page_that_is_not_kept_wants_a_token_that_holds_too(
    shop: Any, api: Any, airflow_users: Callable[..., str]
) -> None:
    from airflow.api_fastapi.app import get_auth_manager

    shop.publish(orders(50))
    token = airflow_users()
    headers = {"Authorization": f"Bearer {token}"}
    path = "/v1/collections/shop/orders"
    assert api.client.get(f"{path}?limit=1", headers=headers).status_code == 200
    get_auth_manager().revoke_token(token)
    assert api.client.get(f"{path}?limit=2", headers=headers).status_code in (401, 403), "void at once"


def test_what_is_wrong_with_a_page_is_said_and_read_once_more_at_most(shop: Any, api: Any) -> None:
    assert api.get().status_code == 404
    shop.publish(orders(50))
    for _ in range(2):
        assert api.get(limt=3).status_code == 400
        assert api.get(version=9).status_code == 410
    assert api.get("/shop/orders/").status_code == 404


def page(size: int, tag: str = "t", *, content: bool = True) -> Kept:
    held = Content(1, Template((b"x" * size,))) if content else None
    return Kept(None, 1, False, {}, tag, held)  # type: ignore[arg-type] (not asked here)


def test_the_longest_unread_pages_go_first() -> None:
    keep = Keep(5 * 12_048)
    for name in "abcde":
        keep.put((name, b"", "viewer"), page(10_000))
    assert keep.get(("a", b"", "viewer"))
    keep.put(("f", b"", "viewer"), page(10_000))
    assert [name for name in "abcdef" if keep.get((name, b"", "viewer"))] == ["a", "c", "d", "e", "f"]
    keep.put(("g", b"", "viewer"), page(40_000))
    assert keep.get(("g", b"", "viewer")) is None, "one page does not take all the room"
    keep.forget(("a", b"", "viewer"))
    assert keep.get(("a", b"", "viewer")) is None
    empty = Keep(0)
    empty.put(("a", b"", "viewer"), page(1))
    assert empty.get(("a", b"", "viewer")) is None


def test_content_is_not_replaced_by_none() -> None:
    keep, key = Keep(100_000), ("a", b"", "viewer")
    keep.put(key, page(10))
    keep.put(key, page(0, content=False))
    kept = keep.get(key)
    assert kept
    assert kept.content
    keep.put(key, replace(page(0, content=False), tag="other"))
    assert keep.get(key).content is None  # type: ignore[union-attr]


def test_a_template_is_filled_as_an_answer_is_written() -> None:
    about = {"version": 3, "freshness": "fresh", "age_seconds": 5, "pagination": {"limit": 1}}
    template = Template.of('say "ü"', [{"a": 1}], about)
    for age in (7, None):
        filled = json.loads(template.filled(NOW, "mine", 0.0, age))
        metadata = filled.pop("metadata")
        assert metadata.pop("api_latency_ms") > 0
        assert metadata == {**NOTHING, **about, "age_seconds": age, "request_id": "mine"}
        assert filled == {
            "status": "success",
            "data": [{"a": 1}],
            "message": 'say "ü"',
            "timestamp": NOW.isoformat().replace("+00:00", "Z"),
        }
