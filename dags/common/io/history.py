"""What the commits of a Delta table tell of the runs that wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from common.io import lake


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
