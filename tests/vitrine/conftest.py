"""The command line over the shop of the tests, in this process and in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from unit.common.verbs.house import House

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> Any:
        """Standard output, all of which is JSON."""
        return json.loads(self.out)


Command = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where all that is written locally belongs; empty. The folder of the pipelines is put back after it."""
    monkeypatch.setenv("VITRINE_PIPELINES", "the repository's")
    monkeypatch.delenv("VITRINE_PIPELINES")
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def house(home: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Order lines of one day, and nothing published."""
    house = House(home.parent, monkeypatch)
    house.write("a.csv", "2026-01-05,p1,Mug,2,3.50")
    return house


@pytest.fixture
def published(house: House) -> House:
    """Two versions: the first without the 6th of January."""
    house.publish("one")
    house.write("b.csv", "2026-01-06,p1,Mug,2,3.50")
    house.publish("two")
    return house


@pytest.fixture
def run(home: Path) -> Command:
    """A command in this process."""
    from vitrine.app import app

    def run(*arguments: str, **options: Any) -> Done:
        done = CliRunner().invoke(app, list(arguments), **options)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def process(home: Path, tmp_path: Path) -> Command:
    """``python -m vitrine`` in a process of its own."""

    def process(*arguments: str, **options: Any) -> Done:
        command = [sys.executable, "-m", "vitrine", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "dags"), "NO_COLOR": "1"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, **options
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return process


PIPELINE = """\
description: Daily revenue per product
owner: shop-data
schedule: "@daily"
sources:
  order_lines:
    path: ${ORDERS}/*.csv
    fields:
      sold_at: {type: timestamp, from: SoldAt}
      product: {type: string, required: true}
      quantity: integer
      price: {type: "decimal(18,4)", min: 0}
    event_time: sold_at
steps:
  - filter: quantity > 0
  - aggregate: {by: [date, product], columns: {revenue: sum(quantity * price)}}
collection: {key: [date, product], freshness: 48h}
dead_letters: {max_share: 1}
"""
ORDERS = """\
SoldAt,product,quantity,price
2026-01-06T10:00:00Z,lamp,3,2.5
2026-01-06T11:00:00Z,lamp,2,1.25
2026-01-05,desk,1,1.5
2026-01-05,desk,0,9
2026-01-05,desk,x,1
"""


@pytest.fixture
def pipeline(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline's file outside of the repository, and its order lines."""
    path = tmp_path / "mine" / "shop" / "orders_v1.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(PIPELINE, "utf-8")
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "a.csv").write_text(ORDERS, "utf-8")
    monkeypatch.setenv("ORDERS", str(tmp_path / "orders"))
    monkeypatch.setenv("VITRINE_CONTRACTS", str(tmp_path / "contracts"))
    (tmp_path / "contracts").mkdir()
    return path


def change(path: Path, old: str, new: str) -> None:
    """Replaces a text in a file that has it."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def changed(pipeline: Path) -> Callable[[str, str], None]:
    """Changes the pipeline's file."""

    def changed(old: str, new: str) -> None:
        change(pipeline, old, new)

    return changed
