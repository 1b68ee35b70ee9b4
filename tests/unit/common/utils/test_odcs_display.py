import re
from pathlib import Path

import pytest

from common.utils.contract import Chart
from common.utils.errors import ContractError
from common.utils.odcs import load_contract
from unit.common.contract_kit import written

CHART = """      - property: chart
        value: {kind: line, x: date, y: revenue}
        description: What the page draws.
"""


def with_property(folder: Path, text: str) -> Path:
    return written(folder, (CHART, f"      - property: {text}\n"))


def test_a_chart_is_read(tmp_path: Path) -> None:
    text = "chart\n        value: {kind: line, x: date, y: revenue, series: product_id}"
    assert load_contract(with_property(tmp_path, text)).chart == Chart(
        "line", "date", "revenue", "product_id"
    )
    text = "chart\n        value: {kind: bar, x: product_id, y: quantity}"
    assert load_contract(with_property(tmp_path, text)).chart == Chart("bar", "product_id", "quantity")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{kind: pie, x: date, y: revenue}", "unknown kind of chart 'pie'"),
        ("{kind: line, x: dat, y: revenue}", "unknown field of a chart 'dat': did you mean 'date'?"),
        ("{kind: line, x: date, y: product_id}", "product_id is no number"),
        ("{kind: line, x: date}", "a chart has kind, x, y"),
        ("{kind: line, x: date, y: revenue, serie: product_id}", "unknown key of a chart 'serie'"),
        ("line", "a chart has kind, x, y"),
    ],
)
def test_a_wrong_chart_is_refused(tmp_path: Path, value: str, told: str) -> None:
    with pytest.raises(ContractError, match=re.escape(told)):
        load_contract(with_property(tmp_path, f"chart\n        value: {value}"))


def test_roles_say_who_may_read(tmp_path: Path) -> None:
    contract = load_contract(with_property(tmp_path, "roles\n        value: [op]"))
    assert [contract.readable_by(role) for role in ("viewer", "op", "admin")] == [False, True, True]
    contract = load_contract(written(tmp_path))
    assert contract.roles == ("viewer",)
    assert all(contract.readable_by(role) for role in ("viewer", "op", "admin"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("[viewr]", "unknown role 'viewr': did you mean 'viewer'?"),
        ("op", "roles is a list"),
        ("[]", "roles is a list"),
    ],
)
def test_wrong_roles_are_refused(tmp_path: Path, value: str, told: str) -> None:
    with pytest.raises(ContractError, match=re.escape(told)):
        load_contract(with_property(tmp_path, f"roles\n        value: {value}"))
