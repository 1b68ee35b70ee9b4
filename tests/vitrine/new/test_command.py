"""``vitrine new``: what it writes can be run, and passes the house's own rules."""

import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from integrity.rules import Module
from integrity.test_house_rules import MODULE_RULES
from vitrine.new.command import portable

ORDERS = """Order ID,InvoiceDate,StockCode,Description,Quantity,Unit Price (€),Paid,class,updated_at
A-1,2026-11-01 08:26:00,85123A,"MUG, WHITE",6,2.55,true,x,2026-11-02T00:00:00Z
A-2,2026-11-01 08:28:00,71053,"LAN""TERN",6,3.39,false,y,2026-11-02T00:00:00Z
A-3,2026-11-02 08:34:00,84406B,,-8,2.7515,true,x,
A-1,2026-11-01 08:26:00,85123A,"MUG, RED",7,2.55,true,x,2026-11-03T00:00:00Z
A-4,2026-11-02 23:59:59.123456+02:00,007,é,9223372036854775807,-0.0001,no,,
"""
FILES = {
    "orders.csv": ORDERS.replace('A-1,2026-11-01 08:26:00,85123A,"MUG, RED"', 'A-5,2026-11-03,1,"RED"'),
    "days.csv": "Tag;Produkt;Menge\n2026-11-01;A;3\n2026-11-01;A;4\n2026-11-02;B;\n2026-11-02;B;-1\n",
    "timeless.csv": "name,score,amount\nann,1.5e3,1.10\nbob,2e1,\nann,,-3.005\n",
    "accounts.ndjson": '{"id": 1, "n": 1.25, "tags": ["a"]}\n{"id": 2, "n": 3, "tags": null}\n',
}


def written(copy: Any) -> list[str]:
    """Python files that are new in a copy."""
    return [one for one in copy.new("shop/tickets", "--code")["files"] if one.endswith(".py")]


