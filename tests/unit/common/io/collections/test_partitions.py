"""Partitions: by name and by number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.io.collections.partitions import name_of, number_of
from common.io.collections.protocol import StageError
from common.utils.contract import Contract
from contract.kit import ACCOUNTS, EVERY_TYPE, SALES


@pytest.mark.parametrize(
    ("contract", "partition", "number"),
    [
        (SALES, "1970-01-01", 0),
        (SALES, "1969-12-31", -1),
        (SALES, "2024-02-29", 19782),
        (EVERY_TYPE, "1970-01", 0),
        (EVERY_TYPE, "1969-12", -31),
        (EVERY_TYPE, "2024-02", 19754),
        (ACCOUNTS, "b000", 0),
        (replace(ACCOUNTS, buckets=256), "b255", 255),
    ],
)
def test_a_name_has_a_number_and_a_number_its_name(contract: Contract, partition: str, number: int) -> None:
    assert number_of(contract, partition) == number
    assert name_of(contract, number) == partition


def test_any_day_of_a_month_names_the_month() -> None:
    assert name_of(EVERY_TYPE, 19782) == "2024-02"


@pytest.mark.parametrize(
    ("contract", "partition", "form"),
    [
        (SALES, "2026-01", "2026-01-31"),
        (SALES, "2026-02-30", "2026-01-31"),
        (SALES, "20260101", "2026-01-31"),
        (SALES, "", "2026-01-31"),
        (EVERY_TYPE, "2026-01-01", "2026-01"),
        (EVERY_TYPE, "2026-13", "2026-01"),
        (ACCOUNTS, "b004", "b007"),
        (ACCOUNTS, "b3", "b007"),
        (ACCOUNTS, "c003", "b007"),
        (ACCOUNTS, "b-01", "b007"),
        (ACCOUNTS, "2026-01-01", "b007"),
    ],
)
def test_what_is_no_partition_is_refused(contract: Contract, partition: str, form: str) -> None:
    with pytest.raises(StageError, match=f"is no partition: they are written like {form}\\."):
        number_of(contract, partition)
