"""Which files a path or a URL means, and what is said where it means none."""

import os
from pathlib import Path

import fsspec
import pytest

from common.io.sources.files.places import File, Place
from common.utils.errors import SourceError

SECRET = "s3cr3t-Pa55"


def names(configured: Path | str) -> list[str]:
    return [file.name for file in Place(str(configured), "", "V_").files(lambda name: name.endswith("csv"))]


@pytest.mark.parametrize("remote", [False, True])
def test_files_folders_and_globs_mean_the_same_on_disks_and_in_object_stores(
    tmp_path: Path, remote: bool
) -> None:
    root = f"memory://{tmp_path}" if remote else str(tmp_path)
    fs, path = fsspec.url_to_fs(root)
    for name in ("b.csv", "a/c.csv", "a/d/e.csv", "notes.txt", ".hidden.csv", ".cache/d.csv"):
        fs.makedirs(f"{path}/{name}".rpartition("/")[0], exist_ok=True)
        fs.pipe(f"{path}/{name}", b"x")
    assert names(root) == names(f"{root}/") == ["a/c.csv", "a/d/e.csv", "b.csv"]
    assert names(f"{root}/*.csv") == ["b.csv"]
    assert names(f"{root}/*/[b-d].csv") == ["a/c.csv"]
    assert names(f"{root}/**/?.csv") == ["a/c.csv", "a/d/e.csv", "b.csv"]
    assert names(f"{root}/*.tsv") == []
    assert names(f"{root}/notes.txt") == ["notes.txt"]
    with pytest.raises(SourceError, match=r"There is nothing at .*/nowhere\. Where: V_PATH="):
        names(f"{root}/nowhere")
    for configured in (root, f"{root}/*/*.csv"):
        place = Place(configured, "", "V_")
        for file in place.files(lambda name: True):
            assert place.file(file.name) == file
            with place.open(file) as opened:
                assert opened.read() == b"x"
    (alone,) = Place(f"{root}/b.csv", "", "V_").files(lambda name: False)
    assert Place(f"{root}/b.csv", "", "V_").file("b.csv") == alone


def test_a_name_with_the_signs_of_a_glob_is_a_name_where_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("x")
    assert names(tmp_path / "a[1].csv") == ["a[1].csv"]


def test_links_to_files_are_files_and_pipes_are_not(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "c.csv")
    assert names(tmp_path) == ["a.csv", "b.csv"]


def test_a_login_in_the_path_is_refused_and_not_shown() -> None:
    with pytest.raises(SourceError, match="V_CONNECTION") as refused:
        Place(f"s3://key:{SECRET}@bucket/a", "", "V_")
    assert SECRET not in str(refused.value)


def test_the_query_of_a_web_address_is_not_shown() -> None:
    assert Place(f"https://example.org/a.csv?token={SECRET}", "", "V_").shown == "https://example.org/a.csv"
    assert Place("s3://bucket/a?.csv", "", "V_").shown == "s3://bucket/a?.csv"


@pytest.mark.parametrize("url", ["gs://bucket/a", "nonsense://x/y"])
def test_a_protocol_that_is_not_installed_is_said_without_the_credentials(url: str) -> None:
    place = Place(url, f"gs://me:{SECRET}@/?token={SECRET}", "V_")
    with pytest.raises(SourceError, match="cannot be read: ") as refused:
        place.files(lambda name: True)
    assert SECRET not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("connection", [f"s3://k:{SECRET}@[/", f"s3://k:{SECRET}@/?__extra__=nonsense"])
def test_a_connection_that_is_no_url_is_not_shown(connection: str) -> None:
    with pytest.raises(SourceError, match="V_CONNECTION") as refused:
        Place("s3://bucket/a", connection, "V_").files(lambda name: True)
    assert SECRET not in str(refused.value)


def test_an_error_of_a_store_is_told_by_its_code_alone() -> None:
    error = OSError(f"AWS Error INVALID_ACCESS_KEY_ID during ListObjects {SECRET}")
    said = str(Place("s3://bucket/a", "", "V_").unreachable(error, File("bucket/a/b.csv", "b.csv")))
    assert said.startswith(
        "b.csv cannot be read: the object store says INVALID_ACCESS_KEY_ID. Where: s3://bucket/a/b.csv."
    )
    assert SECRET not in said
