"""A writer of files is killed while somebody reads ``live`` without asking Vitrine.

What the API answers over kills is asked of all stores by the matrix; this is about what a person or another
program finds in the folder.
"""

from __future__ import annotations

import threading
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest

from faults.child import Boundary, Job
from faults.contents import FIELDS, Content, recognised, seen
from faults.processes import Processes
from faults.results import ALL

KEEP = 2  # versions: whoever is amid listing a folder when it is taken away finds a part of its files
EVERY = 1 if ALL else 23  # of so many boundaries a writer is killed at one


class DirectReader(threading.Thread):
    """Reads the folder that ``live`` points at again and again, and notes what is no whole version.

    It resolves the link first. DuckDB looks each file up after it has listed a folder, and passes over those
    that are not there: listed by way of the link as that moves on, only what both versions share is found.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.live, self.files = folder / "live", f"*.{folder.name}"
        self.stopped = threading.Event()
        self.whole: list[Content] = []
        self.gone = 0
        self.wrong: list[object] = []

    def __enter__(self) -> DirectReader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()

    def run(self) -> None:
        with duckdb.connect() as engine:
            while not self.stopped.wait(0.001):
                try:
                    self.read(engine)
                except duckdb.IOException:
                    self.gone += 1
                except Exception as error:  # noqa: BLE001 (shown by the test)
                    self.wrong.append(error)

    def read(self, engine: duckdb.DuckDBPyConnection) -> None:
        """One look at the files."""
        files = self.live.resolve() / self.files
        found = engine.execute(f"SELECT {', '.join(FIELDS)} FROM '{files}' ORDER BY ALL").fetchall()
        rows = seen([dict(zip(FIELDS, row, strict=True)) for row in found])
        content = recognised(rows)
        if content is None:
            self.wrong.append(rows)
        else:
            self.whole.append(content)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_direct_readers_see_whole_versions_over_kills(kind: str, tmp_path: Path, starter: Processes) -> None:
    url, folder = f"{kind}://{tmp_path}", tmp_path / "sales_product_revenue_v1" / kind
    values = count(2)

    def finish(operation: str, **given: Any) -> list[Boundary]:
        """Carries it out; its boundaries."""
        ended = starter.finish(Job(url, operation, given))
        assert not ended.error, ended.said
        return ended.passed

    def load() -> dict[str, Any]:
        """What the next run brings."""
        value = next(values)
        return {"run": f"run {value}", "content": Content(value)}

    finish("first_load", run="run 1", content=Content(1))
    loads, vacuums = finish("load", **load()), finish("vacuum", keep=KEEP)
    with DirectReader(folder) as reader:
        for number, stop in enumerate(loads[::EVERY]):
            given = load()
            starter.start(Job(url, "load", given, stop=stop)).wait()
            finish("load", **given)
            assert last_seen(folder) == given["content"]
            starter.start(Job(url, "vacuum", {"keep": KEEP}, stop=vacuums[number % len(vacuums)])).wait()
            finish("vacuum", keep=KEEP)
    assert reader.wrong == []
    assert len(reader.whole) > 10
    assert len(set(reader.whole)) > 2
    left = [path for path in folder.rglob("*.part") if path.parent.name != "record"]
    assert left == [], "what a killed process left is taken away; in the record's folder a while later"
    assert len(list((folder / "versions").iterdir())) == KEEP


def last_seen(folder: Path) -> Content:
    """What ``live`` shows when nobody writes."""
    reader = DirectReader(folder)
    with duckdb.connect() as engine:
        reader.read(engine)
    (content,) = reader.whole
    return content
