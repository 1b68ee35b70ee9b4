"""The run records of a collection in order, cheap to list again and again.

A record is replaced whole, so that its file's change time tells whether it must be read again: listing costs
one look at each run's folder (about 10 ms for 1,000 runs) and reading what changed since. The first listing
of a process reads every record (about 60 ms for 1,000).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from common.utils.settings import EXTRACT

log = logging.getLogger(__name__)

RECORD = "run.json"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """What a run is ordered and chosen by.

    Attributes:
        started: UTC.
        changed: When its record was written last, in nanoseconds.
    """

    started: datetime
    run_id: str
    state: str
    changed: int
    folder: Path

    def record(self) -> dict[str, Any]:
        """The record as JSON has it."""
        return _read(self.folder / RECORD)

    def stores(self) -> dict[str, dict[str, Any]]:
        """What became of the run in each store that has a record of its own, by its name."""
        return {name: one for name, one in self._parts() if not name.startswith(EXTRACT)}

    def sources(self) -> dict[str, dict[str, Any]]:
        """What became of each source, where there are several, by its name."""
        return {name.removeprefix(EXTRACT): one for name, one in self._parts() if name.startswith(EXTRACT)}

    def _parts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in sorted(self.folder.glob("run.*.json")):
            yield path.name.removeprefix("run.").removesuffix(".json"), _read(path)

    def validation(self) -> dict[str, Any] | None:
        """The validation report; ``None`` where the run did not come so far."""
        path = self.folder / "validation.json"
        return _read(path) if path.exists() else None


class RunIndex:
    """The runs of all collections; safe for threads."""

    def __init__(self, reports: Path) -> None:
        self._reports, self._lock = reports, threading.Lock()
        self._known: dict[str, Mapping[str, Entry]] = {}

    def newest(self, collection: str) -> list[Entry]:
        """All runs of ``domain/subject``, the latest first, runs that began at once by their id."""
        with self._lock:
            known = self._known.get(collection, {})
            found = {entry.folder.name: entry for entry in self._look(collection, known)}
            self._known[collection] = found
        return sorted(found.values(), reverse=True)

    def latest(self, collection: str) -> Entry | None:
        """The run that began last."""
        return next(iter(self.newest(collection)), None)

    def find(self, collection: str, run_id: str) -> Entry | None:
        """One run by its id."""
        return next((entry for entry in self.newest(collection) if entry.run_id == run_id), None)

    def _look(self, collection: str, known: Mapping[str, Entry]) -> Iterator[Entry]:
        folder = self._reports / collection
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        for name in names:
            path = folder / name / RECORD
            try:
                changed = path.stat().st_mtime_ns
                before = known.get(name)
                yield before if before and before.changed == changed else _entry(path, changed)
            except (FileNotFoundError, NotADirectoryError):
                continue  # no run's folder, or one whose first record is being written
            except (ValueError, KeyError, TypeError) as error:
                log.warning("%s is no run's record, so the run is left out: %s", path, error)


def _entry(path: Path, changed: int) -> Entry:
    record = _read(path)
    started = datetime.fromisoformat(record["started"])
    return Entry(started, record["run_id"], record["state"], changed, path.parent)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
