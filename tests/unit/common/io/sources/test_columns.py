"""Missing columns: told with what there is and what to write."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from common.io.sources.columns import demand
from common.io.sources.configured import Configured
from common.io.sources.settings import SourceSettings
from common.utils.errors import SourceError


@dataclass
class Named:
    name: str = "Files at /data"


def configured(**settings: Any) -> Configured:
    return Configured(cast("Any", Named()), SourceSettings(**settings), "VITRINE_A_B_")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "VITRINE_A_B_COLUMNS=date=<column>,quantity=Qty_Quantity"),
        ({"columns": {"date": "Datum", "quantity": "Qty"}}, "COLUMNS=date=<column>,quantity=Qty_Quantity"),
        ({"columns": {"date": "id", "quantity": "id"}, "key": ("nr",)}, "VITRINE_A_B_KEY=<column>"),
        ({"columns": {"date": "id", "quantity": "id"}, "updated_at": "Id2"}, "VITRINE_A_B_UPDATED_AT=ID"),
        (
            {"columns": {"date": "id", "quantity": "id"}, "types": {"no": "date"}},
            "VITRINE_A_B_TYPES=<column>",
        ),
    ],
)
def test_the_variable_to_set_is_told(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SourceError, match=r"^a\.csv has no column") as caught:
        demand(configured(**settings), "a.csv", ["ID", "Qty_Quantity"], ("date", "quantity"))
    assert told in caught.value.next_step
    assert 'it has "ID", "Qty_Quantity"' in caught.value.what


def test_upper_and_lower_case_are_one_and_nothing_lacks_nothing() -> None:
    demand(configured(), "a.csv", ["DATE", "Quantity"], ("date", "quantity"))
    demand(configured(), "empty.csv", [], ("date", "quantity"))
