"""The format of a pipeline's file, as models: what its keys mean, and what may stand under them.

Its JSON Schema is made of them, see :mod:`common.pipelines.schema`. Whether names, types and expressions fit
together says :mod:`common.pipelines.plan`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from common.pipelines.format_rules import Rule
from common.pipelines.format_values import Duration, Name, Part, Share, TypeName
from common.utils.contract import DriftPolicy, PartitionBy, Role


class FieldSpec(Part):
    """A column of a source: its type, and what makes a record a dead letter."""

    type: TypeName
    name: str = Field(
        default="", alias="from", description="The source's own name of it, where it is another"
    )
    required: bool = Field(default=False, description="A record without it is a dead letter")
    min: int | float | str | None = Field(default=None, description="A record with less is a dead letter")
    max: int | float | str | None = Field(default=None, description="A record with more is a dead letter")
    pattern: str = Field(default="", description="A regular expression that all of the text fits")
    one_of: list[str | int] = Field(default=[], description="The values that it may have")
    optional: bool = Field(default=False, description="The source may lack the column altogether")
    personal: bool = Field(default=False, description="It holds data of persons; the contract says so")
    description: str = ""


def _spelled_out(value: object) -> object:
    """``integer`` stands for ``{type: integer}``."""
    return {"type": value} if isinstance(value, str) else value


class Source(BaseModel):
    """Where records come from: a kind, what that kind needs, and the columns that are read.

    What else stands here are the settings of the kind: those of docs/sources.md, in small letters.
    """

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    kind: str = Field(
        default="files", description="files, rest, feeds, sql, mongo, runs, collection or your own"
    )
    fields: dict[Name, Annotated[FieldSpec, BeforeValidator(_spelled_out)]] = Field(
        min_length=1, description="The columns by name, each a type or more"
    )
    event_time: str = Field(
        default="",
        description="The column that tells when it happened; without one, each run reads all there is",
    )
    key: list[str] = Field(default=[], description="Columns that identify a record")
    updated_at: str = Field(
        default="", description="The column that tells the later of two records of one key"
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What the kind needs."""
        return dict(self.model_extra or {})


class Table(Part):
    """A table between the sources and the collection."""

    source: str = Field(alias="from", description="A source, or another table")
    steps: list[dict[str, Any]] = Field(default=[], description="What is done to it, in this order")


class Chart(Part):
    """How the page draws the collection."""

    kind: Literal["line", "bar"]
    x: str
    y: str
    series: str = ""


class CollectionSpec(Part):
    """What the collection promises: the contract is made of it."""

    key: list[str] = Field(min_length=1, description="Columns that identify a row; never null")
    freshness: Duration = Field(description="Data older than that are served as stale")
    partition_by: PartitionBy | None = Field(
        default=None, description="day or month of the column date, or hash; as the steps allow, if not said"
    )
    version: str = Field(
        default="", pattern=r"^(\d+\.\d+\.\d+)?$", description="Of the contract; 1.0.0 of a _v1"
    )
    indexes: list[list[str]] = Field(default=[])
    unique: list[list[str]] = Field(default=[])
    chart: Chart | None = None
    roles: list[Role] = Field(default=["viewer"])
    retention: Annotated[str, Field(pattern=r"^([1-9]\d{0,4}d)?$")] = Field(
        default="", description="Days of the data older than that leave: 90d"
    )
    max_row_drop: Share = Field(
        default=0.5, description="A version that loses a larger share of the rows is refused"
    )
    drift: DriftPolicy = "evolve"
    deletions: Literal["ignore", "compare"] = "ignore"
    descriptions: dict[str, str] = Field(default={}, description="Of the columns")


class Total(Part):
    """A sum that must be the same before and after the steps."""

    source: str = Field(description="Over the rows of the first source: sum(quantity * unit_price)")
    collection: str = Field(description="Over the rows of the collection: sum(revenue)")


class Schedule(Part):
    """When the pipeline runs."""

    cron: str = Field(default="", description="Five fields, or @hourly, @daily, @weekly, @monthly; UTC")
    after: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]] = Field(
        default=[], description="Collections; a new version of any of them starts a run"
    )


class Retries(Part):
    """What happens to a task that failed."""

    times: int = Field(default=4, ge=0, le=100)
    delay: Duration = "30s"
    backoff: float = Field(default=2.0, ge=1, le=10, description="Each delay is so many times the one before")
    longest: Duration = "10m"


class DeadLetters(Part):
    """How many records may be rejected."""

    max_share: Share = Field(default=0.05, description="A run that rejects a larger share publishes nothing")


def _cron(value: object) -> object:
    """A text stands for ``{cron: text}``."""
    return {"cron": value} if isinstance(value, str) else value


class PipelineSpec(Part):
    """One pipeline: sources, steps, and the collection that comes of them."""

    description: str = Field(min_length=1, description="What the collection is, in a sentence")
    owner: Annotated[str, Field(min_length=1)] = Field(description="The team that answers for it")
    tags: list[str] = Field(default=[])
    schedule: Annotated[Schedule | None, BeforeValidator(_cron)] = Field(
        default=None, description="A cron line, or {cron: …, after: [domain/subject]}; null: by hand alone"
    )
    retries: Retries = Retries()
    sources: dict[Name, Source] = Field(min_length=1)
    tables: dict[Name, Table] = Field(default={}, description="Tables between, which steps may join or union")
    source: str = Field(
        default="",
        alias="from",
        description="The source or table that the steps begin with; the first, if not said",
    )
    steps: list[dict[str, Any]] = Field(default=[], description="From that to the rows of the collection")
    collection: CollectionSpec | None = Field(default=None, description="The contract is derived from this")
    contract: str | dict[str, Any] | None = Field(
        default=None, description="Instead of collection and validation: an ODCS contract's file, or itself"
    )
    validation: list[Rule] = Field(default=[])
    totals: dict[Name, Total] = Field(default={})
    dead_letters: DeadLetters = DeadLetters()
    targets: dict[Annotated[str, Field(pattern="^[a-z0-9_]+$")], str] = Field(
        default={}, description="Further stores by name, each a URL or the id of an Airflow Connection"
    )
