"""A collection as the API serves it: its contract, and where it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.io.collections.protocol import Collection, Version
from common.utils.contract import Contract


@dataclass(frozen=True, slots=True)
class Served:
    """One collection."""

    contract: Contract
    collection: Collection

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
