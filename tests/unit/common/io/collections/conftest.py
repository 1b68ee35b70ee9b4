"""A collection of sales in a SQLite file, and other writers that come between two calls of its backend."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from contract.kit import SALES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database stands."""
    return tmp_path / "collections.db"


@pytest.fixture
def sales(file: Path) -> Iterator[VersionedCollection]:
    """An empty collection of ``SALES``."""
    store = open_store(f"sqlite:///{file}", batch_size=3)
    collection = store.collection(SALES)
    collection.ensure()
    assert isinstance(collection, VersionedCollection)
    yield collection
    store.close()


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Callable[[VersionedCollection, str, Callable[[], Any]], None]:
    """``before(collection, method, act)``: acts once, before the next call of a method of the backend."""

    def interfere(collection: VersionedCollection, name: str, act: Callable[[], Any]) -> None:
        method = getattr(collection.backend, name)

        def late(*given: Any) -> Any:
            monkeypatch.setattr(collection.backend, name, method)
            act()
            return method(*given)

        monkeypatch.setattr(collection.backend, name, late)

    return interfere
