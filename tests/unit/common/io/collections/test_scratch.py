"""The scratch database: digests, comparison and what goes on to the store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.io.collections import scratch as module
from common.io.collections.encoding import stored_schema
from common.io.collections.protocol import StageError
from common.io.collections.scratch import Counted, Scratch
from contract.kit import ACCOUNTS, SALES, batch, sale

FIRST = 20454  # 2026-01-01 in days since 1970


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch(SALES) as opened:
        yield opened


def digest(*rows: dict[str, Any]) -> tuple[int, str]:
    with Scratch(SALES) as opened:
        opened.add([batch(list(rows))])
        return opened.digests()[FIRST]


def test_a_digest_is_of_the_set_of_rows() -> None:
    one, two = sale(1, "A", 1), sale(1, "B", 2)
    assert digest(one, two) == digest(two, one)
    assert len({digest(one), digest(two), digest(one, two), digest(one, two | {"quantity": 3})}) == 4


def test_rows_that_are_spelled_alike_differ() -> None:
    base = sale(1, "A") | {"revenue": Decimal(0)}
    alike = [
        base | {"product_id": "A", "product_name": "1:B"},
        base | {"product_id": "A1:B", "product_name": None},
        base | {"product_id": "A", "product_name": "-"},
        base | {"product_id": "A", "product_name": None},
        base | {"product_id": "A", "product_name": ""},
        base | {"product_id": "A-", "product_name": None},
    ]
    assert len({digest(row) for row in alike}) == len(alike)


def test_a_digest_is_the_same_for_ever() -> None:
    known = (2, "16920003")
    count, found = digest(sale(1, "Ä", -3, "x"), sale(1, "B"))
    assert (count, found[:8]) == known, "a new digest makes every stored partition look changed once"


def test_what_changed_is_counted_and_goes_on_by_key(scratch: Scratch) -> None:
    base = [sale(1, "A"), sale(1, "B"), sale(1, "C")]
    with Scratch(SALES) as other:
        other.add([batch(base)])
        other.compare({FIRST: 4})
        columns = ["date", "product_id", "_hash", "created_at", "updated_at", "partition_date", "_chunk"]
        rows = pa.concat_tables(other.rows(100)).select(columns)
    scratch.add_base([rows], {4: FIRST})
    scratch.add([batch([sale(2, "Z"), sale(1, "D"), sale(1, "B", 2), sale(1, "A")])])
    assert scratch.compare({FIRST: 7}) == Counted(inserted=1, updated=1, unchanged=1, removed=1)
    tables = list(scratch.rows(200))
    assert all(table.schema.equals(stored_schema(SALES)) for table in tables)
    columns = ["product_id", "_chunk", "created_at", "updated_at", "quantity"]
    found = [tuple(row.values()) for table in tables for row in table.select(columns).to_pylist()]
    assert found == [("A", 7, 100, 100, 1), ("B", 7, 100, 200, 2), ("D", 7, 200, 200, 1)]


def test_rows_go_on_in_tables_of_bounded_size(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 2048)  # DuckDB hands over vectors of so many rows
    scratch.add([batch([sale(1, f"P{number:05}") for number in range(5000)])])
    scratch.compare({FIRST: 1})
    assert [table.num_rows for table in scratch.rows(1)] == [2048, 2048, 904]


def test_days_of_a_month_are_one_partition_when_they_are_folded(scratch: Scratch) -> None:
    scratch.add([batch([sale(1, "A"), sale(31, "A")])])
    scratch.fold(FIRST, FIRST + 30)
    assert {part: rows for part, (rows, _) in scratch.digests().items()} == {FIRST: 1, FIRST + 30: 1}
    scratch.fold(FIRST, FIRST + 31)
    assert {part: rows for part, (rows, _) in scratch.digests().items()} == {FIRST: 2}


@pytest.fixture
def month() -> pa.Table:
    """Three days of January in chunk 4, whole."""
    with Scratch(SALES) as other:
        other.add([batch([sale(day, product) for day in (1, 2, 3) for product in "AB"])])
        other.fold(FIRST, FIRST + 31)
        other.compare({FIRST: 4})
        return pa.concat_tables(other.rows(100))


def shown(scratch: Scratch) -> list[tuple[int, str, int]]:
    """Day of January, product and quantity of what goes on."""
    scratch.compare({FIRST: 7})
    rows = pa.concat_tables(scratch.rows(200)).to_pylist()
    return [(row["date"] - FIRST + 1, row["product_id"], row["quantity"]) for row in rows]


def test_a_run_replaces_its_days_of_a_month(scratch: Scratch, month: pa.Table) -> None:
    scratch.add([batch([sale(2, "C", 5)])])
    scratch.fold(FIRST, FIRST + 31)
    scratch.add_base([month], {4: FIRST})
    scratch.carry(FIRST, [FIRST + 1, FIRST + 2])
    assert shown(scratch) == [(1, "A", 1), (1, "B", 1), (2, "C", 5)]


def test_a_run_lays_its_rows_over_a_month(scratch: Scratch, month: pa.Table) -> None:
    scratch.add([batch([sale(2, "B", 5)])])
    scratch.fold(FIRST, FIRST + 31)
    scratch.add_base([month], {4: FIRST})
    scratch.complete()
    expected = [(1, "A", 1), (1, "B", 1), (2, "A", 1), (2, "B", 5), (3, "A", 1), (3, "B", 1)]
    assert shown(scratch) == expected


def test_rows_of_no_day_are_spread_by_their_key() -> None:
    rows = [{"account": f"a{number}", "balance": 1} for number in range(400)]
    with Scratch(ACCOUNTS) as opened:
        opened.add([batch(rows, ACCOUNTS)])
        sizes = {part: count for part, (count, _) in opened.digests().items()}
    assert sorted(sizes) == [0, 1, 2, 3]
    assert min(sizes.values()) > 70
    with Scratch(ACCOUNTS) as opened:
        opened.add([batch([row | {"balance": 2} for row in rows], ACCOUNTS)])
        assert {part: count for part, (count, _) in opened.digests().items()} == sizes, (
            "the key alone decides"
        )


def test_duplicate_keys_are_shown_as_a_user_writes_them(scratch: Scratch) -> None:
    with pytest.raises(StageError, match=r"date 2026-01-02, product_id X \(3 rows\)\."):
        scratch.add([batch([sale(2, "X")]), batch([sale(2, "X"), sale(2, "X", 3), sale(1, "X")])])


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Scratch(SALES) as opened:
        opened.add([batch([sale(1, "A")])])
        assert list(tmp_path.iterdir()) != []
    assert list(tmp_path.iterdir()) == []
