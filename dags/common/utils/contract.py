"""One contract per collection: what its ODCS 3.1 file says, as the rest of the house uses it.

The table and its indexes, the Arrow schema, the Great Expectations suite and the API's model all come from
here. :mod:`common.utils.odcs` reads the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

import pyarrow as pa

FieldType = Literal[
    "string", "integer", "decimal", "number", "boolean", "date", "timestamp", "object", "array"
]
OnFailure = Literal["fail", "warn", "continue"]
Freshness = Literal["fresh", "stale", "unknown"]
PartitionBy = Literal["day", "month", "hash"]
DriftPolicy = Literal["evolve", "freeze", "discard"]
Role = Literal["viewer", "op", "admin"]

BUCKETS = 16
"""Into how many a hash of the key spreads rows unless a contract says otherwise."""

COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set")
"""Arguments by which Great Expectations names columns."""

BUILT_IN_RULES = ("schema", "ledger_balance", "rejected_share", "latency")
"""Rules that every validation has beside those of the contract; a contract's own rules have other names."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a collection.

    Attributes:
        type: ``decimal`` is exact, with ``precision`` and ``scale``; ``timestamp`` is UTC with microseconds;
            ``object`` and ``array`` are JSON text.
        required: Never null.
        examples: For the documentation of the API.
    """

    name: str
    type: FieldType
    required: bool = False
    precision: int = 18
    scale: int = 2
    description: str = ""
    examples: tuple[Any, ...] = ()

    @property
    def type_name(self) -> str:
        """The type, of a decimal with its digits: ``decimal(18,4)``."""
        return f"decimal({self.precision},{self.scale})" if self.type == "decimal" else self.type

    @property
    def arrow(self) -> pa.Field[Any]:
        """The column's Arrow field."""
        kinds: dict[str, pa.DataType] = {
            "string": pa.string(),
            "integer": pa.int64(),
            "decimal": pa.decimal128(self.precision, self.scale),
            "number": pa.float64(),
            "boolean": pa.bool_(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us", tz="UTC"),
            "object": pa.string(),
            "array": pa.string(),
        }
        return pa.field(self.name, kinds[self.type], nullable=not self.required)


@dataclass(frozen=True, slots=True)
class Rule:
    """One named quality rule.

    Attributes:
        expectation: A Great Expectations type in snake case, such as ``expect_column_values_to_not_be_null``.
        arguments: Its keyword arguments.
        on_failure: ``fail`` stops publication, ``warn`` logs a warning, ``continue`` only reports.
    """

    name: str
    expectation: str
    arguments: Mapping[str, Any]
    on_failure: OnFailure = "fail"
    description: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule is about, as its arguments name them."""
        named = [self.arguments[one] for one in COLUMN_ARGUMENTS if one in self.arguments]
        return tuple(name for value in named for name in (value if isinstance(value, list) else [value]))


@dataclass(frozen=True, slots=True)
class Chart:
    """How a collection is best drawn.

    Attributes:
        x: The field along the axis.
        y: The field that is measured, a number.
        series: The field whose values are lines or bars of their own; empty where there is one.
    """

    kind: Literal["line", "bar"]
    x: str
    y: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """What one collection promises.

    Attributes:
        version: Of the contract, ``major.minor.patch``.
        key: The business key: unique, never null, in the order of the primary key.
        partition_field: A date or timestamp field of the key; empty where ``partition_by`` is ``hash``.
        partition_by: The day or month of ``partition_field``, or a hash of the key.
        indexes: Declared secondary indexes, each a tuple of fields.
        freshness: How old "data as of" may be before the collection is stale.
        max_row_drop: Publication is refused when the row count falls by more than this share of the live
            version's, 0 to 1.
        max_rejected: Publication is refused when more than this share of the records read is rejected,
            0 to 1.
        unique: Declared sets of fields, beside the key, that no two rows have alike.
        buckets: Into how many a hash of the key spreads the rows, 1 to 256.
        drift: What becomes of columns of the source that are new, missing or of another type: taken over,
            an error, or dead letters.
        deletions: Whether records that the source no longer has are taken away here too, by their key.
        prefix: What the collection's name in a store begins with: the environment's, not the contract's.
        retention: Days of the data older than this leave the collection; ``None`` keeps all.
        latency: How old the newest record may be when a run is judged; ``None`` for any age.
        on_late: What a run with older records comes to.
        chart: How the collection is best drawn, where it says so.
        roles: Who may read it; each role may what those before it may, and an admin reads everything.
    """

    domain: str
    subject: str
    version: str
    description: str
    owner: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    partition_field: str
    partition_by: PartitionBy
    indexes: tuple[tuple[str, ...], ...]
    rules: tuple[Rule, ...]
    freshness: timedelta
    max_row_drop: float
    max_rejected: float
    unique: tuple[tuple[str, ...], ...] = ()
    buckets: int = BUCKETS
    drift: DriftPolicy = "evolve"
    deletions: bool = False
    prefix: str = ""
    retention: timedelta | None = None
    latency: timedelta | None = None
    on_late: OnFailure = "fail"
    chart: Chart | None = None
    roles: tuple[Role, ...] = ("viewer",)

    @property
    def name(self) -> str:
        """``domain/subject``, as the API and the messages name the collection."""
        return f"{self.domain}/{self.subject}"

    @property
    def major(self) -> int:
        """The major version; a change of key or a narrowing needs a new one."""
        return int(self.version.split(".")[0])

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the collection's rows, in the contract's order."""
        return pa.schema([field.arrow for field in self.fields])

    @property
    def nested(self) -> frozenset[str]:
        """The fields whose text is JSON."""
        return frozenset(field.name for field in self.fields if field.type in ("object", "array"))

    @property
    def sortable(self) -> tuple[str, ...]:
        """The fields a reader may sort by: never null, and the key's or an index's first."""
        required = {field.name for field in self.fields if field.required}
        first = [self.key[0], *(index[0] for index in self.indexes)]
        return tuple(dict.fromkeys(name for name in first if name in required))

    def readable_by(self, role: Role) -> bool:
        """Whether users of that role may read the collection."""
        ranks = get_args(Role)
        return role == "admin" or any(ranks.index(role) >= ranks.index(one) for one in self.roles)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def partition(self, value: date) -> str:
        """The partition that a value of ``partition_field`` belongs to: ``2026-01-31`` or ``2026-01``."""
        return value.isoformat()[: 10 if self.partition_by == "day" else 7]

    def freshness_at(self, now: datetime, data_as_of: datetime | None) -> Freshness:
        """Whether data of that time are fresh at ``now``; ``unknown`` where no data has been read."""
        if data_as_of is None:
            return "unknown"
        return "fresh" if now - data_as_of <= self.freshness else "stale"
