"""Files are made whole or not at all, and nobody's file is replaced."""

import errno
import os
from pathlib import Path

import pyarrow as pa
import pytest

from common.io.collections.files import durable
from common.io.collections.files.durable import PART, create, make_folder, numbered, settle, translated
from common.io.collections.protocol import StoreError


def test_the_first_makes_the_file_and_the_second_changes_nothing(tmp_path: Path) -> None:
    assert create(tmp_path / "1.json", b"first")
    assert not create(tmp_path / "1.json", b"second")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("1.json", b"first")]


def test_a_file_that_cannot_be_written_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        create(tmp_path / "1.json", b"content")
    assert list(tmp_path.iterdir()) == []


def test_each_folder_that_is_made_is_synced_into_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync", synced.append)
    make_folder(tmp_path / "one" / "two")
    assert (tmp_path / "one" / "two").is_dir()
    assert synced == [tmp_path, tmp_path / "one"]
    make_folder(tmp_path / "one" / "two")
    assert len(synced) == 2


def test_a_name_is_given_once(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / f"{name}{PART}").write_text(name)
    assert settle(tmp_path / f"one{PART}", tmp_path / "name")
    assert not settle(tmp_path / f"other{PART}", tmp_path / "name")
    assert (tmp_path / "name").read_text() == "one"


def test_a_file_that_vacuum_took_away_gets_no_name(tmp_path: Path) -> None:
    assert not settle(tmp_path / f"gone{PART}", tmp_path / "name")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / f"one{PART}").touch()
    with pytest.raises(FileNotFoundError):
        settle(tmp_path / f"one{PART}", tmp_path / "away" / "name")


def test_only_names_that_begin_with_a_number_are_ours(tmp_path: Path) -> None:
    for name in ("12.json", "7-1.2", ".nfs0001", "notes.txt"):
        (tmp_path / name).touch()
    assert sorted(numbered(tmp_path)) == [(7, "7-1.2"), (12, "12.json")]
    assert numbered(tmp_path / "away") == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device.* Make room"),
        (PermissionError(errno.EACCES, "Permission denied", "/f/1.json"), "/f, /f/1.json.* the right"),
        (OSError(errno.EROFS, "Read-only file system"), "Mount the file system for writing"),
        (OSError(errno.ESTALE, "Stale file handle"), "Stale file handle.* mounted"),
        (pa.ArrowInvalid("no JSON"), "cannot be read: no JSON.* Restore"),
    ],
)
def test_errors_say_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(StoreError, match=said), translated("/f"):
        raise error
