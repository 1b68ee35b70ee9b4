"""The Makefile's own logic, as far as it goes without installing anything."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TARGETS = {"setup", "run", "up", "api", "token", "openapi", "dead-letters"}
TARGETS |= {"check-pipelines", "pipeline-schema", "catalogue", "check-generated"}
TARGETS |= {"test", "faults", "lint", "types", "bench", "lock", "clean", "help"}


def make(folder: Path, *arguments: str, cwd: Path | None = None, **variables: str) -> str:
    command = ["make", "--no-print-directory", "-C", str(folder), *arguments]
    environment = {**os.environ, "PWD": str(cwd or folder), **variables}
    done = subprocess.run(
        command, cwd=cwd or folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_help_is_the_default_and_lists_every_target(repository: Path) -> None:
    listed = re.findall(r"^  make ([a-z-]+) +\S", make(repository), re.MULTILINE)
    assert set(listed) == TARGETS
    assert make(repository) == make(repository, "help")


def test_every_target_is_phony(repository: Path) -> None:
    text = (repository / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert set(phony.split()) == TARGETS


def test_the_source_is_handed_on_as_it_was_given(repository: Path) -> None:
    planned = make(repository, "-n", "run", "DATA=my 'own' orders", "COLUMNS=date=Day,quantity=N")
    (line,) = [line for line in planned.splitlines() if "vlp.run" in line]
    arguments = line.split("vlp.run")[1]
    printed = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {arguments}"], capture_output=True, text=True, check=True
    )
    assert printed.stdout.splitlines() == ["DATA=my 'own' orders", "COLUMNS=date=Day,quantity=N"]


def test_the_width_of_the_terminal_is_no_mapping(repository: Path) -> None:
    planned = make(repository, "-n", "run", COLUMNS="120", KEY="x", DATA="y")
    assert planned.splitlines()[-1].strip().endswith("python -m vlp.run")


@pytest.mark.parametrize(
    ("target", "given", "port"),
    [
        ("api", (), "--port 8099"),
        ("api", ("PORT=9",), "--port 9"),
        ("up", (), "PORT=8080"),
        ("up", ("PORT=9",), "PORT=9"),
    ],
)
def test_ports(repository: Path, target: str, given: tuple[str, ...], port: str) -> None:
    assert port in make(repository, "-n", target, *given).splitlines()[-1]


def test_an_old_python_is_refused_with_the_way_out(tmp_path: Path, repository: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1"\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "env").mkdir()
    for name in ("requirements.txt", "env/bootstrap.txt", "env/requirements-dev.txt"):
        (tmp_path / name).touch()
    (tmp_path / "Makefile").write_text((repository / "Makefile").read_text("utf-8"))
    done = subprocess.run(
        ["make", "-C", str(tmp_path), "setup", f"PYTHON={old}"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.9.1" in done.stderr
    assert "PYTHON=python3.12" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_bench_without_a_name_says_which_there_are(repository: Path) -> None:
    done = subprocess.run(
        ["make", "-C", str(repository), "-n", "bench"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "NAME is missing" in done.stderr


def test_clean_takes_the_local_data_and_leaves_the_environment(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "Makefile").write_text((repository / "Makefile").read_text("utf-8"))
    for folder in (".vitrine", ".venv", "dags/__pycache__", "plugins", "include", "tests", "benchmarks"):
        (tmp_path / folder).mkdir(parents=True)
    make(tmp_path, "clean")
    assert not (tmp_path / ".vitrine").exists()
    assert not (tmp_path / "dags" / "__pycache__").exists()
    assert (tmp_path / ".venv").exists()


def test_a_relative_path_is_seen_from_where_make_was_called(tmp_path: Path, repository: Path) -> None:
    probe = tmp_path / "Makefile"
    own = (repository / "Makefile").read_text("utf-8")
    probe.write_text(own + "\nprobe:\n\t@echo $$VITRINE_CALLED_FROM\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert make(tmp_path, "probe", cwd=elsewhere).strip() == str(elsewhere)
