"""The command that writes sample files."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from common.verbs.subject import Subject
from samples import generate as command
from samples.generate import SEED, generate, main, subjects

END = date(2026, 3, 20)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """One subject, whose files say how they were asked for."""

    def files(*asked: object) -> Iterator[tuple[str, str]]:
        yield "a/b.txt", repr(asked[0])
        yield "c.txt", "always"

    module = SimpleNamespace(files=files, VARIABLES={"lines": {"PATH": "{folder}/a", "KEY": "id"}})
    monkeypatch.setattr(command, "subjects", lambda: [("sales", "tiny")])
    monkeypatch.setattr(command.importlib, "import_module", lambda _: module)
    return module


def test_each_sample_is_of_a_subject_and_of_its_sources() -> None:
    found = list(subjects())
    assert ("sales", "product_revenue") in found
    for domain, name in found:
        sample = command.importlib.import_module(f"samples.{name}")
        assert set(sample.VARIABLES) <= set(Subject(domain, name, 1).module().SOURCES), name


def test_files_and_variables_are_written(tmp_path: Path, tiny: SimpleNamespace) -> None:
    assert generate(tmp_path / "new", END, days=3) == 2
    folder = tmp_path / "new" / "sales" / "tiny"
    assert (folder / "a" / "b.txt").read_text() == repr(SEED)
    index = json.loads(folder.with_suffix(".json").read_text())
    assert index["variables"] == {"lines": {"PATH": f"{folder}/a", "KEY": "id"}}
    assert index["of"] == [SEED, "2026-03-18", "2026-03-20"]


def test_what_is_there_is_left_alone_and_what_changes_is_written_again(
    tmp_path: Path, tiny: SimpleNamespace
) -> None:
    generate(tmp_path, END)
    assert generate(tmp_path, END) == 0
    always = tmp_path / "sales" / "tiny" / "c.txt"
    before = always.stat().st_mtime_ns
    assert generate(tmp_path, END, seed=5) == 1
    assert always.stat().st_mtime_ns == before
    always.unlink()
    assert generate(tmp_path, date(2026, 3, 21), seed=5) == 1


def test_a_file_is_there_whole_or_not_at_all(
    tmp_path: Path, tiny: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            generate(tmp_path, END)
    assert list(tmp_path.rglob("*.txt")) == []
    assert generate(tmp_path, END) == 2, "killed, it is not done"


def test_the_command_says_one_line(
    tmp_path: Path, tiny: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path), "--end", "2026-03-31", "--days", "1"]) == 0
    assert capsys.readouterr().out == f"samples: 2 files written to {tmp_path}\n"
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--end", "2026-03-31", "--days", "0"])
