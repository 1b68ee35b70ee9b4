"""What the tests of faults share: processes to kill, empty stores, and the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from contract.kit import STORES
from faults import guarantees
from faults.processes import Processes, processes
from faults.results import ALL, RESULTS
from servers import KINDS


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Starts processes that can be killed."""
    with processes(tmp_path_factory.mktemp("killed")) as starter:
        yield starter


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Each kind of store by its name."""
    return str(request.param)


@pytest.fixture
def empty_store(store: str, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of a new one at each call."""
    numbers = count(1)

    def made() -> str:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return STORES[store](folder)

    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Prints the matrix; where all of it was run and held, the page of guarantees is written anew."""
    if not RESULTS.matrix:
        return
    terminalreporter.section("kill matrix")
    for name, tally in RESULTS.matrix.items():
        line = tally.total()
        terminalreporter.line(
            f"{name}: {line.kills} kills, {line.stale} stale writers, {line.reads} reads checked; "
            f"{line.lost} lost, {line.doubled} doubled, {line.half_seen} half seen"
        )
    there = {store for store in STORES if store not in KINDS or not KINDS[store].absent()}
    whole = there <= RESULTS.matrix.keys() == RESULTS.breaks.keys() and bool(RESULTS.outages)
    if ALL and whole and exitstatus == pytest.ExitCode.OK and not config.option.keyword:
        path = config.rootpath / "docs" / "guarantees.md"
        guarantees.write(RESULTS, path)
        terminalreporter.line(f"written to {path.relative_to(config.rootpath)}")
