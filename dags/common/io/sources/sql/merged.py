"""Streams read side by side, each by a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
TICK = 0.1  # seconds after which a thread that waits looks whether it is still wanted


def merged(streams: Sequence[Iterator[T]], ahead: int = 1) -> Iterator[T]:
    """What all streams give, as it comes; each is at most ``ahead`` things ahead, for memory's sake.

    An error of one is raised at once, and ends the others. Each stream is closed by the thread that read it.
    """
    ready: Queue[T | BaseException | None] = Queue(maxsize=len(streams) * ahead)
    stop = Event()
    threads = [Thread(target=_read, args=(stream, ready, stop), daemon=True) for stream in streams]
    for thread in threads:
        thread.start()
    open_streams = len(streams)
    try:
        while open_streams:
            found = ready.get()
            if found is None:
                open_streams -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found
    finally:
        stop.set()
        while any(thread.is_alive() for thread in threads):
            try:
                ready.get(timeout=TICK)
            except Empty:
                continue


def _read(stream: Iterator[T], ready: Queue[T | BaseException | None], stop: Event) -> None:
    last: BaseException | None = None
    try:
        for found in stream:
            if not _put(ready, found, stop):
                break
    except BaseException as error:  # noqa: BLE001 (it is raised where the streams are read)
        last = error
    finally:
        close = getattr(stream, "close", None)
        if close:
            close()
        _put(ready, last, stop)


def _put(ready: Queue[T | BaseException | None], found: T | BaseException | None, stop: Event) -> bool:
    while not stop.is_set():
        try:
            ready.put(found, timeout=TICK)
        except Full:
            continue
        return True
    return False
