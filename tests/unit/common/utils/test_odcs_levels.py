from datetime import timedelta
from pathlib import Path

import pytest

from common.utils.errors import ContractError
from common.utils.odcs import load_contract
from unit.common.contract_kit import written

START = "slaProperties:\n"


def with_level(folder: Path, text: str) -> Path:
    return written(folder, (START, f"{START}  - {text}\n"))


def test_retention_is_in_whole_days_and_need_not_be_given(tmp_path: Path) -> None:
    contract = load_contract(with_level(tmp_path, "{property: retention, value: 90, unit: d}"))
    assert (contract.retention, contract.freshness) == (timedelta(days=90), timedelta(hours=48))
    assert load_contract(written(tmp_path)).retention is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{property: retention, value: 90, unit: h}", "unknown unit 'h'"),
        ("{property: retention, value: 1.5, unit: d}", "retention is a whole number of days, not 1.5"),
        ("{property: retention, value: 0, unit: d}", "retention is a whole number of days, not 0"),
        ("{property: availability, value: 1, unit: d}", "unknown service level 'availability'"),
        ("{property: freshness, value: 1, unit: d}", "freshness is given twice"),
    ],
)
def test_a_wrong_level_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        load_contract(with_level(tmp_path, text))
