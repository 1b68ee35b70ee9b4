"""Collections that are not for everybody are, to all others, not there."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from common.io.collections import open_store
from common.utils.settings import Settings
from plugins.shop import EMPTY, ORDERS, orders

BELOW = ["", "/schema", "/stats", "/versions", "/versions/2/changes", "/runs", "/dead-letters"]


@pytest.fixture
def asked(shop: Any, home: Path, airflow_users: Callable[..., str]) -> Iterator[Callable[[str, str], Any]]:
    """Asks as a role; orders are for operators, returns for administrators."""
    from dashboards.app import create_app

    shop.publish(orders(10))
    shop.publish(orders(11))
    store = open_store(shop.url, batch_size=1000, read_only=True)
    secret = [replace(ORDERS, roles=("op",)), replace(EMPTY, roles=("admin",))]
    client = TestClient(create_app({one.name: one for one in secret}, store, settings=Settings(home=home)))

    def ask(role: str, path: str) -> Any:
        return client.get(path, headers={"Authorization": f"Bearer {airflow_users(role)}"})

    yield ask
    store.close()


@pytest.mark.parametrize("below", BELOW)
def test_who_may_not_read_it_gets_a_404(asked: Any, below: str) -> None:
    path = f"/collections/shop/orders{below}"
    assert [asked(role, path).status_code for role in ("op", "admin", "op")] == [200, 200, 200]
    hidden = asked("viewer", path)
    assert hidden.status_code == (403 if below in ("/runs", "/dead-letters") else 404)
    if hidden.status_code == 404:
        assert hidden.json()["message"].startswith("There is no collection 'shop/orders': known: none.")
    assert asked("op", f"/collections/shop/returns{below}").status_code == 404


def test_it_is_listed_counted_and_documented_for_its_readers_alone(asked: Any) -> None:
    for role, names in (("viewer", []), ("op", ["orders"]), ("admin", ["orders", "returns"])):
        listed = [one["subject"] for one in asked(role, "/collections").json()["data"]]
        assert listed == names
        totals = asked(role, "/stats").json()["data"]
        assert (totals["collections"], totals["rows"]) == (len(names), 11 if names else 0)
        document = asked(role, "/openapi.json").text
        assert [one in document for one in ("shop/orders", "shop_orders")] == [bool(names)] * 2
        assert ("shop_returns" in document) == ("returns" in names)
        status = asked(role, "/data?collection=shop/orders").status_code
        assert status == (200 if names else 404)


def test_a_run_of_it_is_not_there_either(asked: Any) -> None:
    assert asked("op", "/runs/shop.returns.x").status_code == 404
    assert "'shop/returns'" in asked("op", "/runs/shop.returns.x").json()["message"]


def test_the_document_keeps_what_the_other_pages_need(
    shop: Any, home: Path, airflow_users: Callable[..., str]
) -> None:
    """Names of collections may begin alike, or be part of each other."""
    from dashboards.app import create_app

    near = [replace(EMPTY, subject=name) for name in ("order", "orders_all", "my_shop_orders_x")]
    store = open_store(shop.url, batch_size=1000, read_only=True)
    shelf = {one.name: one for one in (replace(ORDERS, roles=("op",)), *near)}
    client = TestClient(create_app(shelf, store, settings=Settings(home=home)))
    document = client.get("/openapi.json", headers={"Authorization": f"Bearer {airflow_users()}"}).json()
    store.close()
    needed = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert needed == document["components"]["schemas"].keys()
    assert {"shop_order", "shop_orders_all", "shop_my_shop_orders_x"} <= needed
    assert "shop_orders" not in needed
