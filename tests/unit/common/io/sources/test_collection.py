"""What only this kind of source has: the contract of what it reads, and the main store's place."""

from pathlib import Path

import pytest

from common.io.sources.collection import CollectionSettings, contract_of
from common.io.sources.configured import configured
from common.utils.errors import SettingsError

PREFIX = "VITRINE_SHOP_SUMMARY_"


def test_the_key_and_the_store_are_those_of_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    found = configured(PREFIX, str, {"SOURCE": "collection", "NAME": "sales/product_revenue"})
    assert found.settings.key == ("date", "product_id")
    assert found.settings.connection == f"sqlite:///{tmp_path / 'collections.db'}"
    assert found.source.name == "the collection sales/product_revenue"
    assert not found.source.incremental
    monkeypatch.setenv(f"{PREFIX}KEY", "product_id")
    assert CollectionSettings.of(PREFIX, {"NAME": "sales/product_revenue"}).key == ("product_id",)


def test_the_main_store_may_be_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "the_store")
    asked: list[str] = []

    def url_of(name: str) -> str:
        asked.append(name)
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"

    found = configured(PREFIX, url_of, {"SOURCE": "collection", "NAME": "sales/product_revenue"})
    assert asked == ["the_store"]
    assert found.settings.connection.endswith("elsewhere.db")


def test_a_collection_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"no collection 'sales/product': .*VITRINE_SHOP_SUMMARY_NAME"):
        contract_of(CollectionSettings(name="sales/product"), PREFIX)


def test_nothing_is_read_where_nothing_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    source = configured(PREFIX, str, {"SOURCE": "collection", "NAME": "sales/product_revenue"}).source
    (item,) = source.items()
    assert item.schema is not None
    assert item.schema.names[:2] == ["date", "product_id"]
