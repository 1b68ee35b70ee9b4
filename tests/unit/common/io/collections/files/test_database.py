"""Which folder a URL names."""

from pathlib import Path

import pytest

from common.io.collections import open_store
from common.io.collections.files.database import FileDatabase
from common.io.collections.protocol import StoreError
from contract.kit import SALES, content, put, sale


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("parquet:///data/shelf", "/data/shelf"),
        ("csv:////data/shelf/", "/data/shelf"),
        ("csv:///data/a%20shelf", "/data/a shelf"),
    ],
)
def test_a_url_names_a_folder(url: str, folder: str) -> None:
    database = FileDatabase(url, batch_size=1, read_only=True)
    assert database.folder == Path(folder)
    assert database.format.suffix == f".{url.partition(':')[0]}"
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "parquet://",
        "parquet:///",
        "parquet://bucket/shelf",
        "parquet:///shelf?region=eu",
        "csv:///shelf#1",
        "parquet+s3://bucket/shelf",
        "parquet+s3:///shelf",
    ],
)
def test_what_is_no_folder_of_this_machine_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"parquet:///folder"):
        open_store(url, batch_size=1)


@pytest.mark.parametrize("url", ["s3://bucket/shelf", "file:///shelf"])
def test_other_stores_are_named(url: str) -> None:
    with pytest.raises(StoreError, match=r"csv://, parquet://"):
        open_store(url, batch_size=1)


def test_both_formats_may_share_a_folder(tmp_path: Path) -> None:
    for kind, product in (("parquet", "P"), ("csv", "C")):
        collection = open_store(f"{kind}://{tmp_path}", batch_size=1).collection(SALES)
        collection.ensure()
        put(collection, "r", [1], [sale(1, product)])
    for kind, product in (("parquet", "P"), ("csv", "C")):
        store = open_store(f"{kind}://{tmp_path}", batch_size=1, read_only=True)
        assert content(store.collection(SALES)) == [sale(1, product)]
        store.close()


def test_a_closed_database_opens_again(url: str) -> None:
    store = open_store(url, batch_size=1)
    collection = store.collection(SALES)
    collection.ensure()
    put(collection, "r", [1], [sale(1, "A")])
    for _ in range(2):
        assert content(collection) == [sale(1, "A")]
        store.close()


def test_pages_write_no_files(url: str) -> None:
    database = FileDatabase(url, batch_size=1, read_only=True)
    assert database.cursor().sql("SELECT current_setting('temp_directory')").fetchall() == [("",)]
    database.close()
