"""The audit: who read what and when, as one line of JSON for each access to data, in a file a day.

A request only leaves its record in a bounded queue; a thread writes. Nothing is lost silently: what finds the
queue full, or cannot be written, is counted, logged, and told in the file as soon as that can be written.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
from starlette.requests import Request

log = logging.getLogger(__name__)

BATCH = 1000  # records that are written at once
PAUSE = 0.2  # seconds between two looks for records


@dataclass(frozen=True, slots=True)
class Access:
    """What data an answer holds.

    Attributes:
        what: The collection, or what else was read of it, such as ``dead-letters of sales/product_revenue``.
        version: That the rows are from; ``None`` where they are of no version.
        rows: In the answer; 0 where the reader was told that nothing changed.
    """

    what: str
    version: int | None
    rows: int


def note(request: Request, access: Access) -> None:
    """Says what data the answer to a request holds."""
    request.state.access = access


class Audit:
    """Writes records to ``<folder>/<UTC day>.ndjson``, which only its owner may read.

    Attributes:
        lost: Records that could not be kept since the process started.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder, self.lost = folder, 0
        self._most, self._untold = most, 0
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def record(self, record: Mapping[str, Any]) -> None:
        """Takes a record and returns at once, whatever the disk does; it waits for no lock."""
        if self._thread is None:
            self._start()
        if len(self._waiting) < self._most:
            self._waiting.append(record)
        else:
            self._lose(1, "more accesses wait to be written than VITRINE_API_AUDIT_QUEUE allows")

    def close(self) -> None:
        """Writes what waits, and ends the thread; a record after it starts another one."""
        with self._lock:
            thread, self._thread = self._thread, None
        atexit.unregister(self.close)
        if thread is not None:
            self._stop.set()
            thread.join()
            self._stop.clear()

    def _start(self) -> None:
        """Late, so that each process of a server that forks has a thread of its own."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="vitrine-audit", daemon=True)
                self._thread.start()
                atexit.register(self.close)  # an app that is mounted is not told when its server ends

    def _write_all(self) -> None:
        while not self._stop.wait(PAUSE):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        while self._waiting:
            count = min(BATCH, len(self._waiting))  # only this thread takes any away
            self._write([self._waiting.popleft() for _ in range(count)])

    def _write(self, records: list[Mapping[str, Any]]) -> None:
        with self._lock:
            untold, self._untold = self._untold, 0
        now = datetime.now(UTC)
        if untold:
            records = [*records, {"at": now, "lost": untold}]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.folder / f"{now.date().isoformat()}.ndjson"
            path.touch(mode=0o600)
            with path.open("ab+") as file:
                torn = b"\n" if _is_torn(file) else b""
                file.write(torn + b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        except OSError as error:
            with self._lock:
                self._untold += untold
            self._lose(len(records) - bool(untold), f"they cannot be written: {error.strerror}")

    def _lose(self, count: int, why: str) -> None:
        with self._lock:
            self.lost += count
            self._untold += count
            lost = self.lost
        if lost == count or lost % BATCH < count:  # the first, and then once for many
            log.error("%d records of the audit are lost by now: %s", lost, why)


def _is_torn(file: IO[bytes]) -> bool:
    """Whether the file ends amid a record, as one does that was written when the disk was full."""
    if not file.seek(0, os.SEEK_END):
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
