"""The partitions of a contract's file: days or months of a field of the key, or buckets of a hash of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from common.utils.contract import BUCKETS, PartitionBy
from common.utils.odcs_schema import OBJECT, SchemaReader

MOST_BUCKETS = 256
"""A publication reads and compares all of them."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """What a publication replaces whole; see :class:`common.utils.contract.Contract`."""

    field: str
    by: PartitionBy
    buckets: int


def partitions(reader: SchemaReader) -> Partitions:
    """The partitions; what cannot be used is reported to the file, and reading goes on."""
    place, by = reader.layout.get("partitionBy", (OBJECT, "day"))
    known = get_args(PartitionBy)
    if by not in known:
        reader.file.report_unknown(place, "partitionBy", by, known)
    if by == "hash":
        _demand_no_field(reader)
        return Partitions("", "hash", _buckets(reader))
    if "buckets" in reader.layout:
        reader.file.report(reader.layout["buckets"][0], "buckets are those of partitionBy: hash")
    return Partitions(_field(reader), cast(PartitionBy, by), BUCKETS)


def _field(reader: SchemaReader) -> str:
    """The date or timestamp of the key that cuts the collection into partitions."""
    parts = [(place, field) for place, field in reader.properties if field.partitioned]
    if len(parts) != 1:
        reader.file.report(
            (*OBJECT, "properties"),
            f"one field needs partitioned: true, and here {len(parts)} have it; "
            "where the key has no date or timestamp, give partitionBy: hash",
        )
    for place, field in parts:
        if field.logicalType not in ("date", "timestamp") or not field.primaryKey:
            reader.file.report(
                place, f"{field.name} is partitioned, so it must be a date or timestamp of the key"
            )
    return (parts[0][1].name or "") if parts else ""


def _demand_no_field(reader: SchemaReader) -> None:
    for place, field in reader.properties:
        if field.partitioned:
            reader.file.report(place, f"{field.name} is partitioned, and partitionBy: hash is by the key")


def _buckets(reader: SchemaReader) -> int:
    place, number = reader.layout.get("buckets", (OBJECT, BUCKETS))
    if type(number) is not int or not 1 <= number <= MOST_BUCKETS:  # yes and no are integers too
        reader.file.report(place, f"buckets is a whole number from 1 to {MOST_BUCKETS}, not {number!r}")
        return BUCKETS
    return number
