"""Ctrl-C, remembered: the engine makes an error of its own of it, which would look like a failure."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

_PRESSED = Event()


@contextmanager
def watched() -> Iterator[None]:
    """Notes SIGINT while it lasts, and raises KeyboardInterrupt as ever."""

    def note(number: int, frame: FrameType | None) -> None:
        _PRESSED.set()
        signal.default_int_handler(number, frame)

    _PRESSED.clear()
    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def pressed() -> bool:
    """Whether it was."""
    return _PRESSED.is_set()


def demand_none() -> None:
    """Raises KeyboardInterrupt where it was pressed and something made another error of it."""
    if pressed():
        raise KeyboardInterrupt
