"""The one shape of every answer, of errors too."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from common.utils.contract import Freshness

Data = TypeVar("Data")


class Pagination(BaseModel):
    """Where the next page is."""

    limit: int = Field(description="Rows at most.", examples=[100])
    returned: int = Field(description="Rows in this answer.", examples=[100])
    estimated_count: int | None = Field(
        None,
        description="Rows of the whole listing: exact without filters and by days, else estimated from"
        " statistics kept with the version; null where they do not tell.",
        examples=[48211],
    )
    next_cursor: str | None = Field(
        description="For the next page, send it as `cursor` with the same filters and sort; null on the last."
    )


class Metadata(BaseModel):
    """What is to be known about an answer; what does not apply is null, and freshness `unknown`."""

    model_config = ConfigDict(extra="forbid")

    request_id: str = Field(
        description="Yours, from X-Request-ID, or a new one; the server's log has it too."
    )
    api_latency_ms: float = Field(description="Time spent on this answer, in milliseconds.")
    pagination: Pagination | None = None
    version: int | None = Field(None, description="Version of the collection that the data are from.")
    published_at: datetime | None = Field(None, description="When that version went live, UTC.")
    data_as_of: datetime | None = Field(None, description="Latest event time read from the source, UTC.")
    age_seconds: int | None = Field(
        None, description="Seconds since data_as_of; negative where the source is dated ahead."
    )
    freshness: Freshness = Field(
        "unknown", description="`stale` where the data are older than the contract promises."
    )


NOTHING = {name: field.default for name, field in Metadata.model_fields.items() if not field.is_required()}
"""The metadata that does not apply."""


class Envelope(BaseModel, Generic[Data]):
    """Every answer."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["success", "error"]
    data: Data | None = Field(description="Null in errors.")
    message: str = Field(description="One sentence; in errors what was wrong and what to do.")
    timestamp: datetime = Field(description="When it was answered, UTC.")
    metadata: Metadata


def now(request: Request) -> datetime:
    """The time by the app's clock, in UTC."""
    time_now: datetime = request.app.state.clock()
    return time_now.astimezone(UTC)


def answer(  # noqa: PLR0913 (an answer has that many parts)
    request: Request,
    message: str,
    *,
    data: Any = None,
    about: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer in the envelope.

    Args:
        request: That is answered; :class:`dashboards.middleware.Frame` gave it an id and a start.
        message: For its reader.
        data: JSON-ready; None for errors.
        about: The fields of :class:`Metadata` that apply.
        status: Below 400 it is a success.
        headers: Of the answer, such as its ETag.
    """
    moving = {"request_id": request.state.request_id, "api_latency_ms": _spent(request.state.started)}
    metadata = {**moving, **NOTHING, **(about or {})}
    content = _body("success" if status < 400 else "error", data, message, now(request), metadata)
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


MARK = secrets.token_hex(16)  # stands where a template is filled; nobody can have put it into data


@dataclass(frozen=True, slots=True)
class Template:
    """A success, encoded once but for what is another in each answer: when, to which request, how old."""

    parts: tuple[bytes, ...]

    @classmethod
    def of(cls, message: str, data: Any, about: Mapping[str, Any]) -> Template:
        """From what :func:`answer` takes."""
        moving = {"request_id": MARK, "api_latency_ms": MARK}
        metadata = {**moving, **NOTHING, **about, "age_seconds": MARK}
        encoded = msgspec.json.encode(_body("success", data, message, MARK, metadata))
        return cls(tuple(encoded.split(f'"{MARK}"'.encode())))

    def filled(self, at: datetime, request_id: str, started: float, age_seconds: int | None) -> bytes:
        """The body as :func:`answer` would make it.

        Args:
            at: Now, in UTC.
            request_id: As :class:`dashboards.middleware.Frame` gave it.
            started: When the request came, by ``time.perf_counter``.
            age_seconds: Of the data.
        """
        head, identity, latency, age, tail = self.parts
        moving = (at, request_id, _spent(started), age_seconds)
        timestamp, name, spent, old = map(_ENCODER.encode, moving)
        return b"".join((head, timestamp, identity, name, latency, spent, age, old, tail))


_ENCODER = msgspec.json.Encoder()


def _spent(started: float) -> float:
    """Milliseconds."""
    return round((time.perf_counter() - started) * 1000, 3)


def _body(
    status: str, data: Any, message: str, timestamp: datetime | str, metadata: Mapping[str, Any]
) -> Mapping[str, Any]:
    """As :class:`Envelope` says."""
    return {
        "status": status,
        "data": data,
        "message": message,
        "timestamp": timestamp,
        "metadata": metadata,
    }
