"""A collection of sales in a SQLite file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.sql import SqlCollection
from contract.kit import SALES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database stands."""
    return tmp_path / "collections.db"


@pytest.fixture
def sales(file: Path) -> Iterator[SqlCollection]:
    """An empty collection of ``SALES``."""
    store = open_store(f"sqlite:///{file}", batch_size=3)
    collection = store.collection(SALES)
    collection.ensure()
    assert isinstance(collection, SqlCollection)
    yield collection
    store.close()
