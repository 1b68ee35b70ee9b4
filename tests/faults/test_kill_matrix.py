"""SIGKILL and SIGSTOP at boundaries of every kind in every operation, on every store, while readers ask."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from contract.kit import STORES
from faults.matrix import FULL, SHORT, Effort, Matrix
from faults.mistakes import MISTAKES
from faults.processes import Processes
from faults.results import ALL, RESULTS

EFFORT = FULL if ALL else SHORT
KILLS, STALE = (125, 25) if ALL else (10, 3)
# The quick part of the matrix that sees each mistake, and what it sees.
PARTS = {
    "a chunk id is used again": (
        Effort(0, 2, 0, ("load",)),
        "UNIQUE|duplicate|Duplicate|was taken away while it was written",
    ),
    "vacuum deletes before it retires": (Effort(4, 0, 0, ("vacuum",)), "the retained version"),
    "publish does not check its base": (Effort(0, 2, 0, ("load",)), "and woken: it publishes version"),
    "a reader does not look again": (Effort(0, 3, 0, ("read",)), "and woken: it reads"),
}


@pytest.mark.timeout(900)
def test_whatever_is_killed_or_stopped_readers_see_one_whole_version(
    store: str, starter: Processes, empty_store: Callable[[], str]
) -> None:
    began = time.monotonic()
    matrix = Matrix(starter, empty_store, EFFORT)
    RESULTS.matrix[store] = matrix.tally
    for scenario in EFFORT.scenarios:
        matrix.run(scenario)
    RESULTS.seconds[store] = time.monotonic() - began
    assert matrix.tally.faults == []
    total = matrix.tally.total()
    assert (total.lost, total.doubled, total.half_seen) == (0, 0, 0)
    assert total.kills >= KILLS
    assert total.stale >= STALE
    assert total.reads > total.kills


@pytest.mark.parametrize("store", STORES if ALL else ["sqlite"])  # all stores share the protocol
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_matrix_sees_each_rule_that_is_broken(
    mistake: str, store: str, starter: Processes, empty_store: Callable[[], str]
) -> None:
    part, wanted = PARTS[mistake]
    matrix = Matrix(starter, empty_store, part, mistake)
    matrix.run(part.scenarios[0])
    assert matrix.tally.faults, "nothing was seen of it"
    assert re.search(wanted, matrix.tally.faults[0])
    RESULTS.breaks.setdefault(store, {})[mistake] = matrix.tally.faults[0]
