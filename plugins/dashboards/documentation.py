"""The API's documentation: one operation a collection, from its contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema
from typing_extensions import TypedDict

from common.utils.contract import Contract, FieldType, Freshness
from common.utils.contract import Field as Column
from dashboards.envelope import Envelope
from dashboards.query import DEFAULT_LIMIT, MAX_LIMIT, comparisons, parameter_name
from dashboards.values import text

TYPES: Mapping[str, Any] = {
    "string": str,
    "integer": Annotated[int, WithJsonSchema({"type": "integer", "format": "int64"})],
    "number": float,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
    "object": dict[str, Any],
    "array": list[Any],
}
EXAMPLES: Mapping[FieldType, Any] = {
    "string": "text",
    "integer": 1,
    "decimal": Decimal("12.5"),
    "number": 0.25,
    "boolean": True,
    "date": date(2026, 1, 31),
    "timestamp": datetime(2026, 1, 31, 8, 30, tzinfo=UTC),
    "object": {"name": "value"},
    "array": ["value"],
}
COMPARED = {"eq": "is", "gt": "is above", "gte": "is at least", "lt": "is below", "lte": "is at most"}
FAILURES: dict[int, dict[str, Any]] = {
    status: {"model": Envelope[None], "description": description}
    for status, description in {
        400: "A parameter is unknown, repeated or wrong; the message names the nearest right one.",
        401: "No token, or an expired one.",
        403: "The token is not valid, or its user may not read assets.",
        404: "No such collection, or nothing of it is published yet.",
        410: "The pinned version is no longer retained: start again without cursor and version.",
        500: "Our fault; the request id leads to the log.",
        503: "The store, or Airflow's metadata database, does not answer: try again.",
    }.items()
}
TAG = {"ETag": {"schema": {"type": "string"}, "description": 'Starts with the version: W/"v12-…".'}}
UNCHANGED = {"description": "Unchanged since the answer whose ETag you hold.", "headers": TAG}


class Links(BaseModel):
    """Where to go on."""

    self: str = Field(examples=["/dashboards/v1/collections/sales/product_revenue"])


class Summary(BaseModel):
    """One collection in the list; null where nothing is published yet."""

    name: str = Field(examples=["sales/product_revenue"])
    description: str
    owner: str
    contract_version: str = Field(examples=["1.0.0"])
    version: int | None = Field(description="The live version.")
    rows: int | None
    published_at: datetime | None
    data_as_of: datetime | None
    age_seconds: int | None
    freshness: Freshness
    links: Links


def listed() -> dict[str, Any]:
    """What FastAPI is told of the list of collections."""
    success = {"model": Envelope[list[Summary]], "description": "All collections, by name.", "headers": TAG}
    answers = {200: success, 304: UNCHANGED}
    failures = {status: FAILURES[status] for status in (400, 401, 403, 500, 503)}
    return {
        "operation_id": "list_collections",
        "response_model": None,
        "responses": {**answers, **failures},
        "openapi_extra": {"parameters": _headers()},
    }


def paged(contract: Contract) -> dict[str, Any]:
    """What FastAPI is told of the pages of a collection."""
    row = TypedDict(  # type: ignore[misc]
        f"{contract.domain}_{contract.subject}",
        {field.name: _documented(field) for field in contract.fields},
        total=False,  # `fields` leaves columns out
    )
    example = {"application/json": {"example": _example(contract)}}
    success = {
        "model": Envelope[list[row]],
        "description": "Rows of one version, in order; an empty list where none fits.",
        "content": example,
        "headers": TAG,
    }
    return {
        "response_model": None,
        "responses": {200: success, 304: UNCHANGED, **FAILURES},
        "openapi_extra": {"parameters": [*_filters(contract), *_controls(contract), *_headers()]},
        "operation_id": f"read_{contract.domain}_{contract.subject}",
        "summary": f"A page of {contract.name}",
        "description": f"{contract.description}\n\nOwner: {contract.owner}. Contract: {contract.version}. "
        f"Key: {', '.join(contract.key)}. Stale when older than {contract.freshness}.",
    }


def _type(field: Column) -> Any:
    if field.type != "decimal":
        return TYPES[field.type]
    schema = {
        "type": "string",
        "format": "decimal",
        "pattern": rf"^-?\d+\.\d{{{field.scale}}}$" if field.scale else r"^-?\d+$",
    }
    return Annotated[str, WithJsonSchema(schema)]


def _documented(field: Column) -> Any:
    kind = _type(field)
    described = Field(description=_description(field), examples=_examples(field))
    return Annotated[kind if field.required else kind | None, described]


def _description(field: Column) -> str | None:
    notes = {
        "decimal": f"Exact decimal with {field.scale} decimals, as a string.",
        "integer": "Exact; beyond 2^53 a JavaScript number is not.",
        "number": "Null also where it is not finite.",
        "timestamp": "UTC.",
    }
    return f"{field.description} {notes.get(field.type, '')}".strip() or None


def _examples(field: Column) -> list[Any]:
    """The contract's examples, or else one of its type, as answers have them."""
    return [_shown(field, one) for one in field.examples or (EXAMPLES[field.type],)]


