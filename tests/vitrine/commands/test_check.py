from pathlib import Path
from typing import Any

import pytest

from common.pipelines.values import KEY, encrypted, new_key


def test_a_right_file_has_no_problem(pipeline: Path, process: Any, home: Path) -> None:
    done = process("check", str(pipeline.relative_to(home.parent)))
    assert (done.code, done.out, done.err) == (0, "pipelines: 1, problems: 0\n", "")
    assert not home.exists()


def test_all_problems_of_all_files_are_told_at_their_places(
    pipeline: Path, changed: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = pipeline.with_name("more_v1.yaml")
    other.write_text("owner: [\n", "utf-8")
    changed("quantity > 0", "quantiti > 0")
    changed("owner: shop-data", "ownr: shop-data")
    monkeypatch.setenv("VITRINE_PIPELINES", str(pipeline.parents[1]))
    done = run("check", "--json")
    assert done.code == 1
    broken, mine = done.plain["files"]
    missing, unknown = mine["problems"]
    assert missing["problem"] == "'owner' is missing"
    assert (unknown["line"], unknown["column"]) == (2, 1)
    assert "did you mean 'owner'?" in unknown["problem"]
    assert broken["file"] == str(other)
    assert "not YAML" in broken["problems"][0]["problem"]
    changed("ownr: shop-data", "owner: shop-data")
    lines = run("check").out.splitlines()
    assert lines[0].startswith(f"{other}:2:1: The file is not YAML")
    assert any(f"{pipeline}:14:13: " in line and "did you mean 'quantity'?" in line for line in lines)
    assert lines[-1].startswith("pipelines: 2, ")


def test_a_file_that_is_not_there_is_a_problem(run: Any) -> None:
    done = run("check", "nowhere/shop/orders_v1.yaml")
    assert done.code == 1
    assert "cannot be read" in done.out


def test_what_is_looked_up_is_looked_up_on_request(
    pipeline: Path, changed: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, new_key())
    secret = encrypted("postgresql://me:p4ss@localhost/x")
    changed("collection:", f"targets: {{warehouse: {secret}}}\ncollection:")
    assert run("check", str(pipeline), "--resolve").code == 0
    monkeypatch.setenv(KEY, new_key())
    monkeypatch.delenv("ORDERS")
    assert run("check", str(pipeline)).code == 0
    done = run("check", str(pipeline), "--resolve", "--json")
    assert done.code == 1
    places = [(one["line"], one["problem"].split(".")[0]) for one in done.plain["files"][0]["problems"]]
    assert places == [
        (6, "The variable ORDERS is not set"),
        (16, f"An encrypted value cannot be decrypted by {KEY}"),
    ]
    assert "p4ss" not in done.out + done.err


def test_the_repositorys_own_pipelines_are_right(run: Any) -> None:
    done = run("check")
    assert (done.code, done.err) == (0, ""), done.out
    assert not done.out.startswith("0 pipelines")
