"""The keys that a source has now; what they do is in test_incremental."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from common.io import lake
from common.io.sources import Item, Keyed
from common.io.sources.declared import Declared
from common.io.sources.drift import Plan
from common.utils.errors import SourceError
from common.utils.window import Window
from common.verbs.keys import write_keys
from common.verbs.references import Run
from shop import INTAKE
from unit.common.verbs.house import House

RUN = Run("run", Window(None, datetime(2026, 1, 1, tzinfo=UTC)))


@dataclass
class Table:
    batches: list[list[int]] = field(default_factory=lambda: [[1, 2], [3]])
    name: str = "table lines"

    def keys(self, item: Item) -> Iterator[pa.RecordBatch]:
        for batch in self.batches:
            yield pa.record_batch({"id": batch})


def written(house: House, source: Any, run: Run = RUN) -> Any:
    slice_: Any = SimpleNamespace(
        intake=INTAKE,
        settings=house.settings,
        run=run,
        declared=Declared({}, ""),
        plan=Plan(pa.schema([("ID", pa.int64()), ("other", pa.string())])),
    )
    return write_keys(slice_, source, [Item("lines")], ["id"])


def test_the_run_s_keys_replace_those_of_an_earlier_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, monkeypatch)
    written(house, Table([[7, 8, 9, 10]]))
    found = written(house, Table())
    assert found.rows == 3
    with lake.connect(house.settings) as duck:
        rows = lake.scan(duck, found.uri, found.version).order("ID").fetchall()
    assert rows == [(1, "run"), (2, "run"), (3, "run")]


def test_a_source_without_rows_has_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(House(tmp_path, monkeypatch), Table([])).rows == 0


def test_a_run_over_a_chosen_window_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run("run", RUN.window, scheduled=False)
    assert written(House(tmp_path, monkeypatch), Table(), run) is None


def test_a_source_that_has_no_list_of_keys_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path, monkeypatch)
    assert not isinstance(object(), Keyed)

    class Feed:
        name = "feed"

    with pytest.raises(SourceError, match="cannot list its keys"):
        written(house, Feed())
