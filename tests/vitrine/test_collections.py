import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from common.utils.errors import SettingsError, VitrineError
from vitrine import collections

NAME = "sales/product_revenue"


def test_a_collection_and_its_stores(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "warehouse")
    monkeypatch.setenv("VITRINE_TARGET_WAREHOUSE", "sqlite:////x.db")
    contract, settings = collections.collection_in(NAME)
    assert contract.name == NAME
    assert settings.stores == ("main", "warehouse")
    with pytest.raises(SettingsError, match="has no store 'warehous': did you mean 'warehouse'"):
        collections.collection_in(NAME, "warehous")
    with pytest.raises(VitrineError, match="did you mean 'sales/product_revenue'"):
        collections.collection_in("sales/product_revenu")


def test_a_pipelines_own_targets_are_stores_of_its_collection(
    pipeline: Path, changed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_PIPELINES", str(pipeline.parents[1]))
    changed(
        "collection:", "targets: {files: 'parquet://${FILES}', other: 'sqlite://${NOWHERE}'}\ncollection:"
    )
    monkeypatch.setenv("FILES", "/data/out")
    _, settings = collections.collection_in("shop/orders", "files")
    assert settings.store_url("files") == "parquet:///data/out"
    with pytest.raises(SettingsError, match="NOWHERE is not set"):
        collections.collection_in("shop/orders")


def test_a_store_by_its_connection_is_looked_up_in_airflow(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "the_store")
    monkeypatch.setenv("AIRFLOW_CONN_THE_STORE", f"sqlite:///{tmp_path / 'there.db'}")
    _, settings = collections.collection_in(NAME, "main")
    assert settings.collections_url.endswith("/there.db")
    monkeypatch.setenv("VITRINE_COLLECTIONS", "another")
    with pytest.raises(SettingsError, match="another"):
        collections.collection_in(NAME, "main")


def test_one_collection_or_all() -> None:
    settings = collections.settings()
    assert [one.name for one in collections.chosen(settings, NAME)] == [NAME]
    names = [one.name for one in collections.chosen(settings)]
    assert NAME in names
    assert len(names) > 5


def test_who_asks_is_the_user_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    assert collections.user() == pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    assert collections.user() == "uid 4000000001"
