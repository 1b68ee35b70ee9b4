"""What the benchmarks share: timing, a table, and the machine that it was measured on."""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def seconds(work: Callable[[], Any]) -> float:
    """Wall-clock seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def best(work: Callable[[], Any], times: int = 20) -> float:
    """The fastest of several calls, for reads that a cache serves."""
    return min(seconds(work) for _ in range(times))


def machine() -> str:
    """Processor, cores, memory and Python of this machine."""
    models = [
        line.partition(":")[2].strip() for line in lines("/proc/cpuinfo") if line.startswith("model name")
    ]
    memory = next((int(line.split()[1]) / 2**20 for line in lines("/proc/meminfo")), None)
    size = f", {memory:.0f} GiB" if memory else ""
    name = models[0] if models else platform.machine()
    return f"{name}, {os.cpu_count()} cores{size}, {platform.system()}, Python {platform.python_version()}"


def lines(path: str) -> list[str]:
    """A file's lines; none where the system has no such file."""
    file = Path(path)
    return file.read_text("utf-8").splitlines() if file.exists() else []


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def duration(value: float) -> str:
    """Seconds, or milliseconds where they are few."""
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.2f} ms"
