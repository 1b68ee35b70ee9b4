"""Copies of the repository to write new pipelines into, and to run what was written."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]

# Runs all five verbs and says what is live: schema and rows, without the times at which they were staged.
RUN = """
import hashlib, json, sys
from datetime import UTC, datetime
from common.io.collections.protocol import Query
from common.pipelines.contracts import contract_of
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.pipeline import run_all
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
settings = Settings.from_environment()
contract = contract_of(settings, sys.argv[1])
run = Run("run", Window(None, datetime(2030, 1, 1, tzinfo=UTC)), scheduled=False)
run_all(Subject.of(contract), contract, settings, run)
with opened(contract, settings, read_only=True) as collection:
    version = collection.live()
    rows = collection.read(version.number, Query(limit=1_000_000)).rows.select(contract.schema.names)
print(json.dumps({
    "version": version.number,
    "rows": rows.num_rows,
    "schema": [f"{field.name} {field.type}" for field in rows.schema],
    "first": [str(value) for value in (rows.to_pylist() or [{}])[0].values()],
    "sha256": hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest(),
}))
"""


@dataclass(frozen=True)
class Copy:
    """The files of the repository as they are now, in another folder, with a home of their own."""

    root: Path

    def python(
        self, *arguments: str, check: bool = True, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        rooms = ("dags", "plugins", "include")
        environment = {
            **os.environ,
            "PYTHONPATH": ":".join(str(self.root / room) for room in rooms),
            "VITRINE_HOME": str(self.root.parent / f"{self.root.name}-home"),
            **variables,
        }
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def new(self, *arguments: str) -> dict[str, Any]:
        """``vitrine new``; what it answers as JSON."""
        answer: dict[str, Any] = json.loads(self.said(*arguments, "--json").stdout)
        return answer

    def said(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """``vitrine new``; what it writes to the terminal."""
        return self.python("-m", "vitrine", "new", *arguments, check=check)

    def run(self, name: str, **variables: str) -> dict[str, Any]:
        """All five verbs of a collection; what is live then."""
        answer: dict[str, Any] = json.loads(self.python("-c", RUN, name, **variables).stdout.splitlines()[-1])
        return answer

    def write(self, name: str, text: str) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return str(path)


def copied(root: Path) -> Copy:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
    for name in filter(None, output.split("\0")):
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, root / name)
    (root / ".venv").symlink_to(REPOSITORY / ".venv")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)  # a test of the copy lists its files
    return Copy(root)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the repository, for pipelines of other names in each test."""
    return copied(tmp_path_factory.mktemp("one") / "copy")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Another one."""
    return copied(tmp_path_factory.mktemp("other") / "twin")
