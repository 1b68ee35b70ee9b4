"""The cursor: where the next page of one listing of one version begins."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.io.collections.protocol import QueryError
from common.utils.contract import Contract
from dashboards.values import parse, text


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position; it holds no secret, and a forged one only names another position.

    Attributes:
        version: That all pages of the listing are read from.
        listing: Fingerprint of the collection, filters and order.
        after: The last row's values of the keyset columns, as texts.
    """

    version: int
    listing: str
    after: tuple[str, ...]

    def encode(self) -> str:
        """As it stands in a URL."""
        document = json.dumps([self.version, self.listing, self.after], separators=(",", ":"))
        return urlsafe_b64encode(document.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, token: str) -> Cursor:
        """The inverse of :meth:`encode`.

        Raises:
            QueryError: It was not made by :meth:`encode`.
        """
        try:
            document = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, RecursionError) as error:
            raise _unreadable() from error
        match document:
            case [int(version), str(listing), [*after]] if all(map(_storable, after)):
                return cls(version, listing, tuple(after))
        raise _unreadable()

    def position(self, contract: Contract, sort: str | None) -> tuple[Any, ...]:
        """The keyset position in the fields' Python types.

        Raises:
            QueryError: The values are not those of the listing's keyset columns.
        """
        columns = keyset(contract, sort)
        if len(columns) != len(self.after):
            raise _unreadable()
        return tuple(
            parse(contract.field(name), value) for name, value in zip(columns, self.after, strict=True)
        )


def keyset(contract: Contract, sort: str | None) -> tuple[str, ...]:
    """The columns that a position has values of."""
    return tuple(dict.fromkeys((sort, *contract.key) if sort else contract.key))


def texts(position: Sequence[Any]) -> tuple[str, ...]:
    """A store's position as a cursor holds it."""
    return tuple(text(value) for value in position)


def _storable(value: object) -> bool:
    """Whether it is a text that every database takes."""
    try:
        return isinstance(value, str) and "\0" not in value.encode().decode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False


def _unreadable() -> QueryError:
    return QueryError(
        "The cursor cannot be read.",
        next_step="Send next_cursor of the page before as it is, or start again without cursor.",
    )
