"""The shapes of the answers' data, for the documentation; the answers themselves are not built from them.

Tests hold each answer against its model.
"""

# long because the shapes that a reader of the API meets are read together

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.io.collections.protocol import Operator
from common.io.reports import State
from common.utils.contract import FieldType, Freshness, PartitionBy

Verdict = Literal["passed", "warned", "failed"]


class Strict(BaseModel):
    """Nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class Links(Strict):
    """Where to go on."""

    self: str = Field(description="The rows.")
    schema_: str = Field(alias="schema")
    stats: str
    versions: str
    runs: str
    dead_letters: str


class LastRun(Strict):
    """The run that began last, whatever became of it."""

    id: str = Field(description="For /runs/{id}, URL-encoded.")
    state: State
    started: datetime
    ended: datetime | None


class SourceState(Strict):
    """How far one of several sources is read."""

    name: str
    data_as_of: datetime | None
    read_at: datetime | None
    freshness: Freshness
    error: str | None = Field(description="Why it could not be read the last time.")


class Summary(Strict):
    """One collection in the list; null where nothing is published yet."""

    name: str
    domain: str
    subject: str
    description: str
    owner: str
    contract_version: str
    version: int | None = Field(description="The live version.")
    rows: int | None
    published_at: datetime | None
    data_as_of: datetime | None
    age_seconds: int | None
    freshness: Freshness
    verdict: Verdict | None = Field(description="Of the last run's validation.")
    last_run: LastRun | None
    held: bool = Field(description="Whether a hold stops scheduled runs.")
    sources: list[SourceState] = Field(description="Empty where there is one source.")
    links: Links


class FieldSchema(Strict):
    """One field."""

    name: str
    type: FieldType
    required: bool
    description: str
    operators: list[Operator]
    sortable: bool
    examples: list[Any]


class ChartSchema(Strict):
    """How the collection is best drawn."""

    kind: Literal["line", "bar"]
    x: str
    y: str
    series: str | None


class Schema(Strict):
    """What a collection promises."""

    name: str
    description: str
    owner: str
    contract_version: str
    fields: list[FieldSchema]
    key: list[str]
    indexes: list[list[str]]
    partition_by: PartitionBy
    freshness_seconds: int
    chart: ChartSchema | None


class FieldStatistics(Strict):
    """Of one field, as of publication."""

    name: str
    nulls: int
    distinct: int
    min: Any = Field(description="Null for objects and arrays, and where there is no value.")
    max: Any


class Statistics(Strict):
    """Of the live version."""

    version: int
    rows: int
    partitions: int
    first_partition: str | None
    last_partition: str | None
    distinct_exact: bool | None = Field(description="False where distinct values were counted by sketches.")
    fields: list[FieldStatistics] | None = Field(description="Null where the version has none.")


class Totals(Strict):
    """Of all collections that you may read."""

    collections: int
    rows: int
    freshness: dict[Freshness, int]
    runs: dict[State, int] = Field(description="Begun in the last 24 hours, by state.")
    published_24h: int


class VersionSummary(Strict):
    """One retained version."""

    version: int
    kind: Literal["publish", "rollback", "merge"]
    live: bool
    published_at: datetime
    data_as_of: datetime | None
    rows: int
    run_id: str
    by: str
    reason: str
    restored: int | None = Field(description="The version that a roll-back went back to.")
    contract_version: str
    ledger: dict[str, Any] | None
    partitions: int


class PartitionChange(Strict):
    """One partition whose content differs."""

    partition: str
    rows_before: int
    rows_after: int
    change: Literal["added", "changed", "removed"]


class Changes(Strict):
    """Between two versions."""

    from_: int = Field(alias="from")
    to: int
    rows_before: int
    rows_after: int
    partitions: list[PartitionChange]
    unchanged_partitions: int


class Staged(Strict):
    """How a run's rows compare with the version before."""

    inserted: int
    updated: int
    unchanged: int
    removed: int
    rows: int
    base_rows: int
    base: int = Field(description="The version compared with; 0 for none.")
    partitions_changed: int


class RunSummary(Strict):
    """One run."""

    id: str
    run_id: str
    collection: str
    state: State
    started: datetime
    ended: datetime | None
    seconds: float | None
    window: dict[str, datetime | None] | None
    version: int | None = Field(description="Live after the run.")
    error: str
    verdict: Verdict | None
    ledger: dict[str, Any] | None
    staged: Staged | None


class RuleOutcome(BaseModel):
    """What one rule found."""

    name: str
    status: str
    expectation: str
    column: str | None
    observed: str
    description: str


class ValidationReport(Strict):
    """A run's validation."""

    verdict: Verdict
    rows: int
    results: list[RuleOutcome]


class StoreOutcome(Strict):
    """What became of the run in a further store."""

    store: str
    state: State
    version: int | None
    error: str
    staged: Staged | None


class SourceOutcome(Strict):
    """What became of one source of several."""

    name: str
    state: State
    source_name: str = Field(description="Where its records came from.")
    statistics: dict[str, Any] | None
    error: str


class Timing(Strict):
    """How long one step took, its waiting included."""

    step: str
    seconds: float


class LineageStep(Strict):
    """One thing that the run read or made."""

    kind: Literal["source", "bronze", "silver", "gold", "collection"]
    name: str
    rows: int | None
    version: int | None


class RunDetail(RunSummary):
    """Everything that is known of one run."""

    source: str
    statistics: dict[str, Any] | None
    drift: list[str]
    validation: ValidationReport | None
    stores: list[StoreOutcome]
    sources: list[SourceOutcome] = Field(description="Where the collection has several.")
    timings: list[Timing]
    lineage: list[LineageStep]


class DeadLetter(Strict):
    """One rejected record."""

    item: str | None = Field(description="The file, endpoint or table that it came from.")
    position: int | None = Field(description="Its place in the item.")
    rule: str | None
    field: str | None
    reason: str | None
    record: str | None = Field(description="As it was received.")
    run_id: str
    stage: str
    source: str | None = Field(description="Null where the collection has one source.")
    replayed: str | None = Field(description="The run that accepted it later.")


class DeadLetters(Strict):
    """Rejected records."""

    rules: dict[str, int] = Field(description="How many each rule rejected, whatever is listed.")
    records: list[DeadLetter]