def _shown(field: Column, example: Any) -> Any:
    if field.type == "decimal" and isinstance(example, int | float | Decimal):
        return f"{Decimal(str(example)):.{field.scale}f}"
    return text(example) if isinstance(example, date) else example


def _example(contract: Contract) -> dict[str, Any]:
    row = {field.name: _examples(field)[0] for field in contract.fields}
    return {
        "status": "success",
        "data": [row],
        "message": f"1 rows of {contract.name}, version 12.",
        "timestamp": "2026-02-01T06:00:00Z",
        "metadata": {
            "request_id": "5f0c1f6e4a",
            "api_latency_ms": 3.1,
            "pagination": {"limit": DEFAULT_LIMIT, "returned": 1, "next_cursor": "WzEyLC…"},
            "version": 12,
            "published_at": "2026-02-01T05:00:00Z",
            "data_as_of": "2026-01-31T23:59:00Z",
            "age_seconds": 21660,
            "freshness": "fresh",
        },
    }


def _filters(contract: Contract) -> list[dict[str, Any]]:
    found = []
    for field in contract.fields:
        schema = _schema(field)
        for operator in comparisons(field):
            described = f"Rows whose {field.name} {COMPARED[operator]} this."
            found.append(_parameter(parameter_name(field.name, operator), described, schema))
    return found


def _schema(field: Column) -> dict[str, Any]:
    kinds = {
        "integer": {"type": "integer", "format": "int64"},
        "decimal": {"type": "string", "format": "decimal"},
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "timestamp": {"type": "string", "format": "date-time"},
    }
    return {**kinds.get(field.type, {"type": "string"}), "example": _examples(field)[0]}


def _controls(contract: Contract) -> list[dict[str, Any]]:
    orders = [order for name in contract.sortable for order in (name, f"-{name}")]
    names = ",".join(field.name for field in contract.fields[:2])
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return [
        _parameter(
            "sort",
            "Order, - for descending; ties by the key. Without it, by the key.",
            {"type": "string", "enum": orders},
        ),
        _parameter(
            "fields",
            "Columns to answer with, separated by commas; all without it.",
            {"type": "string", "example": names},
        ),
        _parameter("limit", "Rows at most.", limit),
        _parameter(
            "cursor", "The page before's `next_cursor`, with the same filters and sort.", {"type": "string"}
        ),
        _parameter(
            "version",
            "A retained version to read instead of the live one.",
            {"type": "integer", "minimum": 1},
        ),
    ]


def _headers() -> list[dict[str, Any]]:
    held = "ETag that you hold; where it still holds, the answer is a 304."
    mine = "Your name for the request: up to 64 of A-Z a-z 0-9 . _ : -"
    return [
        _parameter("If-None-Match", held, {"type": "string"}, place="header"),
        _parameter("X-Request-ID", mine, {"type": "string"}, place="header"),
    ]


def _parameter(name: str, description: str, schema: dict[str, Any], place: str = "query") -> dict[str, Any]:
    return {"name": name, "in": place, "required": False, "description": description, "schema": schema}
