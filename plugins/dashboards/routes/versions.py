"""The versions of a collection that are retained, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from common.io.collections.manifest import Manifest, difference, folded
from common.io.collections.protocol import QueryError, Version, VersionGone
from dashboards.gate import metered
from dashboards.models import Changes, VersionSummary
from dashboards.parameters import given
from dashboards.query import natural
from dashboards.responses import Domain, Subject, documented
from dashboards.routes.described import tagged
from dashboards.security import user_of
from dashboards.served import Library, Served

MOST = 2**63 - 1
SINCE = {
    "since": ({"type": "integer", "minimum": 1}, "The version to compare with; the one before by default.")
}


def router(library: Library) -> APIRouter:
    """The routes below a collection."""
    routes = APIRouter(prefix="/collections/{domain}/{subject}/versions", tags=["collections"])
    guarded = [Depends(metered)]

    @routes.get(
        "", dependencies=guarded, **documented(list[VersionSummary], "The retained versions, newest first.")
    )
    def versions(request: Request, domain: Domain, subject: Subject) -> Response:
        """Every version that can be read or rolled back to, with its run and its ledger."""
        given(request)
        served = library.demand(user_of(request), f"{domain}/{subject}")
        live, *_ = [one.number for one in served.collection.history()] or [0]
        found = [_summary(one, live=one.number == live) for one in _with_manifests(served)]
        return tagged(request, f"{len(found)} versions of {served.contract.name}.", found, {})

    @routes.get(
        "/{number}/changes",
        dependencies=guarded,
        **documented(Changes, "The partitions whose content differs.", SINCE, 410),
    )
    def changes(request: Request, domain: Domain, subject: Subject, number: str) -> Response:
        """What changed between two versions, by partitions."""
        since = given(request, "since").get("since")
        served = library.demand(user_of(request), f"{domain}/{subject}")
        after = served.collection.version(natural("version", number, MOST))
        before = served.collection.version(_since(since, after, served.collection.history()))
        data = compared(before, after)
        message = f"{len(data['partitions'])} partitions differ between {before.number} and {after.number}."
        return tagged(request, message, data, {})

    return routes


def _since(asked: str | None, after: Version, history: list[Version]) -> int:
    if asked is not None:
        return natural("since", asked, MOST)
    earlier = [one.number for one in history if one.number < after.number]
    if not earlier:
        raise QueryError(
            f"No version before {after.number} is retained.",
            next_step="Name the one to compare with by since.",
        )
    return earlier[0]


def _with_manifests(served: Served) -> Iterator[Version]:
    """The retained versions, newest first, without those that are retired while this looks."""
    for one in served.collection.history():
        with suppress(VersionGone):
            yield served.collection.version(one.number)


def _summary(version: Version, *, live: bool) -> dict[str, Any]:
    return {
        "version": version.number,
        "kind": version.kind,
        "live": live,
        "published_at": version.published_at,
        "data_as_of": version.watermark,
        "rows": version.rows,
        "run_id": version.run_id,
        "by": version.by,
        "reason": version.reason,
        "restored": version.restored,
        "contract_version": version.contract_version,
        "ledger": version.ledger or None,
        "partitions": len(version.manifest),
    }


def compared(before: Version, after: Version) -> dict[str, Any]:
    """As :class:`dashboards.models.Changes` says."""
    differing = difference(before.manifest, after.manifest)
    old, new = (_at_the_same_grain(one.manifest, differing) for one in (before, after))
    found = [_change(partition, old, new) for partition in differing]
    return {
        "from": before.number,
        "to": after.number,
        "rows_before": before.rows,
        "rows_after": after.rows,
        "partitions": found,
        "unchanged_partitions": len(after.manifest.keys() | before.manifest.keys()) - len(found),
    }


def _at_the_same_grain(manifest: Manifest, differing: tuple[str, ...]) -> Manifest:
    """With months as one partition where one of the two versions has them merged."""
    return folded(manifest, {partition for partition in differing if len(partition) == len("2026-01")})


def _change(partition: str, old: Manifest, new: Manifest) -> dict[str, Any]:
    was, now = old.get(partition), new.get(partition)
    return {
        "partition": partition,
        "rows_before": was.rows if was else 0,
        "rows_after": now.rows if now else 0,
        "change": "changed" if was and now else "added" if now else "removed",
    }
