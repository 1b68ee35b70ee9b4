"""Airflow with a metadata database of the tests' own, and a house to run in."""

from pathlib import Path

import pytest

from common.utils.odcs import load_contract
from common.utils.settings import Settings
from dags.house import House


@pytest.fixture(scope="session")
def metadata_database() -> None:
    """In the tests' own AIRFLOW_HOME."""
    from vlp.local import migrate

    migrate()


@pytest.fixture
def house(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> House:
    """Nothing is published yet; two days of order lines are there."""
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VITRINE_SAMPLES", "")
    monkeypatch.setenv("VITRINE_SALES_PRODUCT_REVENUE_PATH", str(tmp_path / "files"))
    (tmp_path / "files").mkdir()
    contract = load_contract(repository / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml")
    house = House(tmp_path / "files", Settings.from_environment(), contract)
    house.write(
        "a.csv", "2026-01-05,P-1,Cup,2,3.50", "2026-01-05,P-1,Cup,1,3.50", "2026-01-06,P-2,Jar,1,9.99"
    )
    return house
