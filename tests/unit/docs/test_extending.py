"""The guide for extending: its examples are those that are run here, each in its folder."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "extending.md"
FOLDERS = {
    "adapter.py": "dags/common/io/sources/fixed_width.py",
    "step.py": "dags/common/pipelines/steps/running_total.py",
    "target.py": "dags/common/io/collections/files/formats/arrow.py",
}
FUNCTIONS = "dags/common/pipelines/expressions/functions_of_rows.py"
OF_TEXTS = "_OF_TEXTS: Mapping[str, Function] = {\n"
LINES = [
    *(
        ("2026-11-01", 1, "alice", "10.50"),
        ("2026-11-01", 2, "bob", "3.00"),
        ("2026-11-01", 3, "alice", "-20"),
    ),
    *(("2026-11-02", 1, "alice", "0.01"), ("2026-11-02", 2, "bob", "much")),
    *(("2026-11-03", line, "carol", "1.00") for line in range(1, 41)),
]

# Runs the pipeline and says what each store has, and the rules of its dead letters.
RUN = """
import json
from datetime import UTC, datetime
from common.io import dead_letters, lake
from common.io.collections.protocol import Query
from common.pipelines.contracts import contract_of
from common.pipelines.targets import with_targets
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.pipeline import run_all
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
settings = Settings.from_environment()
contract = contract_of(settings, "finance/balances")
settings = with_targets(settings, contract, "feather")
run = Run("run", Window(None, datetime(2030, 1, 1, tzinfo=UTC)), scheduled=False)
run_all(Subject.of(contract), contract, settings, run)
found = {}
for store in settings.stores:
    with opened(contract, settings, store, read_only=True) as collection:
        rows = collection.read(collection.live().number, Query(limit=100)).rows
    rows = rows.select(contract.schema.names).to_pylist()
    found[store] = [[str(value) for value in row.values()] for row in rows]
with lake.connect(settings) as duck:
    uri = dead_letters.table_uri(settings, "finance", "balances")
    found["letters"] = sorted(row["rule"] for row in dead_letters.read(duck, uri, "run").to_pylist())
print(json.dumps(found))
"""


def block(name: str) -> str:
    """What stands in the page after a marker."""
    marked = rf"^<!-- {re.escape(name)} -->\n```\w+\n(.*?)^```$"
    (found,) = re.findall(marked, PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which every example stands in its place."""
    root = tmp_path_factory.mktemp("extended") / "copy"
    for room in ("dags", "tests/unit/common/io/collections", "include/contracts"):
        shutil.copytree(REPOSITORY / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (REPOSITORY / "tests").glob("*.py"):
        shutil.copy(path, root / "tests")
    shutil.copytree(REPOSITORY / "tests/contract", root / "tests/contract")
    shutil.copytree(REPOSITORY / "tests/servers", root / "tests/servers", dirs_exist_ok=True)
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    for name, place in FOLDERS.items():
        assert not (root / place).exists(), "an example is no part of the house"
        shutil.copy(REPOSITORY / "docs" / "examples" / name, root / place)
    functions = root / FUNCTIONS
    text = functions.read_text("utf-8")
    assert text.count(OF_TEXTS) == 1
    functions.write_text(text.replace(OF_TEXTS, OF_TEXTS + block("function")), "utf-8")
    pipeline = root / "include" / "pipelines" / "finance" / "balances_v1.yaml"
    pipeline.parent.mkdir(parents=True)
    pipeline.write_text(block("pipeline"), "utf-8")
    return root


def python(root: Path, *arguments: str, **variables: str) -> str:
    own = {"PYTHONPATH": str(root / "dags"), "VITRINE_HOME": str(root / "home")}
    environment = {**os.environ, **own, **variables}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_shows_the_file(name: str) -> None:
    text = (REPOSITORY / "docs" / "examples" / name).read_text("utf-8")
    assert block(name) == text
    assert len(text.splitlines()) < 100


def test_every_example_is_typed(copy: Path) -> None:
    python(copy, "-m", "mypy", "--cache-dir=/dev/null", *FOLDERS.values())
    python(copy, "-m", "ruff", "check", "--no-cache", *FOLDERS.values(), FUNCTIONS)
    python(copy, "-m", "ruff", "format", "--no-cache", "--check", *FOLDERS.values(), FUNCTIONS)


def test_a_pipeline_runs_with_all_of_them(copy: Path, tmp_path: Path) -> None:
    bookings = tmp_path / "bookings.txt"
    lines = [f"{day}{line:>4}{account:<10}{amount:>10}" for day, line, account, amount in LINES]
    bookings.write_text("\n".join([*lines, "2026-11-03  41", ""]), "utf-8")
    given = {"BOOKINGS": str(bookings), "OUT": str(tmp_path / "out")}
    found = json.loads(python(copy, "-c", RUN, **given).splitlines()[-1])
    assert found["main"] == found["feather"]
    assert found["main"][:4] == [
        ["2026-11-01", "1", "alice", "10.50", "A", "10.50"],
        ["2026-11-01", "2", "bob", "3.00", "B", "3.00"],
        ["2026-11-01", "3", "alice", "-20.00", "A", "-9.50"],
        ["2026-11-02", "1", "alice", "0.01", "A", "0.01"],
    ]
    assert found["main"][-1] == ["2026-11-03", "40", "carol", "1.00", "C", "40.00"]
    assert len(found["main"]) == len(LINES) - 1
    assert found["letters"] == ["amount_type", "too_short"]
    assert list((tmp_path / "out").rglob("*.arrow"))


def test_the_format_passes_the_tests_of_all_formats(copy: Path) -> None:
    folder = "tests/unit/common/io/collections/files"
    tests = (f"{folder}/formats/test_formats.py", f"{folder}/test_backend.py", f"{folder}/test_chunks.py")
    said = python(copy, "-m", "pytest", "-q", "-k", "arrow or format", *tests)
    assert "passed" in said
