"""The processes below this one: found all, and ended all."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Collection
from contextlib import suppress

import psutil

GRACE = 5.0  # seconds between asking a process to end and killing it; every task can be killed and run again
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>


def adopt_orphans() -> None:
    """Where the kernel can (Linux): a process whose parent dies becomes our child, so that none is lost."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def ask(pids: Collection[int] | None = None) -> list[psutil.Process]:
    """Asks children of this process and all below them to end.

    Args:
        pids: Which children; all where it is ``None``.

    Returns:
        Those that have not ended within the time of grace.
    """
    children = psutil.Process().children()
    family = {child for child in children if pids is None or child.pid in pids}
    family |= {one for child in family for one in below(child)}
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + GRACE
    while family and time.monotonic() < deadline:
        family |= {one for process in family for one in below(process)}
        _, alive = psutil.wait_procs(family, timeout=0.2)
        family = set(alive)
    return list(family)


def stop_everything() -> int:
    """Ends every process below this one: asks, waits, and kills what is left; returns how many those were."""
    left = ended = ask()
    while left:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=GRACE)
        left = below(psutil.Process())  # what a killed process leaves behind
    return len(ended)


def below(process: psutil.Process) -> list[psutil.Process]:
    """All descendants; none where the process has just ended."""
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []
