"""The records of a collection that were rejected, for operators."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from common.io import dead_letters, lake
from common.io.collections.protocol import QueryError
from dashboards.audit import Access, note
from dashboards.envelope import answer
from dashboards.gate import metered
from dashboards.models import DeadLetters
from dashboards.parameters import Listing, given
from dashboards.responses import Domain, Subject, documented, paging
from dashboards.security import demand_operator, user_of
from dashboards.served import Library, Served

PARAMETERS = {
    "rule": ({"type": "string", "example": "quantity_missing"}, "Only records that this rule rejected."),
    **paging("dead letters"),
}


def router(library: Library) -> APIRouter:
    """The route; for operators and administrators."""
    routes = APIRouter(tags=["operations"])

    @routes.get(
        "/collections/{domain}/{subject}/dead-letters",
        dependencies=[Depends(metered), Depends(demand_operator)],
        **documented(DeadLetters, "Rejected records with their reasons.", PARAMETERS, tagged=False),
    )
    def letters(request: Request, domain: Domain, subject: Subject) -> Response:
        """Rejected records, kept whole with the reason, and how many each rule rejected."""
        return list_letters(request, library, library.demand(user_of(request), f"{domain}/{subject}"))

    return routes


def list_letters(request: Request, library: Library, served: Served) -> Response:
    """A page of a collection's dead letters."""
    parameters, contract = given(request, *PARAMETERS), served.contract
    rule = parameters.get("rule", "")
    if "\0" in rule:
        raise QueryError("rule is not right.", next_step="Write the name of a rule.")
    listing = Listing(parameters, "dead letters", contract.name, rule, width=len(dead_letters.ORDER))
    live = next(iter(served.collection.history()), None)
    names = live.bookmark.get("sources", {}) if live else {}
    uris = dead_letters.tables(library.settings, contract.domain, contract.subject, names)
    with lake.connect(library.settings) as engine:
        counts, found = dead_letters.listed(
            engine, uris, rule=rule, after=listing.after, limit=listing.limit + 1
        )
    rows = found.to_pylist()
    page = rows[: listing.limit]
    following = page[-1]["_order"] if len(rows) > len(page) else None
    total = counts.get(rule, 0) if rule else sum(counts.values())
    note(request, Access(f"dead letters of {contract.name}", None, len(page)))
    return answer(
        request,
        f"{len(page)} of {total} dead letters of {contract.name}.",
        data={"rules": counts, "records": [_shown(one) for one in page]},
        about={"pagination": listing.pagination(len(page), total, following)},
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "item": row["_item"],
        "position": int(row["_position"]) if row["_position"] else None,
        **{name: row[name] for name in ("rule", "field", "reason", "record")},
        "run_id": row["_run"],
        "stage": row["_stage"],
        "source": row["_table"] or None,
        "replayed": row["_replayed"],
    }
