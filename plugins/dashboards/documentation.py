"""The API's documentation: one operation a collection, from its contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from common.utils.contract import Contract, FieldType
from common.utils.contract import Field as Column
from dashboards.envelope import Envelope
from dashboards.query import DEFAULT_LIMIT, comparisons, parameter_name
from dashboards.responses import FAILURES, TAG, UNCHANGED, controls, headers, parameter
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
        "openapi_extra": {"parameters": [*_filters(contract), *_controls(contract), *headers()]},
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
    described = Field(description=_description(field), examples=shown_examples(field))
    return Annotated[kind if field.required else kind | None, described]


def _description(field: Column) -> str | None:
    notes = {
        "decimal": f"Exact decimal with {field.scale} decimals, as a string.",
        "integer": "Exact; beyond 2^53 a JavaScript number is not.",
        "number": "Null also where it is not finite.",
        "timestamp": "UTC.",
    }
    return f"{field.description} {notes.get(field.type, '')}".strip() or None


def shown_examples(field: Column) -> list[Any]:
    """The contract's examples, or else one of its type, as answers have them."""
    return [_shown(field, one) for one in field.examples or (EXAMPLES[field.type],)]


def _shown(field: Column, example: Any) -> Any:
    if field.type == "decimal" and isinstance(example, int | float | Decimal):
        return f"{Decimal(str(example)):.{field.scale}f}"
    return text(example) if isinstance(example, date) else example


def _example(contract: Contract) -> dict[str, Any]:
    row = {field.name: shown_examples(field)[0] for field in contract.fields}
    return {
        "status": "success",
        "data": [row],
        "message": f"1 rows of {contract.name}, version 12.",
        "timestamp": "2026-02-01T06:00:00Z",
        "metadata": {
            "request_id": "5f0c1f6e4a",
            "api_latency_ms": 3.1,
            "pagination": {
                "limit": DEFAULT_LIMIT,
                "returned": 1,
                "estimated_count": 48211,
                "next_cursor": "WzEyLC…",
            },
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
            found.append(parameter(parameter_name(field.name, operator), described, schema))
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
    return {**kinds.get(field.type, {"type": "string"}), "example": shown_examples(field)[0]}


def _controls(contract: Contract) -> list[dict[str, Any]]:
    orders = [order for name in contract.sortable for order in (name, f"-{name}")]
    names = ",".join(field.name for field in contract.fields[:2])
    return controls({"type": "string", "enum": orders}, {"type": "string", "example": names})
