from pathlib import Path

import pytest

from common.utils.errors import ContractError
from common.utils.odcs import load_contract
from unit.common.contract_kit import HASHED, contract, line, written

FIELD = "        partitioned: true\n        partitionKeyPosition: 1\n"
DAY = "        value: day\n"
BUCKETS = "      - property: buckets\n        value: {}\n"


def refused(path: Path) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    return str(caught.value).splitlines()[1:]


def test_days_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    assert (contract().partition_by, contract().partition_field) == ("day", "date")
    other = written(
        tmp_path, ("property: partitionBy\n        value: day", "property: indexes\n        value: []")
    )
    text = other.read_text("utf-8").rsplit("      - property: indexes", 1)
    other.write_text(text[0] + text[1][text[1].index("\nslaProperties") :], encoding="utf-8")
    assert load_contract(other).partition_by == "day"


def test_a_month_may_be_a_partition(tmp_path: Path) -> None:
    changed = load_contract(written(tmp_path, (DAY, DAY.replace("day", "month"))))
    assert (changed.partition_by, changed.partition_field) == ("month", "date")


def test_rows_may_be_spread_by_a_hash_of_the_key(tmp_path: Path) -> None:
    changed = load_contract(written(tmp_path, *HASHED))
    assert (changed.partition_by, changed.partition_field, changed.buckets) == ("hash", "", 16)
    most = DAY.replace("day", "hash") + BUCKETS.format(256)
    assert load_contract(written(tmp_path, HASHED[0], (DAY, most))).buckets == 256


# What stands in the contract, what is written instead, what is told, and a text of the line that is named.
WRONG = [
    (FIELD, "", "one field needs partitioned: true, and here 0 have it", "    properties:"),
    (
        "        primaryKeyPosition: 2\n",
        "        primaryKeyPosition: 2\n        partitioned: true\n",
        "product_id is partitioned, so it must be a date",
        "- name: product_id",
    ),
    (DAY, DAY.replace("day", "week"), "unknown partitionBy 'week': known: day, hash, month", "value: week"),
    (
        DAY,
        DAY.replace("day", "hash"),
        "date is partitioned, and partitionBy: hash is by the key",
        "- name: date",
    ),
    (DAY, DAY + BUCKETS.format(8), "buckets are those of partitionBy: hash", "value: 8"),
]


@pytest.mark.parametrize(("old", "new", "told", "place"), WRONG)
def test_what_cannot_be_used_is_told(tmp_path: Path, old: str, new: str, told: str, place: str) -> None:
    path = written(tmp_path, (old, new))
    matching = [one for one in refused(path) if told in one]
    assert matching, refused(path)
    assert matching[0].startswith(f"{path}:{line(path, place)}:")


@pytest.mark.parametrize("number", ["0", "257", "true", "1.5", "many"])
def test_there_are_1_to_256_buckets(tmp_path: Path, number: str) -> None:
    path = written(tmp_path, HASHED[0], (DAY, DAY.replace("day", "hash") + BUCKETS.format(number)))
    (problem,) = refused(path)
    assert "buckets is a whole number from 1 to 256, not" in problem


def test_rows_of_two_buckets_are_not_compared(tmp_path: Path) -> None:
    unique = "      - property: unique\n        value: [[date, revenue]]\n"
    path = written(tmp_path, HASHED[0], (DAY, DAY.replace("day", "hash") + unique))
    (problem,) = refused(path)
    assert "rows of two buckets are not compared: check a unique set by a rule" in problem
