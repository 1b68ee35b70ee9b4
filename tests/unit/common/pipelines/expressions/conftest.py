"""An engine with a table of one row."""

from collections.abc import Iterator

import duckdb
import pytest

from common.io import lake
from common.utils.settings import Settings
from unit.common.pipelines.expressions.kit import fill


@pytest.fixture(scope="module", name="engine")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with lake.connect(Settings(home=tmp_path_factory.mktemp("engine"))) as engine:
        fill(engine, {})
        yield engine
