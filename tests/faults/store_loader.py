"""Loads a collection and dies by SIGKILL where it is told to; the test runs it in a process of its own."""

import os
import signal
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import event

from common.io.collections import open_store, staging  # noqa: F401 (loaded once, for all processes that fork)
from contract.kit import SALES, put, sale

DAYS, PRODUCTS = (1, 2, 3), "ABCD"


def rows(value: int) -> list[dict[str, Any]]:
    """What a run with this value brings; day 3 is the same in all of them."""
    return [sale(day, product, 0 if day == 3 else value) for day in DAYS for product in PRODUCTS]


def load(url: str, value: int, last: int, made: Any = None) -> None:
    """Publishes a value in every row and vacuums; dies at the ``last``-th boundary, or never where it is 0.

    Boundaries are before and after each statement, and before each commit.

    Args:
        made: A shared integer that gets the number of boundaries.
    """
    store, steps = open_store(url, batch_size=2), count(1)

    def boundary(*_: object) -> None:
        step = next(steps)
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)
        if made is not None:
            made.value = step

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(store.database.engine, name, boundary)
    collection = store.collection(SALES)
    collection.ensure()
    put(collection, f"run {value}", list(DAYS), rows(value))
    collection.vacuum(keep=1, abandon_after=timedelta(0))
    store.close()
