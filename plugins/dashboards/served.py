"""A collection as the API serves it, and all of them with what is known of their runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import HTTPException

from common.io.collections.protocol import Collection, Version
from common.io.run_index import RunIndex
from common.utils.contract import Contract
from common.utils.errors import did_you_mean
from common.utils.settings import Settings
from dashboards.security import User
from dashboards.shared import Shared, aside


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """One collection.

    Attributes:
        retained: Its retained versions without their manifests, newest first: one look at the store for all
            who ask at once.
    """

    contract: Contract
    collection: Collection
    retained: Shared[list[Version]] = field(init=False)

    def __post_init__(self) -> None:
        """Sets the shared look up."""
        look = partial(aside, self.collection.history)
        object.__setattr__(self, "retained", Shared(look))

    def about(self, version: Version | None, now: datetime) -> dict[str, Any]:
        """A version's share of the metadata."""
        data_as_of = version.watermark if version else None
        return {
            "version": version.number if version else None,
            "published_at": version.published_at if version else None,
            "data_as_of": data_as_of,
            "age_seconds": int((now - data_as_of).total_seconds()) if data_as_of else None,
            "freshness": self.contract.freshness_at(now, data_as_of),
        }


Shelf = Mapping[str, Served]


@dataclass(frozen=True, slots=True)
class Library:
    """All collections, and where their runs and dead letters are kept."""

    shelf: Shelf
    settings: Settings
    runs: RunIndex

    def open_to(self, user: User) -> Shelf:
        """The collections that a user may read, by name."""
        return {name: one for name, one in self.shelf.items() if one.contract.readable_by(user.role)}

    def demand(self, user: User, name: str) -> Served:
        """A collection that a user may read; 404 for all others, as if they were not there."""
        found = self.open_to(user)
        if name not in found:
            raise HTTPException(404, f"There is no collection {name[:128]!r}: {did_you_mean(name, found)}")
        return found[name]
