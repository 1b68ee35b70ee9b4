"""Files are written all or none."""

from pathlib import Path

import pytest

from vitrine.new import writing
from vitrine.new.names import NewError
from vitrine.new.writing import write


def contents(folder: Path) -> dict[str, str]:
    """All that is below a folder; of folders the name alone."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def test_all_are_written_and_nothing_else(tmp_path: Path) -> None:
    write({tmp_path / "a" / "b" / "one.txt": "1\n", tmp_path / "a" / "two.txt": "ü\n"})
    assert contents(tmp_path) == {"a": "", "a/b": "", "a/b/one.txt": "1\n", "a/two.txt": "ü\n"}


def test_where_one_is_there_none_is_written(tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text("mine")
    (tmp_path / "link.txt").symlink_to("nowhere")
    for there in ("two.txt", "link.txt"):
        with pytest.raises(NewError, match=f"nothing is overwritten. Where: {tmp_path / there}"):
            write({tmp_path / "new" / "one.txt": "1", tmp_path / there: "2"})
    assert contents(tmp_path).keys() == {"two.txt", "link.txt"}
    assert (tmp_path / "two.txt").read_text() == "mine"


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    place = writing._place

    def last_fails(whole: Path, path: Path) -> None:
        if path.name == "three.txt":
            raise error
        place(whole, path)

    monkeypatch.setattr(writing, "_place", last_fails)
    with pytest.raises(type(error)):
        write({tmp_path / "a" / name: "1" for name in ("one.txt", "two.txt", "three.txt")})
    assert contents(tmp_path) == {}


def test_a_file_that_another_writes_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = writing._place

    def another_was_faster(whole: Path, path: Path) -> None:
        path.write_text("theirs")
        place(whole, path)

    monkeypatch.setattr(writing, "_place", another_was_faster)
    with pytest.raises(NewError, match="A file is there already"):
        write({tmp_path / "a" / "one.txt": "ours"})
    assert contents(tmp_path) == {"a": "", "a/one.txt": "theirs"}
