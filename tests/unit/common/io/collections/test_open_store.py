"""open_store: which URLs name a store."""

import subprocess
import sys
from traceback import format_exception

import pytest

from common.io.collections import open_store
from common.io.collections.protocol import StoreError


@pytest.mark.parametrize("scheme", ["oracle", "http", "sqlite3+x"])
def test_schemes_without_a_store_are_named_and_secrets_are_not(scheme: str) -> None:
    with pytest.raises(StoreError, match=r"Begin it with one of: sqlite://, postgresql://") as refused:
        open_store(f"{scheme}://user:secret@host/db", batch_size=1)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "/data/collections.db", "C:\\collections.db"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="Begin it with one of: sqlite://"):
        open_store(url, batch_size=1)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:collections.db",
        "postgresql://user:s3cret@host:port/db",
        "postgresql://user:pw@12:s3cret@host/db",
        "mysql://user:pw@12:s3cret@host/db",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:////folder/") as refused:
        open_store(url, batch_size=1)
    trace = "".join(format_exception(refused.value)).replace(url, "")
    assert "s3cret" not in trace, "what cannot be read may be a part of the password"


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "sqlite:///x?mode=ro"]
)
def test_a_sqlite_store_is_a_file(url: str) -> None:
    with pytest.raises(StoreError, match="a SQLite file of their own"):
        open_store(url, batch_size=1)


@pytest.mark.parametrize(
    ("imported", "spared"),
    [("protocol", "sqlalchemy"), ("protocol", "duckdb"), ("collection", "duckdb"), ("sql.sqlite", "duckdb")],
)
def test_dag_files_load_no_database_and_readers_no_engine(imported: str, spared: str) -> None:
    code = f"import common.io.collections.{imported}, sys; sys.exit('{spared}' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=True)
