"""What a collection is: its fields and how they can be asked for, and statistics of its live version."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.utils.contract import Contract, Field
from dashboards.audit import Access, note
from dashboards.documentation import shown_examples
from dashboards.envelope import answer, now
from dashboards.etag import entity_tag, not_modified
from dashboards.gate import metered
from dashboards.models import Schema, Statistics
from dashboards.parameters import given
from dashboards.query import comparisons
from dashboards.responses import Domain, Subject, documented
from dashboards.security import user_of
from dashboards.served import Library


def router(library: Library) -> APIRouter:
    """The routes below a collection."""
    routes = APIRouter(prefix="/collections/{domain}/{subject}", tags=["collections"])
    guarded = [Depends(metered)]

    @routes.get("/schema", dependencies=guarded, **documented(Schema, "The contract's fields and their use."))
    def schema(request: Request, domain: Domain, subject: Subject) -> Response:
        """The fields, how each can be compared and sorted, and how the collection is best drawn."""
        given(request)
        contract = library.demand(user_of(request), f"{domain}/{subject}").contract
        data = schema_of(contract)
        return tagged(request, f"{contract.name} has {len(contract.fields)} fields.", data, {})

    @routes.get("/stats", dependencies=guarded, **documented(Statistics, "Rows, partitions, fields."))
    def stats(request: Request, domain: Domain, subject: Subject) -> Response:
        """Statistics that were computed when the live version was published."""
        given(request)
        served = library.demand(user_of(request), f"{domain}/{subject}")
        live = served.collection.live()
        if live is None:
            raise HTTPException(
                404, f"Nothing of {served.contract.name} is published yet: run its DAG first."
            )
        partitions = sorted(live.manifest)
        fields = live.profile.get("fields")
        data = {
            "version": live.number,
            "rows": live.rows,
            "partitions": len(partitions),
            "first_partition": partitions[0] if partitions else None,
            "last_partition": partitions[-1] if partitions else None,
            "distinct_exact": live.profile.get("exact"),
            "fields": fields and [{"name": name, **one} for name, one in fields.items()],
        }
        note(request, Access(f"statistics of {served.contract.name}", live.number, 0))
        message = f"{live.rows} rows of {served.contract.name}, version {live.number}."
        return tagged(request, message, data, served.about(live, now(request)))

    return routes


def tagged(request: Request, message: str, data: Any, about: dict[str, Any]) -> Response:
    """An answer with its ETag, or a 304 to who holds it."""
    tag = entity_tag(request, about, data)
    if unchanged := not_modified(request, tag):
        return unchanged
    response = answer(request, message, data=data, about=about)
    response.headers["ETag"] = tag
    return response


def schema_of(contract: Contract) -> dict[str, Any]:
    """As :class:`dashboards.models.Schema` says."""
    chart = contract.chart
    return {
        "name": contract.name,
        "description": contract.description,
        "owner": contract.owner,
        "contract_version": contract.version,
        "fields": [_field(contract, field) for field in contract.fields],
        "key": contract.key,
        "indexes": contract.indexes,
        "partition_by": contract.partition_by,
        "freshness_seconds": int(contract.freshness.total_seconds()),
        "chart": chart and {"kind": chart.kind, "x": chart.x, "y": chart.y, "series": chart.series or None},
    }


def _field(contract: Contract, field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "description": field.description,
        "operators": comparisons(field),
        "sortable": field.name in contract.sortable,
        "examples": shown_examples(field),
    }
