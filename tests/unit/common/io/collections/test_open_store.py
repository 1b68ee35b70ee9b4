"""open_store: which URLs name a store."""

import subprocess
import sys

import pytest

from common.io.collections import open_store
from common.io.collections.protocol import StoreError


@pytest.mark.parametrize("scheme", ["postgresql", "mysql+mysqlconnector", "mongodb"])
def test_schemes_without_a_store_are_named_and_secrets_are_not(scheme: str) -> None:
    with pytest.raises(StoreError, match=r"The schemes that exist: sqlite\.") as refused:
        open_store(f"{scheme}://user:secret@host/db", batch_size=1)
    assert scheme.split("+", maxsplit=1)[0] in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(StoreError, match="sqlite:////folder/"):
        open_store("/data/collections.db", batch_size=1)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "sqlite:///x?mode=ro"]
)
def test_a_sqlite_store_is_a_file(url: str) -> None:
    with pytest.raises(StoreError, match="a SQLite file of their own"):
        open_store(url, batch_size=1)


@pytest.mark.parametrize(
    ("imported", "spared"),
    [("protocol", "sqlalchemy"), ("protocol", "duckdb"), ("sql", "duckdb"), ("sqlite", "duckdb")],
)
def test_dag_files_load_no_database_and_readers_no_engine(imported: str, spared: str) -> None:
    code = f"import common.io.collections.{imported}, sys; sys.exit('{spared}' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=True)
