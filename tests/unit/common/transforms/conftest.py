"""Small Arrow tables through the engine, as the pure functions get them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.io import lake
from common.utils.settings import Settings

Rows = list[dict[str, Any]]


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with lake.connect(Settings(home=tmp_path)) as engine:
        yield engine


@pytest.fixture
def frame(duck: duckdb.DuckDBPyConnection) -> Callable[..., Any]:
    """A lazy frame of the engine from rows, or from columns."""

    def make(rows: Rows, schema: pa.Schema | None = None) -> Any:
        return nw.from_native(duck.from_arrow(pa.Table.from_pylist(rows, schema)))

    return make


def collected(frame: Any) -> Rows:
    """The rows of a lazy frame."""
    found: Rows = frame.to_native().to_arrow_table().to_pylist()
    return found
