"""``vitrine versions``: what is retained of a collection, and what somebody did to it by hand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from common.utils.settings import MAIN
from vitrine.collections import collection_in
from vitrine.options import AsJson, Collection, Store
from vitrine.output import answer, table

if TYPE_CHECKING:
    from common.io.collections.protocol import Version
    from common.verbs.operations import History

COLUMNS = ("version", "rows", "published at", "data as of", "kind", "by", "reason")
KEPT = ("number", "rows", "published_at", "watermark", "contract_version", "kind", "by", "reason", "restored")


def versions(collection: Collection, store: Store = MAIN, as_json: AsJson = False) -> None:
    """Lists the retained versions of a collection, the live one first, and the hold if there is one.

    Examples:
      vitrine versions sales/product_revenue
      vitrine versions sales/product_revenue --store warehouse --json
    """
    from common.verbs import operations  # noqa: PLC0415 (heavy)

    found = operations.history(*collection_in(collection, store), store)
    plain = {
        "collection": collection,
        "store": store,
        "versions": [_plain(one) for one in found.versions],
        "hold": found.hold and asdict(found.hold),
        "events": [asdict(one) for one in found.events],
    }
    answer(plain, as_json, lambda: _words(collection, found))


def _plain(version: Version) -> dict[str, Any]:
    return {**{name: getattr(version, name) for name in KEPT}, "run": version.run_id}


def _words(collection: str, found: History) -> str:
    if not found.versions:
        return f"{collection}: nothing is published yet."
    rows = [
        (
            f"{one.number}{' (live)' if one is found.versions[0] else ''}",
            f"{one.rows:,}",
            moment(one.published_at),
            moment(one.watermark),
            f"{one.kind} of {one.restored}" if one.restored else one.kind,
            one.by or one.run_id,
            one.reason,
        )
        for one in found.versions
    ]
    lines = [table(COLUMNS, rows)]
    if held := found.hold:
        lines.append(
            f"Held by {held.by} since {moment(held.at)}: {held.reason}. Scheduled runs publish nothing; "
            f"next: vitrine release {collection} --reason TEXT"
        )
    return "\n".join(lines)


def moment(time: datetime | None) -> str:
    """A time in UTC, to the second; empty where there is none."""
    return time.isoformat(" ", "seconds").removesuffix("+00:00") if time else ""
