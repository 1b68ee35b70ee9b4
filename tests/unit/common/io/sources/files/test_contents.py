"""What is in a file: itself, packed data, an archive's members; and its digest however it is read."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from common.io.sources.files import contents, streams
from common.io.sources.files.contents import Contents
from common.io.sources.files.places import File, Place
from common.io.sources.files.shapes import UnknownError
from common.io.sources.files.streams import UnpackError

CSV = b"id,name\n1,one\n"


def opened(path: Path, *, remote: bool = False) -> Contents:
    return Contents(Place(f"file://{path}" if remote else str(path), "", "V_"), File(str(path), path.name))


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def read(of: Contents) -> dict[str, bytes]:
    return {member.name: b"".join(member.blocks) for member in of.members()}


def test_an_archive_has_its_members_of_known_kinds_in_the_order_of_their_names(tmp_path: Path) -> None:
    members = {"b/b.csv": CSV, "a.json": b"[]", "readme.md": b"#", "__MACOSX/._a.json": b"x", ".x.csv": b"x"}
    of = opened(archive(tmp_path / "a.zip", **members))
    assert list(read(of)) == ["a.json", "b/b.csv"]
    of.close()
    of = opened(archive(tmp_path / "a.zip", data=CSV))
    assert read(of) == {"data": CSV}, "one alone may be of any kind"
    of.close()


@pytest.mark.parametrize("remote", [False, True])
def test_the_digest_is_of_the_file_as_stored(
    tmp_path: Path, remote: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BLOCK", 50)
    path = archive(tmp_path / "a.zip", a=CSV)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    of = opened(path, remote=remote)
    for member in of.members():
        with member.file() as file:
            assert file.read() == CSV
    assert of.digest() == digest
    assert of.size == path.stat().st_size
    of.close()


@pytest.mark.parametrize(
    ("members", "error", "why"),
    [
        ({"a.md": b"", "b.md": b""}, UnknownError, "none of its 2 members is of a known kind"),
        ({"[Content_Types].xml": b"", "a.csv": CSV}, UnknownError, "it is a workbook"),
        ({"a.zip": b"PK\x05\x06" + bytes(18)}, UnpackError, "packed twice"),
    ],
)
def test_archives_that_are_refused(
    tmp_path: Path, members: dict[str, bytes], error: type[Exception], why: str
) -> None:
    of = opened(archive(tmp_path / "a.zip", **members))
    with pytest.raises(error, match=why):
        read(of)
    of.close()


def test_a_damaged_or_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.csv": CSV * 100})
    whole = path.read_bytes()
    for wrong in (
        whole[:-30],
        whole[:45] + b"\xff" * 10 + whole[55:],
        whole.replace(b"\x14\0\0\0", b"\x14\0\x01\0"),
    ):
        path.write_bytes(wrong)
        of = opened(path)
        with pytest.raises(UnpackError, match=r"cut off or damaged|encrypted"):
            read(of)
        of.close()


def test_a_bomb_in_an_archive_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BOMB_FLOOR", 2**20)
    monkeypatch.setattr(streams, "BLOCK", 2**16)
    of = opened(archive(tmp_path / "a.zip", **{f"{at}.csv": bytes(2**19) for at in range(4)}))
    with pytest.raises(UnpackError, match="200 times its size"):
        read(of)
    of.close()


def test_a_small_head_is_all_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK", 10)
    monkeypatch.setattr(contents, "HEAD", 25)
    (tmp_path / "a.csv").write_bytes(CSV * 9)
    of = opened(tmp_path / "a.csv")
    (member,) = of.members()
    assert member.head == (CSV * 9)[:30]
    assert io.BytesIO(b"".join(member.blocks)).read() == CSV * 9
    of.close()
