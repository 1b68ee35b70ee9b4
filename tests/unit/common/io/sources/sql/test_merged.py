"""Streams side by side: all they give, no more ahead than allowed, and none left open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import repeat

import pytest

from common.io.sources.sql.merged import merged

PATIENCE = 5  # seconds


class Stream:
    """Counts, and remembers how far it went and who closed it."""

    def __init__(self, count: int, fails: bool = False) -> None:
        self.given, self.closed_by = 0, ""
        self._count, self._fails = count, fails

    def read(self) -> Iterator[int]:
        """Numbers from 0."""
        try:
            for at in range(self._count):
                self.given += 1
                yield at
            if self._fails:
                raise KeyError("gone")
        finally:
            self.closed_by = threading.current_thread().name


def test_everything_of_all_streams_comes_in_each_ones_order() -> None:
    sizes = [0, 3, 50]
    found = list(merged([zip(repeat(size), range(size)) for size in sizes]))
    assert sorted(found) == [(size, at) for size in sizes for at in range(size)]
    assert [at for size, at in found if size == 50] == list(range(50))
    assert list(merged([])) == []


def test_streams_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def meeting() -> Iterator[int]:
        yield both.wait()

    assert sorted(merged([meeting(), meeting()])) == [0, 1]


def test_no_stream_runs_far_ahead_of_who_reads() -> None:
    stream = Stream(1000)
    found = merged([stream.read()], ahead=2)
    next(found)
    until = time.monotonic() + PATIENCE
    while stream.given < 4 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    assert stream.given == 4, "one was read, two are ready, and one waits for its place"
    found.close()  # type: ignore[attr-defined]


def test_an_error_of_one_ends_the_others() -> None:
    bad, endless = Stream(1, fails=True), Stream(10**9)
    with pytest.raises(KeyError, match="gone"):
        list(merged([bad.read(), endless.read()]))
    assert bad.closed_by
    assert endless.closed_by


def test_a_reader_that_stops_has_each_stream_closed_by_the_thread_that_read_it() -> None:
    streams = [Stream(10**9), Stream(10**9)]
    before = threading.active_count()
    found = merged([stream.read() for stream in streams])
    next(found)
    found.close()  # type: ignore[attr-defined]
    closers = {stream.closed_by for stream in streams if stream.given}
    assert closers
    assert not closers & {"", threading.current_thread().name}
    assert threading.active_count() == before
