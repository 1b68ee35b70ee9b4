"""Several processes of the API on one store: a reader is told the same whichever answers."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from plugins.shop import orders

SERVER = """
import sys
import uvicorn
from common.io.collections import open_store
from common.utils.settings import Settings
from dashboards.app import create_app
from dashboards.security import prepare_alone
from plugins.shop import EMPTY, ORDERS, NOW
from pathlib import Path

prepare_alone()
store = open_store(sys.argv[1], batch_size=1000, read_only=True)
shelf = {one.name: one for one in (ORDERS, EMPTY)}
app = create_app(shelf, store, settings=Settings(home=Path(sys.argv[2])), clock=lambda: NOW)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="warning")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(900):
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the API did not start")


@pytest.fixture
def ask(
    shop: Any, home: Path, repository: Path, airflow_users: Callable[..., str]
) -> Iterator[Callable[..., tuple[int, dict[str, str], Any]]]:
    """Asks two processes in turn."""
    paths = [str(repository / name) for name in ("dags", "plugins", "tests")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-these-tests-alone-" + "x" * 40,
    }
    token, ports = airflow_users(), [free_port(), free_port()]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SERVER, shop.url, str(home / str(port)), str(port)],
            env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for port in ports
    ]  # fmt: skip
    for port, process in zip(ports, started, strict=True):
        wait_for(port, process)
    turns = cycle(ports)

    def asked(path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        connection = http.client.HTTPConnection("127.0.0.1", next(turns), timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}", **headers})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, json.loads(body) if body else None

    yield asked
    for process in started:
        process.terminate()
        process.communicate(timeout=30)


def test_two_processes_behind_a_round_robin_give_the_same_answers(shop: Any, ask: Any) -> None:
    page = "/collections/shop/orders?limit=20&sort=-total"
    for published in range(1, 6):
        shop.publish(orders(100 + published))
        answers = [ask(page) for _ in range(4)]
        assert {status for status, _, _ in answers} == {200}
        assert {body["metadata"]["version"] for _, _, body in answers} == {published}, "seen at once by both"
        assert len({json.dumps(body["data"]) for _, _, body in answers}) == 1
        (tag,) = {headers["etag"] for _, headers, _ in answers}
        assert [ask(page, **{"If-None-Match": tag})[0] for _ in range(4)] == [304] * 4
    for path in ("/collections", "/stats", "/collections/shop/orders/versions", "/openapi.json"):
        (_, _, one), (_, _, other) = ask(path), ask(path)
        assert one.get("data") == other.get("data")
        assert one.get("paths") == other.get("paths")


def test_a_client_that_pages_through_five_publications_sees_one_listing(shop: Any, ask: Any) -> None:
    """A publication between every two pages, with other rows each time; the pages come from two processes."""
    shop.publish(orders(120))
    expected = [row["order_id"] for row in sorted(orders(120), key=lambda row: (row["day"], row["order_id"]))]
    listings = []
    for kind in ("", "&paid=true"):
        found, cursor, versions, between = [], "", set(), 0
        while True:
            status, _, body = ask(f"/collections/shop/orders?limit=25{kind}{cursor and f'&cursor={cursor}'}")
            assert status == 200, body
            found += [row["order_id"] for row in body["data"]]
            versions.add(body["metadata"]["version"])
            cursor = body["metadata"]["pagination"]["next_cursor"]
            if not cursor:
                break
            between += 1
            shop.publish(orders(120 + 7 * between, customer=f"changed {kind} {between}"))
        assert len(versions) == 1, "one listing mixes versions"
        listings.append((found, between))
    assert listings[0] == (expected, 4)
    assert listings[1][1] >= 1
    assert len(set(listings[1][0])) == len(listings[1][0])
    assert len(shop.collection.history()) >= 6
