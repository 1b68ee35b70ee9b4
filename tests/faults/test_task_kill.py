"""SIGKILL to the process of a task, during load and between load and publish, while a reader asks the API.

A first content is live. A second one, of the same days with other figures, is loaded by processes that are
killed. The reader must only ever see one whole content: the first before the publication, then the second.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from common.utils.window import Window
from common.verbs.references import Run
from samples.orders import day_file

WORKER = Path(__file__).with_name("worker.py")
KILLS = 10
DAYS = [date(2026, 1, day) for day in range(5, 12)]
Totals = tuple[int, int]  # rows, order lines


class House:
    """A home of its own with the verbs as processes."""

    def __init__(self, home: Path, repository: Path) -> None:
        self.orders = home / "orders"
        self.orders.mkdir(parents=True)
        self.scratch = home / "references"
        self.scratch.mkdir()
        path = os.pathsep.join(str(repository / folder) for folder in ("dags", "plugins", "include"))
        self.environment = {
            **os.environ,
            "PYTHONPATH": path,
            "VITRINE_HOME": str(home),
            "VITRINE_SALES_PRODUCT_REVENUE_PATH": str(self.orders),
            "VITRINE_SALES_PRODUCT_REVENUE_KEY": "order_line_id",
            "VITRINE_SALES_PRODUCT_REVENUE_UPDATED_AT": "updated_at",
            "BATCH_SIZE": "20",  # many small writes: more places to be killed at
        }

    def deliver(self, seed: int) -> None:
        """Puts the files of a week in place; another seed gives the same days other figures."""
        for day in DAYS:
            (self.orders / f"{day}.csv").write_text(day_file(seed, day), newline="")

    def start(self, verb: str, given: Path, target: Path) -> "subprocess.Popen[str]":
        """A process that has imported everything and begins its verb."""
        process = subprocess.Popen(
            [sys.executable, str(WORKER), verb, str(given), str(target)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        if process.stdout.readline().strip() != "started":
            raise AssertionError(process.communicate()[1])
        return process

    def finish(self, verb: str, given: Path) -> Path:
        """The verb carried out whole; the file of its reference."""
        target = self.scratch / f"{given.stem}.{verb}.json"
        process = self.start(verb, given, target)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return target

    def up_to(self, last: str, run_id: str) -> Path:
        """The verbs from extract to the one named."""
        given = self.scratch / f"{run_id}.json"
        run = Run(run_id, Window(None, datetime(2026, 2, 1, tzinfo=UTC)), full_refresh=True)
        given.write_bytes(TypeAdapter(Run).dump_json(run))
        for verb in ("extract", "transform", "validate", "load", "publish"):
            given = self.finish(verb, given)
            if verb == last:
                break
        return given


def kill(process: "subprocess.Popen[str]", after: float) -> bool:
    """SIGKILL after some seconds; whether it came before the process was done."""
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


class Reader(threading.Thread):
    """Asks the API for the whole collection, page by page, again and again."""

    def __init__(self, client: TestClient) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.seen: list[Totals] = []
        self.wrong: list[str] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            self.seen.append(self.totals())

    def totals(self) -> Totals:
        """Of one listing; all its pages are of the version of the first."""
        rows = lines = 0
        versions = set()
        cursor: dict[str, Any] = {}
        while True:
            answer = self.client.get(
                "/collections/sales/product_revenue",
                params={"limit": 200, "fields": "order_lines", **cursor},
            )
            if answer.status_code == 410:  # retired meanwhile, and said so
                rows = lines = 0
                versions, cursor = set(), {}
                continue
            if answer.status_code != 200:
                self.wrong.append(answer.text)
                return (-1, -1)
            body = answer.json()
            versions.add(body["metadata"]["version"])
            rows += len(body["data"])
            lines += sum(row["order_lines"] for row in body["data"])
            following = body["metadata"]["pagination"]["next_cursor"]
            if following is None:
                if len(versions) != 1:
                    self.wrong.append(f"one listing of versions {versions}")
                return rows, lines
            cursor = {"cursor": following}


@pytest.fixture
def house(tmp_path: Path, repository: Path) -> House:
    return House(tmp_path / "home", repository)


@pytest.fixture
def reader(house: House, repository: Path) -> Iterator[Callable[[], Reader]]:
    """Starts a reader of the house's collection, through the API's own app."""
    from common.io.collections import open_store
    from common.utils.odcs import load_contracts
    from dashboards.app import create_app
    from dashboards.security import demand_reader
    from faults.reader import UNLIMITED, anybody

    store = open_store(
        f"sqlite:///{house.scratch.parent / 'collections.db'}", batch_size=1000, read_only=True
    )
    app = create_app(load_contracts(repository / "include" / "contracts"), store, options=UNLIMITED)
    app.dependency_overrides[demand_reader] = anybody
    readers: list[Reader] = []

    def begin() -> Reader:
        readers.append(Reader(TestClient(app)))
        readers[-1].start()
        return readers[-1]

    yield begin
    for one in readers:
        one.stopped.set()
        one.join(30)
    store.close()


def expected(house: House, run_id: str) -> Totals:
    """What a content comes to, from the run's own gold."""
    import pyarrow.compute as pc

    from common.io import lake
    from common.verbs.references import Transformed, from_json

    plain = json.loads((house.scratch / f"{run_id}.extract.transform.json").read_text())
    transformed = from_json(Transformed, plain)
    gold = lake.read(transformed.gold, [])
    return gold.num_rows, pc.sum(gold.column("order_lines")).as_py()


def test_a_task_killed_during_load_or_before_publish_is_never_seen(
    house: House, reader: Callable[[], Reader]
) -> None:
    chance = random.Random(7)
    house.deliver(seed=1)
    house.up_to("publish", "first")
    first = expected(house, "first")
    watching = reader()

    house.deliver(seed=2)
    validated = house.up_to("validate", "second")
    second = expected(house, "second")
    assert first != second
    target = house.scratch / "killed.json"
    rehearsal, began = house.start("load", validated, target), time.monotonic()
    rehearsal.communicate(timeout=120)
    took = time.monotonic() - began
    kills = sum(kill(house.start("load", validated, target), chance.uniform(0.0, took)) for _ in range(KILLS))
    assert kills >= KILLS // 2, "the kills must come during the load to show anything"
    before_publish = len(watching.seen)
    assert set(watching.seen) == {first}

    loaded = house.finish("load", validated)
    for _ in range(KILLS):  # between load and publish: the process dies as it begins to publish
        kill(house.start("publish", loaded, target), chance.uniform(0.0, 0.02))
    house.finish("publish", loaded)
    house.finish("publish", loaded)  # once more: it says so and changes nothing

    watching.stopped.set()
    watching.join(30)
    assert not watching.wrong
    assert len(watching.seen) > before_publish > 0
    assert set(watching.seen) <= {first, second}
    assert watching.seen == sorted(watching.seen, key=lambda one: one == second), "never back to the first"
    assert watching.totals() == second
