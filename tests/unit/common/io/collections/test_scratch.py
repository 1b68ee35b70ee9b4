"""The scratch database: digests, comparison and what goes on to the store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.io.collections.protocol import StageError
from common.io.collections.scratch import Counted, Scratch
from contract.kit import SALES, batch, sale

FIRST = 20454  # 2026-01-01 in days since 1970


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch(SALES) as opened:
        yield opened


def digest(*rows: dict[str, Any]) -> tuple[int, str]:
    with Scratch(SALES) as opened:
        opened.add([batch(list(rows))])
        return opened.digests()["2026-01-01"]


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
    known = (2, "5a68618e")
    count, found = digest(sale(1, "Ä", -3, "x"), sale(1, "B"))
    assert (count, found[:8]) == known, "a new digest makes every stored partition look changed once"


def test_what_changed_is_counted_and_goes_on_by_key(scratch: Scratch) -> None:
    base = [sale(1, "A"), sale(1, "B"), sale(1, "C")]
    with Scratch(SALES) as other:
        other.add([batch(base)])
        other.compare({FIRST: 4})
        columns = ["date", "product_id", "_hash", "created_at", "updated_at", "partition_date"]
        rows = [row for rows in other.rows(100, columns, 10) for row in rows]
    scratch.add_base([pa.table(list(zip(*rows, strict=True)), names=columns)])
    scratch.add([batch([sale(2, "Z"), sale(1, "D"), sale(1, "B", 2), sale(1, "A")])])
    assert scratch.compare({FIRST: 7}) == Counted(inserted=1, updated=1, unchanged=1, removed=1)
    found = list(scratch.rows(200, ["product_id", "_chunk", "created_at", "updated_at", "quantity"], 2))
    assert found == [[("A", 7, 100, 100, 1), ("B", 7, 100, 200, 2)], [("D", 7, 200, 200, 1)]]


def test_duplicate_keys_are_shown_as_a_user_writes_them(scratch: Scratch) -> None:
    with pytest.raises(StageError, match=r"date 2026-01-02, product_id X \(3 rows\)\."):
        scratch.add([batch([sale(2, "X")]), batch([sale(2, "X"), sale(2, "X", 3), sale(1, "X")])])


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Scratch(SALES) as opened:
        opened.add([batch([sale(1, "A")])])
        assert list(tmp_path.iterdir()) != []
    assert list(tmp_path.iterdir()) == []
