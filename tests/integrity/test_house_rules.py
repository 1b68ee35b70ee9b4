"""The house rules hold everywhere, and each rule sees a breach."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from integrity import rules
from integrity.rules import Module

REPOSITORY = Path(__file__).resolve().parents[2]
Rule = Callable[[Module], Iterator[str]]

# Path, the packages that it imports beside airflow.sdk, and why there is no way through the SDK.
BEYOND_THE_SDK: dict[str, tuple[tuple[str, ...], str]] = {
    "dags/vlp/local.py": (
        ("airflow.dag_processing.dagbag", "airflow.utils.db"),
        "make run migrates the metadata database and reads the DAG files itself",
    ),
    "plugins/dashboards/security.py": (
        ("airflow.api_fastapi",),
        "the read API checks Airflow's own users, in this one module",
    ),
    "plugins/dashboards/auth/inside.py": (
        ("airflow.api_fastapi", "airflow.models.revoked_token", "airflow.providers.fab", "airflow.settings"),
        "sign-in goes through Airflow's auth manager, and its sessions stand in Airflow's metadata database",
    ),
}
# Modules without a mirrored test, and where they are tested instead.
TESTED_ELSEWHERE = {
    "dags/common/io/collections/backend.py": "tests/contract/test_backend.py",
    "dags/common/io/collections/protocol.py": "tests/contract/test_store.py",
    "dags/common/io/collections/sql/dialect.py": "tests/contract/test_store.py",
}


def airflow_only_by_its_sdk(module: Module) -> Iterator[str]:
    allowed, _ = BEYOND_THE_SDK.get(str(module.path), ((), ""))
    return rules.airflow_only_by_its_sdk(module, allowed)


# Rule, a file's path, a breach there, and the nearest thing that is right.
LONG_BODY = "\n".join(["    x = 1"] * 40)
CASES: list[tuple[Rule, str, str, str]] = [
    (
        rules.no_airflow_but_in_the_glue,
        "dags/common/a.py",
        "def f():\n    import airflow.sdk",
        "import airflowing",
    ),
    (rules.no_airflow_but_in_the_glue, "dags/vitrine/a.py", "import airflow.sdk", "import typer"),
    (
        rules.no_airflow_but_in_the_glue,
        "dags/common/a.py",
        "import_module('airflow.sdk')",
        "import_module('pandas')",
    ),
    (rules.imports_run_one_way, "dags/common/a.py", "from vlp import tasks", "from common.io import lake"),
    (rules.imports_run_one_way, "dags/vlp/a.py", "import dashboards.app", "from common.utils import odcs"),
    (rules.imports_run_one_way, "dags/common/a.py", "import vitrine.app", "import vitrines"),
    (rules.imports_run_one_way, "dags/vitrine/a.py", "from vlp import tasks", "from vlp import connections"),
    (rules.imports_run_one_way, "dags/sales/a.py", "import samples", "from vlp.tasks import extract"),
    (rules.imports_run_one_way, "dags/sales/a.py", "import dags.common", "import common"),
    (rules.imports_run_one_way, "plugins/dashboards/a.py", "import vlp", "from dashboards import deps"),
    (rules.imports_run_one_way, "include/samples/a.py", "import vlp", "import common.utils"),
    (
        rules.imports_run_one_way,
        "tests/unit/a.py",
        "from dags.common import utils",
        "from dags.house import House",
    ),
    (
        airflow_only_by_its_sdk,
        "dags/vlp/a.py",
        "from airflow.models import DAG",
        "from airflow.sdk import dag",
    ),
    (airflow_only_by_its_sdk, "dags/sales/a.py", "import airflow", "import airflow.sdk.definitions"),
    (rules.sizes, "dags/sales/a.py", "x = 1\n" * 81, "x = 1\n" * 80),
    (rules.sizes, "dags/sales/a.py", "# long because of us\n" + "x = 1\n" * 80, "x = 1\n" * 80),
    (rules.sizes, "dags/common/a.py", "x = 1\n" * 251, "# long because of law\n" + "x = 1\n" * 250),
    (
        rules.sizes,
        "dags/common/a.py",
        f"def f():\n{LONG_BODY}",
        f"def f():  # long because of law\n{LONG_BODY}",
    ),
    (
        rules.sizes,
        "dags/common/a.py",
        f"def f():  # long because\n{LONG_BODY}",
        f"def f():\n{LONG_BODY[10:]}",
    ),
    (rules.nothing_swallowed, "dags/a.py", "try: f()\nexcept: raise", "try: f()\nexcept OSError: pass"),
    (
        rules.nothing_swallowed,
        "dags/a.py",
        "try: f()\nexcept Exception: ...",
        "try: f()\nexcept Exception: raise",
    ),
    (rules.no_print_in_common, "dags/common/a.py", "print(1)", "log.info(1)"),
    (rules.no_naive_times, "dags/a.py", "datetime.now()", "datetime.now(UTC)"),
    (rules.no_naive_times, "dags/a.py", "datetime.date.today()", "datetime.now(tz=UTC).date()"),
    (rules.transforms_read_no_world, "dags/common/transforms/a.py", "import os", "import datetime"),
    (
        rules.transforms_read_no_world,
        "dags/common/transforms/a.py",
        "datetime.now(UTC)",
        "datetime(2026, 1, 1)",
    ),
    (rules.transforms_read_no_world, "dags/common/transforms/a.py", "def f():\n    global x", "x = 1"),
    (
        rules.transforms_read_no_world,
        "dags/common/transforms/a.py",
        "from common.utils import settings",
        "import re",
    ),
]
MODULE_RULES = list(dict.fromkeys(rule for rule, *_ in CASES))


def modules() -> list[Module]:
    """Every Python module of the repository, the tests' own too."""
    found = [
        path for room in ("dags", "plugins", "include", "benchmarks", "tests") for path in room_files(room)
    ]
    return [
        Module(PurePosixPath(path.relative_to(REPOSITORY).as_posix()), path.read_text("utf-8"))
        for path in found
    ]


