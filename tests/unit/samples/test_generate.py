"""The command that writes sample files."""

import time
from datetime import date
from pathlib import Path

import pytest

from samples.generate import generate, main
from samples.orders import day_file


def test_whole_weeks_are_written_up_to_the_last_day(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    assert generate(out, date(2026, 3, 31), days=10) == (16, 0)  # from Monday 16 March, not Sunday 22
    names = sorted(path.name for path in out.iterdir())
    assert (names[0], names[-1], len(names)) == ("orders-2026-03-16.csv", "orders-2026-03-31.csv", 16)
    assert (out / names[0]).read_text() == day_file(20260101, date(2026, 3, 16))


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    generate(tmp_path, date(2026, 3, 20), days=1)
    kept = tmp_path / "orders-2026-03-18.csv"
    kept.write_text("mine")
    (tmp_path / "orders-2026-03-17.csv").unlink()
    assert generate(tmp_path, date(2026, 3, 21), days=1) == (2, 4)
    assert kept.read_text() == "mine"


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, date(2026, 3, 20), days=1)
    assert list(tmp_path.glob("*.csv")) == []


def test_the_command_says_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--end", "2026-03-31", "--days", "1"]) == 0
    assert capsys.readouterr().out == f"samples: 2 files written to {tmp_path}, 0 were there\n"
    assert main(["--out", str(tmp_path), "--end", "2026-03-31", "--days", "1", "--seed", "5"]) == 0
    assert capsys.readouterr().out == f"samples: 0 files written to {tmp_path}, 2 were there\n"
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--end", "2026-03-31", "--days", "0"])


def test_ninety_days_and_a_hundred_thousand_lines_in_seconds(tmp_path: Path) -> None:
    start = time.perf_counter()
    written, _ = generate(tmp_path, date(2026, 3, 31))
    assert time.perf_counter() - start < 10  # about one on two idle cores
    assert written >= 90
    assert sum(path.read_bytes().count(b"\n") - 1 for path in tmp_path.iterdir()) >= 100_000
