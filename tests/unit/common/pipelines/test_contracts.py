from pathlib import Path

import pytest

from common.pipelines.contracts import contract_of, contracts, names
from common.utils.errors import ContractError
from unit.common.pipelines.pipeline_kit import house, written


def test_contracts_of_files_and_of_pipelines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = house(tmp_path, monkeypatch)
    written(tmp_path)
    written(tmp_path, ("quantity > 0", "quantty > 0"), name="shop/wrong_v1.yaml")
    found = contracts(settings)
    assert found["shop/orders"].owner == "shop-data"
    assert found["sales/product_revenue"].owner == "sales-data"
    assert "shop/wrong" not in found
    assert "unknown column 'quantty'" in caplog.text
    assert list(found) == sorted(found)


def test_one_contract_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    written(tmp_path)
    assert contract_of(settings, "shop/orders").key == ("date", "product")
    assert contract_of(settings, "sales/product_revenue").key == ("date", "product_id")
    with pytest.raises(
        ContractError, match="There is no collection 'shop/order': did you mean 'shop/orders'"
    ):
        contract_of(settings, "shop/order")


def test_names_are_those_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    written(tmp_path, ("owner:", "ownr:"))
    assert {"shop/orders", "sales/product_revenue"} <= set(names(settings))
