"""The list of collections and the pages of one, on a real store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import Depends

from common.io.collections import open_store
from common.io.collections.protocol import Page, Query
from common.io.run_index import RunIndex
from dashboards.envelope import Envelope
from dashboards.models import Summary
from plugins.shop import NOW, ORDERS, orders


@pytest.fixture
def published(shop: Any) -> Any:
    """Version 1: 500 orders."""
    shop.publish(orders(500))
    return shop


def all_pages(api: Any, **parameters: Any) -> list[list[dict[str, Any]]]:
    pages = []
    while True:
        answer = api.get(**parameters).json()
        assert answer["status"] == "success", answer["message"]
        pages.append(answer["data"])
        cursor = answer["metadata"]["pagination"]["next_cursor"]
        if cursor is None:
            return pages
        parameters["cursor"] = cursor


def test_the_list_has_version_and_age(published: Any, api: Any) -> None:
    answer = api.get("")
    assert answer.status_code == 200
    body = Envelope[list[Summary]].model_validate_json(answer.content, strict=True)
    assert body.data is not None
    first, second = body.data
    assert (first.name, first.owner, first.contract_version) == ("shop/orders", "shop-team", "1.2.0")
    assert (first.version, first.rows, first.freshness) == (1, 500, "fresh")
    assert first.age_seconds == 3600
    assert first.data_as_of == NOW - timedelta(hours=1)
    assert (second.name, second.version, second.rows, second.freshness) == (
        "shop/returns",
        None,
        None,
        "unknown",
    )
    assert api.client.get(first.links.self).status_code == 200


def test_the_list_takes_no_parameters(api: Any) -> None:
    answer = api.get("", limit=3)
    assert answer.status_code == 400
    assert "takes no parameters, here are limit" in answer.json()["message"]


def test_a_page_has_the_rows_of_the_store_and_what_is_to_be_known(published: Any, api: Any) -> None:
    body = api.get(limit=2, day="2026-01-02", sort="-total").json()
    assert body["data"] == [
        {
            "day": "2026-01-02",
            "order_id": "A-0497",
            "customer": None,
            "items": 2**53 + 7,
            "total": "42.1250",
            "rate": "0.00000497",
            "weight": 497 / 3,
            "paid": False,
            "placed_at": "2026-01-01T00:08:17.001491Z",
        },
        {
            "day": "2026-01-02",
            "order_id": "A-0466",
            "customer": "Zoë “466”",
            "items": 2**53 + 6,
            "total": "38.2500",
            "rate": "0.00000466",
            "weight": 466 / 3,
            "paid": True,
            "placed_at": "2026-01-01T00:07:46.001398Z",
        },
    ]
    metadata = body["metadata"]
    assert metadata["pagination"].pop("next_cursor")
    assert metadata["pagination"] == {"limit": 2, "returned": 2, "estimated_count": 17}
    assert (metadata["version"], metadata["age_seconds"], metadata["freshness"]) == (1, 3600, "fresh")
    assert metadata["data_as_of"] == "2026-02-01T05:00:00Z"
    assert metadata["published_at"].endswith("Z")
    assert "more follow" in body["message"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"sort": "total"},
        {"sort": "-items"},
        {"sort": "-day"},
        {"sort": "-paid"},
        {"sort": "placed_at", "total__gt": "0"},
        {"day": "2026-01-03", "order_id": "A-0002"},
        {"customer": "Zoë “466”"},
    ],
)
def test_pages_are_the_listing_cut_in_pieces(published: Any, api: Any, parameters: dict[str, str]) -> None:
    whole = api.data(limit=1000, **parameters)
    pages = all_pages(api, limit=47, **parameters)
    assert [row for page in pages for row in page] == whole
    assert {len(page) for page in pages[:-1]} <= {47}


def test_the_last_full_page_has_no_cursor(published: Any, api: Any) -> None:
    assert api.get(limit=500).json()["metadata"]["pagination"]["next_cursor"] is None
    assert api.get(limit=499).json()["metadata"]["pagination"]["next_cursor"] is not None


def test_nothing_found_is_an_empty_list(published: Any, api: Any) -> None:
    body = api.get(day="2031-01-01").json()
    assert body["data"] == []
    nothing = {"limit": 100, "returned": 0, "estimated_count": 0, "next_cursor": None}
    assert body["metadata"]["pagination"] == nothing


def test_fields_are_given_in_the_order_asked(published: Any, api: Any) -> None:
    assert list(api.data(fields="total,day", limit=1)[0]) == ["total", "day"]


def test_a_finer_decimal_compares_exactly(published: Any, api: Any) -> None:
    above = api.data(total__gt="-20.00001", total__lt="-19.87499", fields="total")
    assert sorted(row["total"] for row in above) == ["-19.8750", "-20.0000"]


def test_pages_of_one_listing_stay_with_their_version(published: Any, api: Any) -> None:
    first = api.get(limit=300).json()
    published.publish(orders(400, customer="changed"))
    cursor = first["metadata"]["pagination"]["next_cursor"]
    second = api.get(limit=300, cursor=cursor).json()
    assert second["metadata"]["version"] == 1
    assert len(second["data"]) == 200
    assert all(row["customer"] != "changed" for row in second["data"])
    assert api.get().json()["metadata"]["version"] == 2
    assert len(api.data(version=1, limit=1000)) == 500


def test_a_vacuumed_version_is_gone(published: Any, api: Any) -> None:
    cursor = api.get().json()["metadata"]["pagination"]["next_cursor"]
    published.publish(orders(400))
    published.collection.vacuum(keep=1)
    for parameters in ({"cursor": cursor}, {"version": 1}):
        answer = api.get(**parameters)
        assert answer.status_code == 410
        assert "Start again" in answer.json()["message"]
        assert answer.json()["data"] is None
    assert api.get(version=99).status_code == 410


def test_a_live_version_retired_while_it_is_looked_up_is_followed_by_the_next(
    published: Any, airflow_users: Callable[..., str], api: Any
) -> None:
    """Between finding the live version and reading it, it is replaced and vacuumed."""
    from dashboards.gate import metered
    from dashboards.routes.collections import _page_of
    from dashboards.served import Library, Served

    class Overtaken:
        overtaken = False

        def live(self) -> Any:
            return published.collection.live()

        def history(self) -> Any:
            return published.collection.history()

        def read(self, version: int, query: Query) -> Page:
            if not self.overtaken:
                self.overtaken = True
                published.publish(orders(400))
                published.collection.vacuum(keep=1)
            return published.collection.read(version, query)

    api.app.router.routes.clear()
    api.app.state.pages.clear()
    library = Library(
        {ORDERS.name: Served(ORDERS, Overtaken())}, api.settings, RunIndex(api.settings.reports)
    )
    api.app.add_api_route(
        "/v1/collections/shop/orders",
        _page_of(library, ORDERS.name),
        response_model=None,
        dependencies=[Depends(metered)],
    )
    body = api.get(limit=1000).json()
    assert body["metadata"]["version"] == 2
    assert len(body["data"]) == 400


def test_an_unknown_collection_is_named_with_the_nearest(api: Any) -> None:
    answer = api.get("/shop/order")
    assert answer.status_code == 404
    assert "did you mean 'shop/orders'?" in answer.json()["message"]


def test_an_unpublished_collection_says_so(api: Any) -> None:
    answer = api.get("/shop/returns")
    assert answer.status_code == 404
    assert "Nothing of shop/returns is published yet" in answer.json()["message"]


def test_an_unchanged_page_costs_a_304(published: Any, api: Any) -> None:
    first = api.get(limit=3)
    tag = first.headers["etag"]
    assert tag.startswith('W/"v1-')
    for held in (tag, tag.removeprefix("W/"), f'"other", {tag}', f'W/"a","b" ,{tag}', "*"):
        again = api.client.get("/v1/collections/shop/orders?limit=3", headers={"If-None-Match": held})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "private, no-cache"
    for held in ('"other"', "", tag[:-2] + '"', "v1"):
        assert (
            api.client.get("/v1/collections/shop/orders?limit=3", headers={"If-None-Match": held}).status_code
            == 200
        )
    assert api.get(limit=4).headers["etag"] != tag


def test_a_tag_changes_with_what_a_reader_would_see(published: Any, api: Any) -> None:
    def tags() -> tuple[str, str]:
        return api.get().headers["etag"], api.get("").headers["etag"]

    seen = {tags()}
    api.clock.now += timedelta(seconds=30)
    assert tags() in seen, "age alone is no change"
    published.publish(
        orders(500), watermark=NOW
    )  # the same rows, read later: no new version, data as of later
    assert api.get().json()["metadata"]["version"] == 1
    assert tags() not in seen
    seen.add(tags())
    api.clock.now += timedelta(hours=30)  # stale now
    assert not {tag for one in seen for tag in one} & set(tags())
    seen.add(tags())
    published.publish(orders(501))
    assert not {tag for one in seen for tag in one} & set(tags())


def test_the_list_costs_a_304_too(published: Any, api: Any) -> None:
    tag = api.get("").headers["etag"]
    assert api.client.get("/v1/collections", headers={"If-None-Match": tag}).status_code == 304


def test_freshness_is_judged_when_it_is_read(published: Any, api: Any) -> None:
    assert api.get().json()["metadata"]["freshness"] == "fresh"
    api.clock.now = NOW - timedelta(hours=1) + ORDERS.freshness
    assert api.get().json()["metadata"]["freshness"] == "fresh"
    api.clock.now += timedelta(seconds=1)
    metadata = api.get().json()["metadata"]
    assert metadata["freshness"] == "stale"
    assert metadata["age_seconds"] == 26 * 3600 + 1


def test_the_store_shows_with_the_next_request_once_it_is_there(
    tmp_path: Any, airflow_users: Callable[..., str]
) -> None:
    from starlette.testclient import TestClient

    from dashboards.app import create_app

    url = f"sqlite:///{tmp_path / 'later.db'}"
    app = create_app({ORDERS.name: ORDERS}, open_store(url, batch_size=1000, read_only=True))
    client = TestClient(app, headers={"Authorization": f"Bearer {airflow_users()}"})
    assert client.get("/collections/shop/orders").status_code == 404
    assert client.get("/collections").json()["data"][0]["version"] is None
    assert not (tmp_path / "later.db").exists(), "looking creates nothing"
    replaced = replace(ORDERS, owner="x")
    writer = open_store(url, batch_size=1000).collection(replaced)
    writer.ensure()
    assert client.get("/collections/shop/orders").status_code == 404