def room_files(room: str) -> list[Path]:
    return sorted((REPOSITORY / room).rglob("*.py"))


@pytest.mark.parametrize("rule", MODULE_RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    judged = [module for module in modules() if module.room != "tests" or rule is rules.imports_run_one_way]
    assert len(judged) > 10, "the rule looked at next to nothing"
    assert [f"{module.path}:{wrong}" for module in judged for wrong in rule(module)] == []


@pytest.mark.parametrize(
    ("rule", "path", "breach", "right"), CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_the_rule_sees_a_breach(rule: Rule, path: str, breach: str, right: str) -> None:
    assert list(rule(Module(PurePosixPath(path), breach)))
    assert list(rule(Module(PurePosixPath(path), right))) == []


def test_an_exception_to_the_sdk_rule_is_used_and_has_a_reason() -> None:
    for path, (packages, reason) in BEYOND_THE_SDK.items():
        module = Module(PurePosixPath(path), (REPOSITORY / path).read_text("utf-8"))
        imported = [name for _, name in module.imports()]
        for package in packages:
            assert any(rules.within(name, package) for name in imported), f"{path} needs no {package}"
        assert len(reason) > 20
    bad = Module(PurePosixPath("dags/vlp/a.py"), "import airflow.models")
    assert list(rules.airflow_only_by_its_sdk(bad, ("airflow.models",))) == []


def test_every_module_has_its_mirrored_test() -> None:
    judged = [path for room in ("dags/common", "dags/vlp", "dags/vitrine") for path in room_files(room)]
    missing = []
    for path in (PurePosixPath(path.relative_to(REPOSITORY).as_posix()) for path in judged):
        places = rules.mirrors(path)
        if str(path) in TESTED_ELSEWHERE:
            assert (REPOSITORY / TESTED_ELSEWHERE[str(path)]).is_file()
        elif places and not any((REPOSITORY / place).is_file() for place in places):
            missing.append(f"{path}: no {' or '.join(places)}")
    assert missing == []


def test_the_mirror_of_a_module() -> None:
    assert rules.mirrors(PurePosixPath("dags/common/io/lake.py")) == ("tests/unit/common/io/test_lake.py",)
    assert rules.mirrors(PurePosixPath("dags/vlp/run.py"))[1] == "tests/dags/test_run.py"
    assert rules.mirrors(PurePosixPath("dags/vitrine/app.py")) == ("tests/vitrine/test_app.py",)
    assert rules.mirrors(PurePosixPath("dags/common/__init__.py")) == ()


def test_nothing_names_a_folder_of_one_machine() -> None:
    assert shutil.which("git"), "git is needed to list the repository's files"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
    found = []
    for name in filter(None, output.split("\0")):
        path = REPOSITORY / name
        if path.is_file() and path.suffix not in (".png", ".jpg", ".ico"):
            found += [f"{name}:{wrong}" for wrong in rules.no_machine_paths(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize("folder", ["work/main", "root", "tmp/x", "home/ann/x", "Users/ann"])
def test_a_machines_folder_is_seen(folder: str) -> None:
    assert list(rules.no_machine_paths(f'path = "/{folder}"'))
    assert list(rules.no_machine_paths(f"see network/{folder} and /home/airflow/x")) == []
