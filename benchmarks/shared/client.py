"""A hundred connections that ask an HTTP server, each again as soon as it is answered."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil

CONNECTIONS = 100


@dataclass
class Result:
    """What one case gave: seconds of each answer, sorted; the bytes of one answer; over which time.

    Attributes:
        cpu: Processor seconds that the server took meanwhile, in all its threads.
    """

    took: list[float]
    size: int
    seconds: float
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took) / self.seconds

    @property
    def cost(self) -> float:
        """Processor seconds of the server for one answer: other work on the machine moves it little."""
        return self.cpu / len(self.took)


async def connection(port: int, requests: Iterator[bytes], until: float, result: Result) -> None:
    """One connection that asks again as soon as it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        began = time.perf_counter()
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        assert status in (200, 304), head
        length = 0
        if status == 200:
            at = head.lower().index(b"content-length:") + 15
            length = int(head[at : head.index(b"\r", at)])
            await reader.readexactly(length)
        result.took.append(time.perf_counter() - began)
        result.size = length
        if time.perf_counter() >= until:
            break
    writer.close()


def load(port: int, lines: list[bytes], seconds: float, server: int, results: Any) -> None:
    """A hundred connections for some seconds, after a second that is not counted."""
    process = psutil.Process(server)
    endless = again(lines)

    async def run(length: float) -> Result:
        until, result = time.perf_counter() + length, Result([], 0, length)
        await asyncio.gather(*(connection(port, endless, until, result) for _ in range(CONNECTIONS)))
        return result

    asyncio.run(run(1.0))
    before = sum(process.cpu_times()[:2])
    found = asyncio.run(run(seconds))
    found.cpu = sum(process.cpu_times()[:2]) - before
    found.took.sort()
    results.put(found)


def again(lines: list[bytes]) -> Iterator[bytes]:
    """The requests, over and over."""
    while True:
        yield from lines


def request(path: str, **headers: str) -> bytes:
    """A request as it goes over the wire."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{named}\r\n".encode()


def measured(port: int, lines: list[bytes], seconds: float, server: int) -> Result:
    """One case, asked from a process of its own, of a server with that process id."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    asking = context.Process(target=load, args=(port, lines, seconds, server, results))
    asking.start()
    found: Result = results.get()
    asking.join()
    return found
