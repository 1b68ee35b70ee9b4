"""The parameters of what is not a page of a collection: few, each known by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from starlette.requests import Request

from common.io.collections.protocol import QueryError
from common.utils.errors import did_you_mean
from dashboards.cursor import Cursor
from dashboards.query import DEFAULT_LIMIT, MAX_LIMIT, natural, once


def given(request: Request, *known: str) -> Mapping[str, str]:
    """The parameters by name.

    Raises:
        QueryError: One is unknown or given twice.
    """
    found = once(request.query_params.multi_items())
    for name in found:
        if name not in known:
            raise QueryError(f"There is no parameter {name!r}: {did_you_mean(name, known)}")
    return found


def chosen(name: str, value: str | None, known: Sequence[str]) -> str:
    """A parameter that is one of some words, or empty.

    Raises:
        QueryError: It is another word.
    """
    if value is not None and value not in known:
        raise QueryError(f"{name} is not right: {did_you_mean(value[:60], known)}")
    return value or ""


class Listing:
    """One page of a list that goes on with a cursor: of what is listed, its filters, and where it begins."""

    def __init__(self, parameters: Mapping[str, str], *listed: str, width: int) -> None:
        """Reads ``limit`` and ``cursor``.

        Args:
            parameters: Of the request.
            listed: What is listed and by which filters: a cursor holds for nothing else.
            width: Values that a cursor has.

        Raises:
            QueryError: One of them is wrong.
        """
        self.limit = (
            natural("limit", parameters["limit"], MAX_LIMIT) if "limit" in parameters else DEFAULT_LIMIT
        )
        self._fingerprint = hashlib.sha256(repr(listed).encode("utf-8", "replace")).hexdigest()[:16]
        self.after: tuple[str, ...] = ()
        if "cursor" in parameters:
            cursor = Cursor.decode(parameters["cursor"])
            if cursor.listing != self._fingerprint or len(cursor.after) != width:
                raise QueryError(
                    "The cursor belongs to another listing or other filters.",
                    next_step="Repeat those of the page before, or start again without cursor.",
                )
            self.after = cursor.after

    def pagination(
        self, returned: int, count: int | None, following: Sequence[str] | None
    ) -> dict[str, object]:
        """The metadata's pagination.

        Args:
            returned: Items on this page.
            count: Items of the whole listing.
            following: What the next page begins after; ``None`` on the last.
        """
        cursor = Cursor(0, self._fingerprint, tuple(following)).encode() if following else None
        return {
            "limit": self.limit,
            "returned": returned,
            "estimated_count": count,
            "next_cursor": cursor,
        }
