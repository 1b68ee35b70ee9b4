"""The repository's own contract, broken or changed on purpose, and gold that fits it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from common.utils.contract import Contract, Field, Rule
from common.utils.odcs import load_contract

FILE = Path(__file__).resolve().parents[3] / "include/contracts/sales/product_revenue.odcs.yaml"

HASHED = (
    ("        partitioned: true\n        partitionKeyPosition: 1\n", ""),
    ("        value: day\n", "        value: hash\n"),
)
"""What makes its rows stand in buckets by a hash of the key."""


def written(folder: Path, *changes: tuple[str, str], name: str = "sales/product_revenue.odcs.yaml") -> Path:
    """A copy of the contract's file with each first text replaced, where it stands first, by the second."""
    text = FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{old!r} is not in the contract: the test would test nothing"
        text = text.replace(old, new, 1)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def line(path: Path, text: str) -> int:
    """The line on which a text stands first."""
    return next(at for at, one in enumerate(path.read_text("utf-8").splitlines(), 1) if text in one)


def contract() -> Contract:
    """As the repository has it."""
    return load_contract(FILE)


def small(fields: tuple[Field, ...], *rules: Rule) -> Contract:
    """A contract with these fields, the first of them the key, and these rules."""
    return replace(contract(), fields=fields, key=(fields[0].name,), indexes=(), rules=rules)


def gold(*rows: Mapping[str, Any]) -> pa.Table:
    """One good row for each mapping, with what it says instead."""
    good = {
        "date": date(2026, 1, 31),
        "product_id": "85123A",
        "product_name": "LANTERN",
        "quantity": 3,
        "returned_quantity": 1,
        "revenue": Decimal("7.5000"),
        "gross_revenue": Decimal("10.0000"),
        "order_lines": 2,
    }
    schema = pa.schema([field.with_nullable(True) for field in contract().schema])
    return pa.Table.from_pylist([{**good, **row} for row in rows], schema)
