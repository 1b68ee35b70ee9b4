"""Which documents of a MongoDB collection are read, and how."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any

from bson.binary import UuidRepresentation
from bson.json_util import JSONOptions, loads
from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from common.io.sources.documents import Nested
from common.io.sources.settings import CursorSettings, Names

Object = Annotated[dict[str, Any], NoDecode]
Stages = Annotated[list[dict[str, Any]], NoDecode]

AS_WRITTEN = JSONOptions(tz_aware=True, tzinfo=UTC, uuid_representation=UuidRepresentation.STANDARD)
WRITING = ("$out", "$merge")


class MongoSettings(CursorSettings):
    """What is asked of one collection; ``connection`` is ``mongodb://login:password@host/database``.

    ``filter`` and ``pipeline`` are MongoDB's extended JSON. A value that is ``"{window_start}"`` or
    ``"{window_end}"`` becomes that date, ``"{since}"`` the cursor value from which on is read; each is
    ``MinKey``, which is less than everything, where there is none. Where documents have a day as text,
    compare it in an ``$expr`` with ``{"$dateToString": {"date": "{window_end}", "format": "%Y-%m-%d"}}``.

    Attributes:
        collection: Its name, or that of a view.
        filter: Which documents; all without it.
        pipeline: An aggregation instead of a filter, which may not write.
        key: ``_id`` unless told otherwise.
        projection: Which fields, such as ``{"name": 1, "price": 1}`` or ``{"notes": 0}``.
        cursor: A field of the documents (of what the pipeline gives), within others as ``meta.updated_at``:
            numbers, dates, ObjectIds or text. What has no such value in it is read in every run.
        nested: How objects and arrays within documents are kept.
        batch_size: Documents that are fetched at a time, at most.
        timeout: Seconds that the server may take for one answer; before the first it may have to sort.
        max_time: Seconds that the server may work on the whole query (``maxTimeMS``).
    """

    collection: str = Field(min_length=1)
    filter: Object = Field(default_factory=dict)
    pipeline: Stages = Field(default_factory=list)
    projection: Object = Field(default_factory=dict)
    key: Names = ("_id",)
    nested: Nested = "struct"
    batch_size: int = Field(default=10_000, ge=1, le=100_000)
    timeout: float = Field(default=600, gt=0)
    max_time: float = Field(default=6 * 3600, gt=0)

    @field_validator("filter", "pipeline", "projection", mode="before")
    @classmethod
    def _extended_json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return loads(value, json_options=AS_WRITTEN)
        except Exception as error:  # noqa: BLE001 (whatever the values in it are wrong in)
            raise ValueError(f"is no extended JSON: {error}") from None

    @field_validator("pipeline")
    @classmethod
    def _reads_only(cls, stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(name in stage for stage in stages for name in WRITING):
            raise ValueError("a source is read: leave $out and $merge away")
        return stages

    @model_validator(mode="after")
    def _fits_together(self) -> MongoSettings:
        if self.pipeline and (self.filter or self.projection):
            raise ValueError("PIPELINE stands for FILTER and PROJECTION: give one or the other")
        if self.cursor and not self._keeps(self.cursor):
            raise ValueError("PROJECTION leaves out the field that CURSOR names")
        return self

    @property
    def shows_id(self) -> bool:
        """Whether the projection keeps ``_id``."""
        return bool(self.projection.get("_id", True))

    @property
    def fields(self) -> dict[str, Any] | None:
        """The projection to ask for: with ``_id``, by which reading goes on."""
        rest = {name: value for name, value in self.projection.items() if name != "_id"}
        return rest or ({"_id": 1} if self.projection and self.shows_id else None)

    def _keeps(self, path: str) -> bool:
        """Whether the projection keeps a field."""
        named = [name for name in self.projection if name == path or path.startswith(f"{name}.")]
        wanted = [bool(value) for name, value in self.projection.items() if name != "_id"]
        if path == "_id":
            return self.shows_id
        return bool(self.projection[named[0]]) if named else not any(wanted)
