"""What a collection is, its statistics and versions; and all collections in a few numbers."""

from datetime import timedelta
from typing import Any

import pytest

from common.utils.contract import Chart
from dashboards.envelope import Envelope
from dashboards.models import Changes, Schema, Statistics, Totals, VersionSummary
from dashboards.routes.described import schema_of
from plugins import history
from plugins.shop import NOW, ORDERS, orders


def data(api: Any, path: str, model: Any, **parameters: Any) -> Any:
    answer = api.get(path, **parameters)
    assert answer.status_code == 200, answer.text
    Envelope[model].model_validate_json(answer.content)
    return answer.json()["data"]


def test_the_schema_says_how_each_field_can_be_asked_for(api: Any) -> None:
    found = data(api, "/shop/orders/schema", Schema)
    fields = {one["name"]: one for one in found["fields"]}
    assert fields["paid"]["operators"] == ["eq"]
    assert fields["total"]["operators"] == ["eq", "gt", "gte", "lt", "lte"]
    assert (fields["total"]["sortable"], fields["weight"]["sortable"]) == (True, False)
    assert fields["total"]["examples"] == ["12.5000"]
    assert (found["chart"], found["freshness_seconds"]) == (None, 26 * 3600)
    from dataclasses import replace

    drawn = schema_of(replace(ORDERS, chart=Chart("line", "day", "total", "customer")))
    assert drawn["chart"] == {"kind": "line", "x": "day", "y": "total", "series": "customer"}


def test_statistics_are_those_kept_with_the_version(shop: Any, api: Any) -> None:
    assert api.get("/shop/orders/stats").status_code == 404
    shop.publish(orders(62))
    found = data(api, "/shop/orders/stats", Statistics)
    assert (found["rows"], found["partitions"], found["fields"]) == (62, 31, None)
    assert (found["first_partition"], found["last_partition"]) == ("2026-01-01", "2026-01-31")
    one = {"nulls": 3, "distinct": 10, "min": 1, "max": 9}
    shop.publish(orders(63), profile={"rows": 63, "exact": True, "fields": {"items": one}})
    found = data(api, "/shop/orders/stats", Statistics)
    assert (found["fields"], found["distinct_exact"]) == ([{"name": "items", **one}], True)


def test_versions_are_listed_newest_first_with_what_changed(shop: Any, api: Any) -> None:
    assert data(api, "/shop/orders/versions", list[VersionSummary]) == []
    shop.publish(orders(62))
    shop.publish(orders(64))
    shop.collection.rollback(1, by="ann", reason="wrong prices")
    found = data(api, "/shop/orders/versions", list[VersionSummary])
    assert [(one["version"], one["kind"], one["live"]) for one in found] == [
        (3, "rollback", True),
        (2, "publish", False),
        (1, "publish", False),
    ]
    assert (found[0]["by"], found[0]["reason"], found[0]["restored"]) == ("ann", "wrong prices", 1)
    assert found[0]["partitions"] == 31
    changed = data(api, "/shop/orders/versions/2/changes", Changes, since=1)
    assert [(one["partition"], one["rows_before"], one["rows_after"]) for one in changed["partitions"]] == [
        ("2026-01-01", 2, 3),
        ("2026-01-02", 2, 3),
    ]
    assert (changed["rows_before"], changed["rows_after"], changed["unchanged_partitions"]) == (62, 64, 29)
    assert data(api, "/shop/orders/versions/3/changes", Changes, since=1)["partitions"] == []
    assert data(api, "/shop/orders/versions/3/changes", Changes)["from"] == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [("/1/changes", 400), ("/9/changes", 410), ("/2/changes?since=9", 410), ("/x/changes", 400)],
)
def test_versions_that_are_not_there(shop: Any, api: Any, path: str, status: int) -> None:
    shop.publish(orders(5))
    shop.publish(orders(6))
    assert api.client.get(f"/v1/collections/shop/orders/versions{path}").status_code == status


