"""The health check."""

from datetime import timedelta
from typing import Any

from plugins.shop import orders


def test_it_counts_without_a_token_and_names_nothing(shop: Any, api: Any) -> None:
    shop.publish(orders(3))
    del api.client.headers["authorization"]
    answer = api.client.get("/v1/health")
    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "store": "reachable",
        "collections": {"fresh": 1, "stale": 0, "unknown": 1},
    }
    assert "shop" not in answer.text
    api.clock.now += timedelta(days=3)
    assert api.client.get("/v1/health").json()["data"]["collections"] == {
        "fresh": 0,
        "stale": 1,
        "unknown": 1,
    }
