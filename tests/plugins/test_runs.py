"""Runs: listed in order, page by page, and each with all that is known of it."""

from typing import Any
from urllib.parse import quote

import pytest

from common.io import reports
from dashboards.envelope import Envelope
from dashboards.models import RunDetail, RunSummary
from plugins import history
from plugins.shop import ORDERS

ODD = "manual__2026-01-31T00:00:00+00:00/x y"


@pytest.fixture
def op(api: Any, airflow_users: Any) -> Any:
    """The app, asked by an operator."""
    api.client.headers["Authorization"] = f"Bearer {airflow_users('op')}"
    return api


def listed(api: Any, **parameters: Any) -> tuple[list[str], list[int]]:
    """The ids of all pages, and how long each page was."""
    found, lengths = [], []
    while True:
        answer = api.get("/shop/orders/runs", **parameters)
        assert answer.status_code == 200, answer.text
        body = Envelope[list[RunSummary]].model_validate_json(answer.content)
        found += [one.run_id for one in body.data or []]
        lengths.append(len(body.data or []))
        following = body.metadata.pagination and body.metadata.pagination.next_cursor
        if not following:
            return found, lengths
        parameters["cursor"] = following


def test_runs_are_listed_page_by_page_the_latest_first(op: Any) -> None:
    expected = history.runs(op.settings, 25)
    assert listed(op, limit=10) == (expected, [10, 10, 5])
    failed = [one for number, one in enumerate(expected) if number % 3 == 0]
    assert listed(op, limit=4, state="failed") == (failed, [4, 4, 1])
    assert listed(op, state="dry_run") == ([], [0])


def test_a_run_that_comes_while_they_are_listed_moves_nothing(op: Any) -> None:
    expected = history.runs(op.settings, 6)
    first = op.get("/shop/orders/runs", limit=3).json()
    history.run(op.settings, "later")
    cursor = first["metadata"]["pagination"]["next_cursor"]
    rest = op.get("/shop/orders/runs", limit=3, cursor=cursor).json()
    assert [one["run_id"] for one in first["data"] + rest["data"]] == expected


def test_a_cursor_holds_for_its_own_listing_alone(op: Any) -> None:
    history.runs(op.settings, 5)
    cursor = op.get("/shop/orders/runs", limit=2).json()["metadata"]["pagination"]["next_cursor"]
    assert op.get("/shop/orders/runs", cursor=cursor, state="failed").status_code == 400
    assert op.get("/shop/orders/dead-letters", cursor=cursor).status_code == 400
    assert op.get(cursor=cursor).status_code == 400


def test_a_run_tells_everything(op: Any) -> None:
    history.run(op.settings, ODD, error="late")
    reports.record(op.settings, ORDERS.name, ODD, "archive", state="failed", error="away")
    reports.record(op.settings, ORDERS.name, ODD, "extract_feeds", state="failed", error="gone")
    (found,) = op.get("/shop/orders/runs").json()["data"]
    assert found["id"] == f"shop.orders.{ODD}"
    answer = op.client.get(f"/v1/runs/{quote(found['id'], safe='')}")
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    RunDetail.model_validate(data)
    assert (data["ledger"]["read"], data["error"], data["verdict"]) == (10, "late", "warned")
    assert data["staged"]["inserted"] == 5
    assert data["validation"]["results"][0]["name"] == "day_given"
    assert [(one["store"], one["error"]) for one in data["stores"]] == [("archive", "away")]
    assert [(one["name"], one["error"]) for one in data["sources"]] == [("feeds", "gone")]
    assert [one["step"] for one in data["timings"]] == [
        "extract",
        "transform",
        "validate",
        "load",
        "publish",
    ]
    assert all(one["seconds"] >= 0 for one in data["timings"])
    assert [(one["kind"], one["rows"]) for one in data["lineage"]] == [
        ("source", 10),
        ("bronze", 10),
        ("silver", 7),
        ("gold", 7),
        ("collection", 7),
    ]


def test_credentials_in_errors_are_not_shown(op: Any) -> None:
    said = "cannot connect to postgresql://vitrine:hidden-one@db/x, password=hidden-two"
    history.run(op.settings, "r", error=said)
    reports.record(op.settings, ORDERS.name, "r", "archive", state="failed", error=said)
    answers = op.client.get("/v1/runs/shop.orders.r").text, op.get("/shop/orders/runs").text
    for text in answers:
        assert "cannot connect to postgresql://***@db/x" in text
        assert "hidden" not in text


def test_a_run_that_has_only_begun_is_shown_as_far_as_it_came(op: Any) -> None:
    reports.record(op.settings, ORDERS.name, "begun")
    data = op.client.get("/v1/runs/shop.orders.begun").json()["data"]
    RunDetail.model_validate(data)
    assert (data["state"], data["ended"], data["lineage"], data["timings"]) == ("running", None, [], [])


@pytest.mark.parametrize(
    "path",
    ["/runs/shop.orders.none", "/runs/shop.nothing.x", "/runs/x", "/runs/..", "/runs/shop.orders.%2e%2e%2fx"],
)
def test_an_unknown_run_is_a_404(op: Any, path: str) -> None:
    assert op.client.get(f"/v1{path}").status_code == 404


@pytest.mark.parametrize(
    "query", ["state=lost", "limit=0", "limit=x", "cursor=x", "what=1", "state=failed&state=failed"]
)
def test_a_wrong_parameter_is_a_400(op: Any, query: str) -> None:
    assert op.client.get(f"/v1/collections/shop/orders/runs?{query}").status_code == 400


@pytest.mark.parametrize("path", ["/collections/shop/orders/runs", "/runs/shop.orders.x"])
def test_a_viewer_sees_no_runs(api: Any, path: str) -> None:
    answer = api.client.get(f"/v1{path}")
    assert answer.status_code == 403
    assert "role op" in answer.json()["message"]


def test_the_list_of_collections_names_the_last_run(op: Any) -> None:
    history.runs(op.settings, 2)
    history.run(op.settings, "newest")
    found = {one["name"]: one for one in op.client.get("/v1/collections").json()["data"]}["shop/orders"]
    assert found["last_run"]["id"] == "shop.orders.newest"
    assert (found["last_run"]["state"], found["verdict"]) == ("published", "warned")
