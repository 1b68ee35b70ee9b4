"""How long the read API takes while nothing else goes on, and while runs load and publish beside it.

``make bench NAME=reads``: the API answers over HTTP in a process of its own, another loads a daily window
again and again, each time with other figures, and this one reads fifty pages a second.
"""

import argparse
import http.client
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from shared import report
from shared.sales import CONTRACT, rows
from shared.versioned import BATCH, Versioned, at_hand, database
from starlette.requests import Request

from common.io.collections import open_store

DAYS, WINDOW, PER_SECOND = 100, 4, 50
PAGES = (
    "?limit=100",
    "?limit=100&sort=-revenue",
    "?limit=100&product_id=P000500",
    "?limit=100&date__gte=2026-04-01&fields=product_id,revenue",
)


def serve(url: str, port: int) -> None:
    """The read API for anybody: what is measured is not the sign-in."""
    import uvicorn

    from dashboards.app import create_app
    from dashboards.security import User, demand_reader
    from dashboards.settings import ApiSettings

    def anybody(request: Request) -> User:
        user = request.state.vitrine_user = User("anybody", "viewer", "token")
        return user

    store, options = open_store(url, batch_size=BATCH, read_only=True), ApiSettings(audit=False)
    app = create_app({CONTRACT.name: CONTRACT}, store, options=options)
    app.dependency_overrides[demand_reader] = anybody
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def publish_on(url: str, products: int, stop: Event, runs: Any) -> None:
    """Daily runs one after the other, each with one row in ten changed."""
    ours = Versioned(url)
    while not stop.is_set():
        runs.value += 1
        window = range(DAYS - WINDOW, DAYS)
        ours.load(rows(window, products, runs.value, 10), window)


def read_on(port: int, seconds: float) -> list[float]:
    """Reads pages at a steady rate; how long each took, in seconds, from when it was due."""
    connection, took = http.client.HTTPConnection("127.0.0.1", port), []
    began = time.perf_counter()
    for number in range(int(seconds * PER_SECOND)):
        due = began + number / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("GET", f"/collections/{CONTRACT.name}{PAGES[number % len(PAGES)]}")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        took.append(time.perf_counter() - due)
    return took


def wait_for(port: int) -> None:
    """Until the API accepts connections."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the API did not start")


def free_port() -> int:
    """One that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(kind: str, count: int, seconds: float, folder: Path) -> list[str]:
    """One store: percentiles in quiet and beside publications."""
    url, port, products = database(kind, folder), free_port(), count // DAYS
    ours = Versioned(url)
    ours.load(rows(range(DAYS), products), range(DAYS))
    ours.store.close()
    context = multiprocessing.get_context("spawn")
    stop, runs = context.Event(), context.Value("i", 0)
    api = context.Process(target=serve, args=(url, port), daemon=True)
    writer = context.Process(target=publish_on, args=(url, products, stop, runs), daemon=True)
    api.start()
    wait_for(port)
    read_on(port, 3)
    quiet = read_on(port, seconds)
    writer.start()
    while not runs.value:
        time.sleep(0.1)
    busy = read_on(port, seconds)
    stop.set()
    writer.join()
    api.terminate()
    api.join()
    shown = [report.duration(percentile(one, share)) for one in (quiet, busy) for share in (0.5, 0.95, 0.99)]
    return [kind, *shown, f"{percentile(busy, 0.99) / percentile(quiet, 0.99):.2f}", str(runs.value)]


def main() -> int:
    """Prints a line for each store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--stores", default="sqlite,postgresql,mysql")
    asked = parser.parse_args()
    lines = []
    for kind in at_hand(asked.stores.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            lines.append(measure(kind, asked.rows, asked.seconds, Path(folder)))
    print(f"{asked.rows:,} rows, pages of 100 at {PER_SECOND} a second over HTTP; {report.machine()}\n")
    head = ["", *(f"{when} {p}" for when in ("quiet", "loading") for p in ("p50", "p95", "p99"))]
    print(report.table([*head, "p99 / quiet p99", "runs"], lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
