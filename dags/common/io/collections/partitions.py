"""Partitions by name and by number: the first day of a day or month, in days since 1970, or a bucket."""

from __future__ import annotations

from datetime import date, timedelta

from common.io.collections.encoding import days
from common.io.collections.protocol import StageError
from common.utils.contract import Contract

_EPOCH = date(1970, 1, 1)
_FORMS = {"day": "2026-01-31", "month": "2026-01", "hash": "b007"}


def number_of(contract: Contract, partition: str) -> int:
    """The number of a partition.

    Raises:
        StageError: The contract has no such partition.
    """
    try:
        number = _parsed(contract, partition)
    except ValueError:
        number = None
    if number is None or name_of(contract, number) != partition:
        wanted = _FORMS[contract.partition_by]
        raise StageError(
            f"{partition!r} is no partition: they are written like {wanted}.", where=contract.name
        )
    return number


def _parsed(contract: Contract, partition: str) -> int | None:
    if contract.partition_by == "hash":
        bucket = int(partition[1:])
        return bucket if bucket in range(contract.buckets) else None
    return days(date.fromisoformat(partition if contract.partition_by == "day" else f"{partition}-01"))


def name_of(contract: Contract, number: int) -> str:
    """The partition of a number."""
    if contract.partition_by == "hash":
        return f"b{number:03}"
    return contract.partition(_EPOCH + timedelta(days=number))


def buckets(contract: Contract) -> tuple[str, ...]:
    """All partitions of a hashed collection."""
    return tuple(name_of(contract, number) for number in range(contract.buckets))
