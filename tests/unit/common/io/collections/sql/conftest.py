"""The SQL behind a collection of sales in a SQLite file."""

import pytest

from common.io.collections.collection import VersionedCollection
from common.io.collections.sql.backend import SqlBackend


@pytest.fixture
def backend(sales: VersionedCollection) -> SqlBackend:
    """The backend of ``sales``."""
    assert isinstance(sales.backend, SqlBackend)
    return sales.backend
