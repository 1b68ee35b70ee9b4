"""``make run`` on small files: what it prints, and its exit code."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest

from dags.house import House
from vlp import run

ONLY = "ONLY=sales/product_revenue"  # the house has one domain's source


class Terminal:
    """Stands in for the terminal: pytest has taken the real one, and Airflow's log goes where pytest says."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and what a person sees."""
        seen = StringIO()

        @contextmanager
        def output_into(log: Path) -> Iterator[StringIO]:
            yield seen

        self._patch.setattr(run, "output_into", output_into)
        return run.main([ONLY, *arguments]), seen.getvalue()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("PATH", "COLUMNS", "KEY", "UPDATED_AT", "DELIMITER", "ENCODING"):  # put back what run sets
        variable = f"VITRINE_SALES_PRODUCT_REVENUE_{name}"
        monkeypatch.setenv(variable, os.environ.get(variable, ""))
        if not os.environ[variable]:
            monkeypatch.delenv(variable)
    return Terminal(monkeypatch)


def python(repository: Path, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(repository / "dags"), "VITRINE_HOME": str(home)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_it_publishes_then_finds_nothing_new_then_refreshes(house: House, terminal: Terminal) -> None:
    code, seen = terminal.run()
    assert code == 0
    assert "  extract_order_lines … 0." in seen
    assert "sales/product_revenue  published  1        2" in seen
    assert "3 read = 3 written" in seen
    assert "stale" in seen
    assert "make up" in seen

    code, seen = terminal.run()
    assert code == 0
    assert "nothing new" in seen
    assert "3 read = 0 written + 3 unchanged" in seen

    house.files = house.files.with_name("theirs")
    house.files.mkdir()
    house.write("x.csv", "2026-01-05;A;;1;2.00", header="Tag;product_id;product_name;quantity;unit_price")
    code, seen = terminal.run(f"DATA={house.files}", "COLUMNS=date=Tag", "DELIMITER=;")
    assert code == 0
    assert "full refresh" in seen
    assert "published  2        1" in seen
    assert [row["product_id"] for row in house.rows()] == ["A"]
    assert f"make up DATA={house.files} COLUMNS=date=Tag 'DELIMITER=;'" in seen


def test_what_failed_is_said_and_the_exit_code_is_1(house: House, terminal: Terminal) -> None:
    house.write("a.csv", *["2026-13-45,P-1,Cup,two,3.50"] * 50)
    code, seen = terminal.run()
    assert code == 1
    assert "  validate_product_revenue … failed\n" in seen
    assert "FAILED" in seen
    assert "sales/product_revenue was not published.\nvalidate_product_revenue: " in seen
    assert "rejected_share" in seen
    assert house.live is None


def test_each_target_is_shown_and_one_that_fails_is_the_exit_code(
    house: House, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "away.db").mkdir()
    monkeypatch.setenv("VITRINE_TARGETS", "archive,away")
    for name in ("archive", "away"):
        monkeypatch.setenv(f"VITRINE_TARGET_{name.upper()}", f"sqlite:///{tmp_path / name}.db")
    code, seen = terminal.run()
    assert code == 1
    assert "  load_product_revenue_to_archive … " in seen
    assert "sales/product_revenue             published  1        2" in seen
    assert "sales/product_revenue to archive  published  1        2" in seen
    assert "sales/product_revenue to away     FAILED     -        -" in seen
    assert "sales/product_revenue to away was not published.\nload_product_revenue_to_away: " in seen
    (tmp_path / "away.db").rmdir()
    code, seen = terminal.run()
    assert code == 0
    assert "sales/product_revenue             nothing new  1        2" in seen
    assert "sales/product_revenue to away     published    1        2" in seen


def test_it_tries_again_once_and_soon(house: House, terminal: Terminal) -> None:
    (house.files / "a.csv").write_text("nothing,of,ours\n1,2,3\n")
    code, seen = terminal.run()
    assert code == 1
    assert seen.count("  extract_order_lines … failed, trying again: ") == 1
    assert seen.count("  extract_order_lines … failed\n") == 1


def test_the_real_command_keeps_airflows_chatter_in_its_log(house: House, repository: Path) -> None:
    done = python(repository, house.settings.home, "-m", "vlp.run", ONLY)
    assert done.stderr == ""
    assert "sales/product_revenue  published" in done.stdout
    assert "[DAG TEST]" not in done.stdout
    log = next(line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith("Log: "))
    assert "[DAG TEST]" in Path(log).read_text()


def test_output_goes_into_the_log_and_comes_back(tmp_path: Path, repository: Path) -> None:
    script = f"""
import os, pathlib, sys
from vlp.run import output_into
try:
    with output_into(pathlib.Path({str(tmp_path / "logs" / "a.log")!r})) as terminal:
        print("chatter")
        os.write(2, b"noise\\n")
        print("for you", file=terminal)
        raise ValueError
except ValueError:
    print("after")
"""
    done = python(repository, tmp_path, "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "for you\nafter\n", "")
    assert sorted((tmp_path / "logs" / "a.log").read_text().split()) == ["chatter", "noise"]


def test_a_wrong_argument_is_one_clear_line(tmp_path: Path, repository: Path) -> None:
    done = python(repository, tmp_path, "-m", "vlp.run", f"DATA={tmp_path / 'nowhere'}")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("DATA names ")
    assert "Traceback" not in done.stderr + done.stdout
