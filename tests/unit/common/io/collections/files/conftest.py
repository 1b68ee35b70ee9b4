"""A collection of sales in a folder of files of each format."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.files.formats import schemes
from contract.kit import SALES


@pytest.fixture(params=schemes())
def kind(request: pytest.FixtureRequest) -> str:
    """The format."""
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path) -> str:
    """A folder that is not there yet."""
    return f"{kind}://{tmp_path / 'shelf'}"


@pytest.fixture
def folder(kind: str, tmp_path: Path) -> Path:
    """Where the files of ``SALES`` stand."""
    return tmp_path / "shelf" / "sales_product_revenue_v1" / kind


@pytest.fixture
def sales(url: str) -> Iterator[VersionedCollection]:
    """An empty collection of ``SALES``."""
    store = open_store(url, batch_size=3)
    collection = store.collection(SALES)
    collection.ensure()
    assert isinstance(collection, VersionedCollection)
    yield collection
    store.close()