@pytest.mark.parametrize("path", ["schema", "stats", "versions"])
def test_unchanged_ones_cost_a_304(shop: Any, api: Any, path: str) -> None:
    shop.publish(orders(5))
    tag = api.get(f"/shop/orders/{path}").headers["etag"]
    held = {"If-None-Match": tag}
    assert api.client.get(f"/v1/collections/shop/orders/{path}", headers=held).status_code == 304


def test_a_merge_is_compared_by_months() -> None:
    from common.io.collections.protocol import Chunk, Version
    from dashboards.routes.versions import compared

    def version(number: int, manifest: dict[str, Chunk]) -> Version:
        rows = sum(one.rows for one in manifest.values())
        return Version(number, rows, NOW, None, "s", "r", {}, "1.0.0", manifest=manifest)

    days = {
        "2026-01-01": Chunk(1, 2, "3:1"),
        "2026-01-02": Chunk(2, 1, "4:2"),
        "2026-02-01": Chunk(3, 1, "1:1"),
    }
    merged = {"2026-01": Chunk(4, 3, "7:3"), "2026-02-01": Chunk(3, 1, "1:1")}
    assert compared(version(1, days), version(2, merged))["partitions"] == []
    more = {**merged, "2026-01": Chunk(5, 4, "9:9")}
    assert [one["partition"] for one in compared(version(1, days), version(3, more))["partitions"]] == [
        "2026-01"
    ]


def test_all_collections_in_numbers(shop: Any, api: Any) -> None:
    shop.publish(orders(40))
    history.runs(api.settings, 4)
    history.runs(api.settings, 6, first=NOW - timedelta(days=2), name="old")
    found = Envelope[Totals].model_validate_json(api.client.get("/v1/stats").content).data
    assert found is not None
    assert (found.collections, found.rows) == (2, 40)
    assert found.freshness == {"fresh": 1, "stale": 0, "unknown": 1}
    assert (found.runs["published"], found.runs["failed"], found.published_24h) == (2, 2, 2)


def test_a_page_stands_under_other_names_too(shop: Any, api: Any) -> None:
    shop.publish(orders(40))
    page = api.get(limit=3, sort="-total").json()
    other = api.client.get("/v1/data", params={"collection": "shop/orders", "limit": 3, "sort": "-total"})
    assert other.json()["data"] == page["data"]
    cursor = other.json()["metadata"]["pagination"]["next_cursor"]
    assert api.get(limit=3, sort="-total", cursor=cursor).status_code == 200
    for query in ("", "?collection=shop/orders&collection=shop/orders", "?collection=shop/orders&x=1"):
        assert api.client.get(f"/v1/data{query}").status_code == 400
    assert api.client.get("/v1/data?collection=shop/none").status_code == 404
    missing = api.client.get("/v1/sync-status")
    assert missing.status_code == 404
    assert "vitrine_monitoring_sync_status_v1" in missing.json()["message"]


def test_what_is_told_of_a_collection_in_the_list(shop: Any, api: Any) -> None:
    read = {"data_as_of": "2026-02-01T05:00:00+00:00", "read_at": "2026-02-01T05:30:00+00:00", "error": ""}
    old = {"data_as_of": "2026-01-20T00:00:00+00:00", "read_at": None, "error": "away"}
    shop.publish(orders(4), bookmark={"sources": {"feeds": old, "api": read}})
    shop.collection.rollback(1, by="ann", reason="wrong", hold=True)
    found = {one["name"]: one for one in api.client.get("/v1/collections").json()["data"]}["shop/orders"]
    assert found["held"] is True
    assert [(one["name"], one["freshness"], one["error"]) for one in found["sources"]] == [
        ("api", "fresh", None),
        ("feeds", "stale", "away"),
    ]
    for name, path in found["links"].items():
        answer = api.client.get(path)
        assert answer.status_code == (403 if name in ("runs", "dead_letters") else 200), path
