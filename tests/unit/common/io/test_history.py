from pathlib import Path

import pyarrow as pa
import pytest

from common.io import lake
from common.io.history import reaching

ROWS = pa.table({"name": ["a"]})


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "table")


def test_a_table_that_is_not_there_was_written_by_nobody(uri: str) -> None:
    assert list(reaching(uri)) == []


def test_runs_that_reached_further_are_told_back_to_the_last_rebuild(uri: str) -> None:
    for run, reach in (("a", "rebuilt"), ("b", "moved"), ("c", "rebuilt"), ("d", ""), ("e", "moved")):
        lake.replace(uri, ROWS, run_id=run, reach=reach)
    assert list(reaching(uri)) == ["e", "c"]
