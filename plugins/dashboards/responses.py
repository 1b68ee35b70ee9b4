"""What OpenAPI is told of answers and parameters that many routes have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path

from dashboards.envelope import Envelope
from dashboards.examples import EXAMPLES
from dashboards.models import Summary
from dashboards.query import DEFAULT_LIMIT, MAX_LIMIT

FAILURES: dict[int, dict[str, Any]] = {
    status: {"model": Envelope[None], "description": description}
    for status, description in {
        400: "A parameter is unknown, repeated or wrong; the message names the nearest right one.",
        401: "No token, or an expired one.",
        403: "The token is not valid, or its user may not read assets.",
        404: "No such collection, or nothing of it is published yet.",
        410: "The pinned version is no longer retained: start again without cursor and version.",
        429: "Too many requests: wait as many seconds as Retry-After says.",
        500: "Our fault; the request id leads to the log.",
        503: "The store, or Airflow's metadata database, does not answer: try again.",
    }.items()
}
TAG = {"ETag": {"schema": {"type": "string"}, "description": 'Starts with the version: W/"v12-…".'}}
UNCHANGED = {"description": "Unchanged since the answer whose ETag you hold.", "headers": TAG}
Parameters = Mapping[str, tuple[Mapping[str, Any], str]]
"""By name: the schema and what it is for."""
TEXT = {"type": "string"}
COLLECTION = {"type": "string", "example": "sales/product_revenue"}
Domain = Annotated[str, Path(description="Domain of the collection.", examples=["sales"])]
Subject = Annotated[str, Path(description="Its subject.", examples=["product_revenue"])]


def documented(
    model: Any, description: str, parameters: Parameters | None = None, *more: int, tagged: bool = True
) -> dict[str, Any]:
    """What FastAPI is told of a route.

    Args:
        model: Of the envelope's data; it has an example.
        description: Of the answer.
        parameters: Of the query.
        more: Statuses beside those of every route.
        tagged: Whether the answer has an ETag.
    """
    success: dict[str, Any] = {"model": Envelope[model], "description": description}
    success["content"] = {"application/json": {"example": _enveloped(EXAMPLES[model])}}
    answers: dict[int, Any] = {200: {**success, **({"headers": TAG} if tagged else {})}}
    statuses = sorted({*(400, 401, 403, 404, 429, 500, 503), *more})
    named = [parameter(name, said, schema) for name, (schema, said) in (parameters or {}).items()]
    return {
        "response_model": None,
        "responses": {
            **answers,
            **({304: UNCHANGED} if tagged else {}),
            **{status: FAILURES[status] for status in statuses},
        },
        "openapi_extra": {"parameters": [*named, *(headers() if tagged else headers()[1:])]},
    }


def listed() -> dict[str, Any]:
    """What FastAPI is told of the list of collections."""
    return {"operation_id": "list_collections", **documented(list[Summary], "All collections, by name.")}


def listed_page(name: str, purpose: str) -> dict[str, Any]:
    """What FastAPI is told of a page under another name; the fields are those of the collection."""
    return {
        **documented(list[dict[str, Any]], "Rows of one version, in order.", _page_parameters(), 410),
        "operation_id": name,
        "description": f"{purpose} Filters, too, as on the page of the collection of that name.",
    }


def paged_by_name() -> dict[str, Any]:
    """What FastAPI is told of the page of whichever collection is named."""
    told = documented(list[dict[str, Any]], "Rows of one version, in order.", _page_parameters(), 410)
    named = parameter("collection", "Whose page: `domain/subject`.", COLLECTION, required=True)
    told["openapi_extra"]["parameters"].insert(0, named)
    return told


def _page_parameters() -> Parameters:
    return {one["name"]: (one["schema"], one["description"]) for one in controls(TEXT, TEXT)}


def paging(what: str) -> Parameters:
    """The parameters of a list that goes on with a cursor."""
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return {
        "limit": (limit, f"How many {what} at most."),
        "cursor": (TEXT, "The page before's `next_cursor`, with the same filters."),
    }


def controls(orders: Mapping[str, Any], fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a page beside its filters.

    Args:
        orders: Schema of ``sort``.
        fields: Schema of ``fields``.
    """
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    told = {
        "sort": (orders, "Order, - for descending; ties by the key. Without it, by the key."),
        "fields": (fields, "Columns to answer with, separated by commas; all without it."),
        "limit": (limit, "Rows at most."),
        "cursor": (TEXT, "The page before's `next_cursor`, with the same filters and sort."),
        "version": ({"type": "integer", "minimum": 1}, "A retained version to read instead of the live one."),
    }
    return [parameter(name, description, schema) for name, (schema, description) in told.items()]


def headers() -> list[dict[str, Any]]:
    """What every answer that has an ETag takes."""
    held = "ETag that you hold; where it still holds, the answer is a 304."
    mine = "Your name for the request: up to 64 of A-Z a-z 0-9 . _ : -"
    return [
        parameter("If-None-Match", held, {"type": "string"}, place="header"),
        parameter("X-Request-ID", mine, {"type": "string"}, place="header"),
    ]


def parameter(
    name: str, description: str, schema: Mapping[str, Any], place: str = "query", *, required: bool = False
) -> dict[str, Any]:
    """A parameter as OpenAPI writes it."""
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": dict(schema),
    }


def _enveloped(data: Any) -> dict[str, Any]:
    return {
        "status": "success",
        "data": data,
        "message": "One sentence about the answer.",
        "timestamp": "2026-02-01T06:00:00Z",
        "metadata": {"request_id": "5f0c1f6e4a", "api_latency_ms": 3.1},
    }
