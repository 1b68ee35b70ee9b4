"""The answer to an HTTP request as it comes in: unpacked, bounded, whole or not at all."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from common.utils.errors import SourceError

PIECE = 2**20  # bytes unpacked at a time


class Transient(Exception):
    """What may pass by itself; ``wait`` is how many seconds the server asked for, if it did."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


def shown(url: httpx.URL | str) -> str:
    """A URL for people: protocol, host and path; neither credentials nor what is asked for."""
    parts = urlsplit(str(url))
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else parts.path


def whole(response: httpx.Response, limit: int, deadline: float, prefix: str) -> bytes:
    """The body of a response that is being received, unpacked.

    Raises:
        SourceError: It is too long, or packed in a way that was not asked for.
        Transient: It takes too long, or its packing is damaged.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise SourceError(
            f"{shown(response.url)} answers packed as {packing[:20]}, which was not asked for.",
            where=shown(response.url),
            next_step="Have the server answer plainly or as gzip.",
        )
    body, until = bytearray(), time.monotonic() + deadline
    pieces = response.iter_raw()
    try:
        for piece in unpacked(pieces) if "gzip" in packing else pieces:
            body += piece
            if len(body) > limit:
                raise SourceError(
                    f"{shown(response.url)} answers more than {limit:,} bytes.",
                    where=shown(response.url),
                    next_step=f"Ask for smaller pages, or set {prefix}MAX_BYTES.",
                )
            if time.monotonic() > until:
                raise Transient(f"the answer took longer than {deadline:g} seconds")
    except (zlib.error, EOFError):
        raise Transient("the packed answer is damaged or cut short") from None
    return bytes(body)


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Gzip, a bounded piece at a time; unlike httpx's own decoder it notices an end that is missing.

    Raises:
        zlib.error, EOFError: The pieces are no gzip, or not all of it.
    """
    stream, begun = zlib.decompressobj(31), False
    for piece in pieces:
        data, full = piece, False
        while data or full:
            found = stream.decompress(data, PIECE)
            yield found
            data, full, begun = stream.unconsumed_tail, len(found) == PIECE, not stream.eof
            if stream.eof:  # another member may follow
                data, full, stream = stream.unused_data, False, zlib.decompressobj(31)
    if begun:
        raise EOFError


def seconds_of(retry_after: str) -> float | None:
    """``Retry-After``, seconds or a date, as seconds from now; ``None`` where it is neither."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
