"""What the commits of a Delta table tell of the runs that wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from deltalake import DeltaTable

from common.io import lake


@dataclass(frozen=True, slots=True)
class Found:
    """What a run finds in a table.

    Attributes:
        version: -1 where there is no table.
        source: Fingerprint of the source that its rows came from; empty where none is known.
    """

    version: int
    source: str


def found_by(uri: str, run_id: str = "") -> Found:
    """The version that a run starts from: the latest that it has not written itself; for no run the latest.

    A run that is killed after its commit and run again thus computes the same from the same.
    """
    table = lake.existing(uri)
    if table is None:
        return Found(-1, "")
    other = next(commit for commit in table.history() if commit.get(lake.RUN) != run_id)
    return Found(int(other["version"]), str(other.get(lake.SOURCE, "")))


def days_between(uri: str, then: int, now: int) -> set[date]:
    """The days that were written between two versions of a table."""

    def files(at: int) -> set[tuple[str, date]]:
        actions = pa.table(DeltaTable(uri, version=at).get_add_actions(flatten=True))
        return set(zip(*(actions[name].to_pylist() for name in ("path", "partition.date")), strict=True))

    return {day for _, day in files(then) ^ files(now)}


def reaching(uri: str) -> Iterator[str]:
    """Runs whose commits reached beyond the days that they answer for, the latest first.

    The last is one that rebuilt the table: what was before it no longer matters.
    """
    table = lake.existing(uri)
    for commit in table.history() if table else ():
        if commit.get(lake.REACH):
            yield str(commit[lake.RUN])
        if commit.get(lake.REACH) == "rebuilt":
            return
