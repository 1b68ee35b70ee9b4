"""Which contracts the stored rows fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.io.collections.schema import demand_fit, described
from common.utils.contract import Contract, Field
from common.utils.errors import ContractError
from contract.kit import ACCOUNTS, EVERY_TYPE, SALES


def changed(name: str, **other: Any) -> Contract:
    """``SALES`` with one field changed."""
    return replace(SALES, fields=tuple(replace(f, **other) if f.name == name else f for f in SALES.fields))


def test_a_contract_is_described_by_what_rows_depend_on() -> None:
    assert described(SALES) == {
        "collection": "sales/product_revenue",
        "field date": "date required",
        "field product_id": "string required",
        "field product_name": "string",
        "field quantity": "integer required",
        "field revenue": "decimal(18,4) required",
        "key": "date, product_id",
        "partition": "day of date",
    }
    assert described(ACCOUNTS)["partition"] == "4 buckets"
    same = replace(SALES, version="1.9.0", description="other", owner="other", indexes=(), rules=())
    assert described(same) == described(SALES)


@pytest.mark.parametrize(
    "fits",
    [
        SALES,
        replace(SALES, fields=(Field("colour", "string"), *reversed(SALES.fields))),
        changed("quantity", required=False),
        replace(changed("revenue", required=False), indexes=()),
    ],
)
def test_what_adds_fits(fits: Contract) -> None:
    demand_fit(described(SALES), fits)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (replace(SALES, fields=SALES.fields[:4]), "field revenue: stored decimal.*, contract nothing"),
        (
            replace(SALES, fields=(*SALES.fields, Field("colour", "string", required=True))),
            "field colour: stored nothing, contract string required",
        ),
        (
            changed("product_name", required=True),
            "field product_name: stored string, contract string required",
        ),
        (changed("quantity", type="number"), "stored integer required, contract number required"),
        (changed("quantity", type="decimal"), "stored integer required, contract decimal"),
        (changed("revenue", scale=2), r"decimal\(18,4\) required, contract decimal\(18,2\) required"),
        (changed("revenue", precision=10), r"contract decimal\(10,4\) required"),
        (
            replace(SALES, key=("product_id", "date")),
            "key: stored date, product_id, contract product_id, date",
        ),
        (replace(SALES, partition_by="month"), "partition: stored day of date, contract month of date"),
        (replace(SALES, partition_by="hash", partition_field=""), "contract 16 buckets"),
    ],
)
def test_what_would_make_stored_rows_untrue_does_not(other: Contract, difference: str) -> None:
    with pytest.raises(ContractError, match=difference) as refused:
        demand_fit(described(SALES), other)
    assert "major version 2" in str(refused.value)


@pytest.mark.parametrize(
    ("stored", "wanted", "fits"),
    [
        ((10, 2, False), (12, 2, False), True),
        ((10, 2, True), (12, 2, False), True),
        ((10, 2, True), (12, 2, True), True),
        ((10, 2, False), (12, 2, True), False),
        ((12, 2, False), (10, 2, False), False),
        ((10, 2, False), (12, 4, False), False),
    ],
)
def test_a_decimal_may_get_digits_before_the_point(
    stored: tuple[int, int, bool], wanted: tuple[int, int, bool], fits: bool
) -> None:
    def with_money(precision: int, scale: int, required: bool) -> Contract:
        return replace(EVERY_TYPE, fields=(Field("money", "decimal", required, precision, scale),))

    def demand() -> None:
        demand_fit(described(with_money(*stored)), with_money(*wanted))

    if fits:
        demand()
    else:
        with pytest.raises(ContractError):
            demand()


def test_every_difference_is_listed() -> None:
    other = replace(SALES, fields=SALES.fields[1:4], key=("product_id",))
    with pytest.raises(ContractError) as refused:
        demand_fit(described(SALES), other)
    assert all(part in str(refused.value) for part in ("field date:", "field revenue:", "key:"))
