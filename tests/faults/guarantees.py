"""The page of guarantees: what is promised, and the figures of the session that tried to break it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import psutil

import servers
from faults.results import Results
from faults.tally import Line

LONGEST = 90  # characters of what a fault says
FIGURES = ("kills", "stale writers", "reads checked", "lost", "doubled", "half seen")
PROMISES = Path(__file__).with_suffix(".md")  # what the page begins with


def page(results: Results) -> str:
    """The page as Markdown."""
    parts = [
        [PROMISES.read_text("utf-8")],
        _scene(results),
        *(_matrix(results, store) for store in results.matrix),
        _breaks(results),
        _outages(results),
    ]
    return "\n".join(chain.from_iterable(parts))


def write(results: Results, path: Path) -> None:
    """Writes the page."""
    path.write_text(page(results), encoding="utf-8")


def _scene(results: Results) -> Iterator[str]:
    memory = psutil.virtual_memory().total / 2**30
    minutes = sum(results.seconds.values()) / 60
    yield "## Figures\n"
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors, {memory:.0f} GB, Python {platform.python_version()}; "
        f"the matrix took {minutes:.0f} minutes. "
        f"S{servers.header_lines()[0][1:]}.\n"
    )
    totals = {store: tally.total() for store, tally in results.matrix.items()}
    yield from _table("store", FIGURES, {store: _cells(line) for store, line in totals.items()})
    boundaries = ", ".join(f"{store} {tally.boundaries}" for store, tally in results.matrix.items())
    yield (
        "A rehearsal counts the boundaries that the operations pass, and so many of each kind are taken, "
        f"spread evenly. Counted: {boundaries}.\n"
    )


def _matrix(results: Results, store: str) -> Iterator[str]:
    tally = results.matrix[store]
    yield f"### {store}\n"
    yield from _table(
        "killed or stopped", FIGURES, {name: _cells(line) for name, line in tally.lines.items()}
    )
    if tally.faults:
        yield f"**{len(tally.faults)} faults**, first: {_short(tally.faults[0])}\n"


def _breaks(results: Results) -> Iterator[str]:
    yield "## Rules broken on purpose\n"
    yield "The processes of the matrix make a mistake; it must then fail. What it saw first:\n"
    stores = [store for store in results.matrix if store in results.breaks]
    mistakes = list(dict.fromkeys(chain.from_iterable(results.breaks.values())))
    for mistake in mistakes:
        yield f"- **{mistake}**"
        for store in stores:
            yield f"  - {store}: {_short(results.breaks[store].get(mistake, 'not tried'))}"
    yield ""


def _outages(results: Results) -> Iterator[str]:
    yield "## Outages\n"
    yield "What a writer was told, and when; the product's waits were shortened to a second or two.\n"
    stores = list(results.matrix)
    rows = {what: [told.get(store, "") for store in stores] for what, told in sorted(results.outages.items())}
    yield from _table("what happened", stores, rows)
    yield (
        "Also, on every store: two writers at once (of the same days: one by one, or one is refused; "
        "of different days: both publish), and clocks that are eleven years off, forward and back."
    )
    yield ""


def _table(corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield _row([corner, *columns])
    yield _row(["---", *("---" for _ in columns)])
    for name, cells in rows.items():
        yield _row([name, *cells])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(line: Line) -> list[str]:
    counted = (line.kills, line.stale, line.reads, line.lost, line.doubled, line.half_seen)
    return [str(number) for number in counted]


def _short(fault: str) -> str:
    """The beginning of a fault, in one line and without folders of this machine."""
    line = re.sub(r"\s+", " ", re.sub(r"/\S+/", "…/", fault))
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rstrip()} …"
