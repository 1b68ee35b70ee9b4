from pathlib import Path

import pytest

from common.io.collections.protocol import StoreError
from common.utils.contract import Contract
from common.utils.errors import SettingsError
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.verbs.stores import opened


@pytest.fixture
def contract(repository: Path) -> Contract:
    return load_contract(repository / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml")


def test_each_store_is_its_own(contract: Contract, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, targets={"archive": f"sqlite:///{tmp_path / 'archive.db'}"})
    with opened(contract, settings, "archive") as collection:
        collection.ensure()
        assert collection.live() is None
    assert [path.name for path in tmp_path.glob("*.db")] == ["archive.db"]
    with pytest.raises(SettingsError, match="no store 'other'"), opened(contract, settings, "other"):
        pass


def test_a_reader_writes_nothing(contract: Contract, tmp_path: Path) -> None:
    with opened(contract, Settings(home=tmp_path), read_only=True) as collection:
        assert collection.live() is None
        with pytest.raises(StoreError):
            collection.ensure()
    assert list(tmp_path.glob("*.db")) == []
