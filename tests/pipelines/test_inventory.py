"""A REST API behind a token, page by page, becomes a snapshot that follows it."""

from pathlib import Path
from typing import Any

import pytest

from common.io.sources import http
from common.utils.errors import VitrineError
from pipeline_example import EXAMPLES, Example
from servers.http import Asked, HttpServer, Reply, as_json

TOKEN = "inventory-token-1c9d"
PAGE = 50


class Api:
    """The API: pages of 50 articles, each naming the next by its cursor."""

    def __init__(self) -> None:
        self.server = HttpServer()
        self.server.answer("/v1/inventory", self._page)
        self.articles: list[dict[str, Any]] = []

    def _page(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return as_json({"error": "no"}, 401)
        start = int(asked.query.get("after", 0))
        following = str(start + PAGE) if start + PAGE < len(self.articles) else None
        return as_json({"data": {"items": self.articles[start : start + PAGE], "next": following}})


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(http, "BACKOFF", 0.01)
    made = Api()
    made.articles = [article(number) for number in range(230)]
    yield made
    made.server.stop()


def article(number: int, **changes: Any) -> dict[str, Any]:
    """Every third has no reservation, and every fourth runs low."""
    reserved = None if number % 3 == 0 else number % 5
    stock = {"quantity": 3 if number % 4 == 0 else 100 + number, "reserved": reserved, "reorder_point": 10}
    moment = f"2026-11-20T{number % 24:02}:00:00Z"
    return {
        "sku": f"A{number:03}",
        "warehouse": "north",
        **stock,
        "counted_at": moment,
        "shelf": 7,
        **changes,
    }


def wanted(articles: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Article, available and whether it is low, by plain Python."""
    found = []
    for one in articles:
        available = one["quantity"] - (one["reserved"] or 0)
        found.append((one["sku"], available, available <= one["reorder_point"]))
    return sorted(found)


def rows(example: Example) -> list[tuple[Any, ...]]:
    return [(row["article_id"], row["available"], row["is_low"]) for row in example.rows()]


@pytest.fixture
def example(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    return opened(api, tmp_path, monkeypatch, TOKEN)


def opened(api: Api, folder: Path, patch: pytest.MonkeyPatch, token: str) -> Example:
    address = f"{api.server.with_credentials('vitrine', token)}/v1"
    path = EXAMPLES / "warehouse" / "inventory_v1.yaml"
    return Example(path, folder / "home", patch, INVENTORY_API=address)


def test_all_pages_become_one_snapshot(api: Api, example: Example) -> None:
    example.run()
    assert rows(example) == wanted(api.articles)
    assert sum(low for *_, low in rows(example)) == 58
    assert [asked.query.get("after") for asked in api.server.asked] == [None, "50", "100", "150", "200"]
    assert all(asked.query["per_page"] == "50" for asked in api.server.asked)
    live = example.live()
    assert live
    assert live.watermark
    assert live.watermark.isoformat() == "2026-11-20T23:00:00+00:00"


def test_the_next_hour_changes_and_removes(api: Api, example: Example) -> None:
    example.run()
    api.articles = [article(0, quantity=500), *api.articles[1:200]]
    example.run()
    assert rows(example) == wanted(api.articles)
    staged = example.record().staged
    assert staged
    assert (staged.inserted, staged.updated, staged.removed) == (0, 1, 30)


def test_an_api_that_forgets_half_of_its_articles_is_not_believed(api: Api, example: Example) -> None:
    example.run()
    before = rows(example)
    api.articles = api.articles[:100]
    with pytest.raises(VitrineError, match="row"):
        example.run()
    assert rows(example) == before


def test_a_wrong_token_is_told_without_it(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    refused = opened(api, tmp_path, monkeypatch, "wrong-token-77ab")
    with pytest.raises(VitrineError, match="401") as error:
        refused.run()
    assert "wrong-token-77ab" not in str(error.value) + caplog.text + refused.record().error
