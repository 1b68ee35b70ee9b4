"""Answers that are kept: a page of a version never changes, so reading it again needs no store."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from common.utils.contract import Role
from dashboards.envelope import Template
from dashboards.served import Served

Key = tuple[str, bytes, Role]
"""Path, query and the role of the reader."""
ROLES = get_args(Role)
OVERHEAD = 2048  # bytes that an entry takes beside its data, about


@dataclass(frozen=True, slots=True)
class Content:
    """What a page holds, whoever asks for it: how many rows, and the answer that shows them."""

    rows: int
    answer: Template


@dataclass(frozen=True, slots=True)
class Kept:
    """One page.

    Attributes:
        pinned: Whether the reader chose the version; else the page is that of the live one.
        about: The version's metadata as the answer had them; they are compared without what moves.
        tag: The answer's ETag, which holds as long as ``about`` does.
        content: ``None`` where all who asked so far held it already.
    """

    served: Served
    version: int
    pinned: bool
    about: Mapping[str, Any]
    tag: str
    content: Content | None

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return OVERHEAD + (sum(map(len, self.content.answer.parts)) if self.content else 0)


class Keep:
    """The pages read last, up to so many bytes; safe for threads."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._pages: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Kept | None:
        """A page that is kept."""
        with self._lock:
            if found := self._pages.get(key):
                self._pages.move_to_end(key)
            return found

    def served(self, path: str, query: bytes) -> Served | None:
        """The collection whose page is kept for some role; ``None`` where none is."""
        pages = (self._pages.get((path, query, role)) for role in ROLES)
        return next((page.served for page in pages if page), None)

    def put(self, key: Key, page: Kept) -> None:
        """Keeps a page, unless it alone would take a quarter of the room; the longest unread ones go."""
        if page.size * 4 > self._most:
            return
        with self._lock:
            before = self._pages.get(key)
            if before and before.content and not page.content and before.tag == page.tag:
                return  # this one says less
            self._drop(key)
            self._pages[key] = page
            self._size += page.size
            while self._size > self._most:
                self._drop(next(iter(self._pages)))

    def forget(self, key: Key) -> None:
        """Keeps a page no longer."""
        with self._lock:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        if found := self._pages.pop(key, None):
            self._size -= found.size
