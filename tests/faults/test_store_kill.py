"""A loading process is killed at its boundaries: readers see one whole version, a retry makes it right."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.protocol import Query, VersionGone
from contract.kit import SALES, STORES, content, pages
from faults.store_loader import load, rows

EVERY = 13  # of so many boundaries one is killed at; 1 is the whole sweep, some minutes


@pytest.fixture(scope="module")
def processes() -> Iterator[multiprocessing.context.ForkServerContext]:
    """Processes that fork from one that has everything loaded and no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults.store_loader"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ":".join(sys.path))  # else it cannot import what it is told to load
        yield context


class Reader(threading.Thread):
    """Reads the live version again and again, page by page, and notes each answer that is not whole."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.store = open_store(url, batch_size=1, read_only=True)
        self.stopped = threading.Event()
        self.answers: set[int] = set()
        self.wrong: list[object] = []

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()
        self.store.close()

    def run(self) -> None:
        collection = self.store.collection(SALES)
        while not self.stopped.wait(0.002):
            try:
                live = collection.live()
                if live is not None:
                    self.judge([p.rows.to_pylist() for p in pages(collection, live.number, Query(limit=5))])
            except VersionGone:
                continue
            except Exception as error:  # noqa: BLE001 (shown by the test)
                self.wrong.append(error)

    def judge(self, answer: list[list[dict[str, object]]]) -> None:
        found = [row for page in answer for row in page]
        value = int(str(found[0]["quantity"])) if found else -1
        if found == rows(value):
            self.answers.add(value)
        else:
            self.wrong.append(found)


def killed_at(url: str, processes: multiprocessing.context.ForkServerContext, value: int, last: int) -> bool:
    """Runs a load in a process of its own; whether it was killed."""
    process = processes.Process(target=load, args=(url, value, last))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def boundaries(url: str, processes: multiprocessing.context.ForkServerContext, value: int) -> int:
    """Runs a load to its end; how many boundaries it has."""
    made = processes.Value("i", 0)
    process = processes.Process(target=load, args=(url, value, 0, made))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    return int(made.value)


@pytest.fixture(params=STORES)
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URLs of empty stores."""

    def urls() -> Iterator[str]:
        number = 0
        while True:
            number += 1
            folder = tmp_path / str(number)
            folder.mkdir()
            yield STORES[request.param](folder)

    return urls()


def test_killed_over_a_live_version(
    folders: Iterator[str], processes: multiprocessing.context.ForkServerContext
) -> None:
    url = next(folders)
    boundaries(url, processes, 1)
    total = boundaries(url, processes, 2)
    assert total > 60
    store = open_store(url, batch_size=10, read_only=True)
    collection = store.collection(SALES)
    with Reader(url) as reader:
        for value, last in enumerate(range(1, total + 1, EVERY), 3):
            assert killed_at(url, processes, value, last)
            assert content(collection) in (rows(value - 1), rows(value))
            assert not killed_at(url, processes, value, 0)
            assert content(collection) == rows(value)
            live = collection.live()
            assert live is not None
            assert live.number == value, "a run was published twice or not at all"
    store.close()
    assert reader.wrong == []
    assert len(reader.answers) > 3
    assert open_store(url, batch_size=10).collection(SALES).vacuum(keep=1).chunks == 0


def test_killed_over_an_empty_store(
    folders: Iterator[str], processes: multiprocessing.context.ForkServerContext
) -> None:
    total = boundaries(next(folders), processes, 1)
    for last in range(1, total + 1, EVERY):
        url = next(folders)
        with Reader(url) as reader:
            assert killed_at(url, processes, 1, last)
            store = open_store(url, batch_size=10, read_only=True)
            collection = store.collection(SALES)
            assert collection.live() is None or content(collection) == rows(1)
            assert not killed_at(url, processes, 1, 0)
            assert content(collection) == rows(1)
            store.close()
        assert reader.wrong == []