def tool(copy: Any, *arguments: str) -> None:
    done = copy.python("-m", *arguments, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"


def test_code_passes_the_rules_of_the_house_and_its_own_test(copy: Any) -> None:
    files = written(copy)
    assert len(files) == 4
    tool(copy, "ruff", "check", "--no-cache", *files)
    tool(copy, "ruff", "format", "--no-cache", "--check", *files)
    tool(copy, "mypy", "--cache-dir=/dev/null", "dags/common/transforms/tickets.py")
    for name in files:
        path, text = PurePosixPath(name), (copy.root / name).read_text("utf-8")
        assert [wrong for rule in MODULE_RULES for wrong in rule(Module(path, text))] == []
    assert "tests/unit/common/transforms/test_tickets.py" in files
    tests = ("tests/unit/common/transforms/test_tickets.py", "tests/unit/samples/test_generate.py")
    tool(copy, "pytest", "-q", *tests)
    tool(copy, "pytest", "-q", "tests/integrity/test_docs.py", "-k", "tickets")
    tool(
        copy,
        "pytest",
        "-q",
        "tests/dags/test_integrity.py",
        "-k",
        "yields and tickets or five_verbs or repeated or noted or pile",
    )
    lint = Path(sys.executable).with_name("datacontract")
    subprocess.run([lint, "lint", copy.root / "include/contracts/shop/tickets.odcs.yaml"], check=True)


def test_code_publishes_its_sample(copy: Any, tmp_path: Path) -> None:
    copy.new("shop/sampled", "--code")
    samples = str(tmp_path / "samples")
    copy.python("-m", "samples.generate", "--out", samples, "--end", "2026-11-20", "--days", "5")
    found = copy.run("shop/sampled", VITRINE_SAMPLES=samples)
    assert found["version"] == 1
    assert found["rows"] == 25
    assert found["schema"] == [
        "date date32[day]",
        "product_id string",
        "units int64",
        "revenue decimal128(18, 2)",
        "order_lines int64",
    ]


def test_yaml_publishes_its_sample_and_code_the_same_of_it(copy: Any, twin: Any) -> None:
    answer = copy.new("shop/lines")
    assert answer["files"] == ["include/pipelines/shop/lines_v1.yaml", "include/samples/shop/lines.csv"]
    copy.python("-m", "vitrine", "check", answer["files"][0])
    found = copy.run("shop/lines")
    assert found["rows"] == 14 * 5
    twin.new("shop/lines", "--code")
    assert twin.run("shop/lines", VITRINE_SHOP_LINES_PATH=str(copy.root / answer["files"][1])) == found


@pytest.mark.parametrize("name", FILES)
def test_yaml_and_code_publish_the_same_bytes(copy: Any, twin: Any, name: str) -> None:
    subject = f"shop/my_{name.partition('.')[0]}"
    found = []
    for one, form in ((copy, "--yaml"), (twin, "--code")):
        given = one.write(f"data/{name}", FILES[name])
        answer = one.new(subject, form, "--from", given)
        assert answer["next"][-1] == "make api"
        found.append(one.run(subject))
    assert found[0] == found[1]
    assert found[0]["rows"] == {"orders.csv": 5, "days.csv": 2, "timeless.csv": 2, "accounts.ndjson": 2}[name]


def test_code_from_files_keeps_the_style_of_the_house(copy: Any) -> None:
    files = []
    for name, text in FILES.items():
        subject = f"styled_{name.partition('.')[0]}"
        answer = copy.new(f"style/{subject}", "--code", "--from", copy.write(f"data/{name}", text))
        files += [one for one in answer["files"] if one.endswith(".py")]
    assert len(files) == 3 * len(FILES)
    tool(copy, "ruff", "check", "--no-cache", *files)
    tool(copy, "ruff", "format", "--no-cache", "--check", *files)
    tool(copy, "mypy", "--cache-dir=/dev/null", *(one for one in files if "/transforms/styled" in one))
    tool(copy, "pytest", "-q", *(one for one in files if one.startswith("tests/")))


def test_a_path_is_written_without_the_machine_where_that_can_be(
    copy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = copy.write("data/a.csv", "id,at\n1,2026-01-01\n")
    copy.new("shop/here", "--from", given)
    assert "path: data/a.csv " in (copy.root / "include/pipelines/shop/here_v1.yaml").read_text()
    monkeypatch.setenv("HOME", "/data/home")
    assert portable("/data/home/a.csv", Path("/y")) == "~/a.csv"
    assert portable("/data/x/a.csv", Path("/y")) == "/data/x/a.csv"
    assert portable("https://example.org/a.csv", Path("/y")) == "https://example.org/a.csv"


def test_it_says_what_it_wrote_and_what_to_do_next(copy: Any) -> None:
    seen = copy.said("shop/told").stdout.splitlines()
    assert seen == [
        "Written:",
        "  include/pipelines/shop/told_v1.yaml",
        "  include/samples/shop/told.csv",
        "Next:",
        "  make catalogue",
        "  vitrine check include/pipelines/shop/told_v1.yaml",
        "  vitrine run include/pipelines/shop/told_v1.yaml",
        "  make api",
    ]


@pytest.mark.parametrize("form", ["--yaml", "--code"])
def test_nothing_that_is_there_is_touched(copy: Any, form: str) -> None:
    copy.new(f"shop/{form[2:]}_first", form)
    before = {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()}
    for again in ("--yaml", "--code"):
        done = copy.said(f"shop/{form[2:]}_first", again, check=False)
        assert done.returncode == 1
        assert "is there already, and nothing is overwritten.\n  Where: " in done.stderr
        assert "_first" in done.stderr
    assert {path: path.read_bytes() for path in copy.root.rglob("*") if path.is_file()} == before


def test_it_writes_into_another_repository(copy: Any, twin: Any) -> None:
    for form, name in (("--yaml", "guest"), ("--code", "coder")):
        answer = copy.new(f"shop/{name}", form, "--into", str(twin.root))
        assert all(Path(one).is_relative_to(twin.root) for one in answer["files"])
        assert not list(copy.root.rglob(f"*{name}*"))
    assert "path: include/samples/shop/guest.csv " in (
        twin.root / "include/pipelines/shop/guest_v1.yaml"
    ).read_text("utf-8")
