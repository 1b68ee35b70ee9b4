"""What docs/direct-readers.md shows is what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unittest import mock

import pymongo
from pymongo import MongoClient

from common.io.collections import open_store
from contract.kit import SALES, STORES, put, sale


def test_the_example_for_mongodb_reads_the_live_version(repository: Path, tmp_path: Path) -> None:
    url = STORES["mongodb"](tmp_path)
    store = open_store(url, batch_size=10)
    sales = store.collection(SALES)
    sales.ensure()
    put(sales, "r1", [1, 2], [sale(2, "P0007", 8), sale(1, "P0007", 4), sale(1, "P0008")])
    put(sales, "r2", [2], [sale(2, "P0007", 50), sale(2, "P0009")])
    section = (repository / "docs/direct-readers.md").read_text().split("## MongoDB")[1]
    example = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    assert "mongodb://localhost:27017/shop" in example
    names: dict[str, Any] = {}
    exec(example.replace("mongodb://localhost:27017/shop", url), names)
    assert [(row["date"], row["revenue"]) for row in names["rows"]] == [(20454, 10_000), (20455, 125_000)]

    class Overtaken(MongoClient[dict[str, Any]]):
        """Another version is published, and the one before taken away, when its manifest has been read."""

        def get_default_database(self, *_: Any, **__: Any) -> Any:
            database: Any = super().get_default_database()
            manifests, find_one = database.vitrine_manifests, database.vitrine_manifests.find_one

            def slow(*given: Any) -> Any:
                found = find_one(*given)
                manifests.find_one = find_one
                put(sales, "r3", [1], [sale(1, "P0007", 9)])
                sales.vacuum(keep=1)
                return found

            manifests.find_one = slow
            database.vitrine_manifests = manifests
            return database

    with mock.patch.object(pymongo, "MongoClient", Overtaken):
        exec(example.replace("mongodb://localhost:27017/shop", url), names)
    assert [row["quantity"] for row in names["rows"]] == [9, 50]
    store.close()
