from pathlib import Path
from typing import Any

import pytest

from common.verbs import operations
from unit.common.verbs.house import House

NAME = "sales/product_revenue"


def kept(house: House) -> list[int]:
    return [one.number for one in operations.history(house.contract, house.settings).versions]


def test_old_versions_are_retired(published: House, process: Any) -> None:
    done = process("vacuum", NAME, "--keep", "1")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{NAME} in main: ")
    assert "1 versions retired" in done.out
    assert kept(published) == [2]


def test_one_collection_or_all(published: House, run: Any) -> None:
    assert run("vacuum").code == 2
    assert run("vacuum", NAME, "--all").code == 2
    done = run("vacuum", "--all", "--json")
    assert done.code == 0
    assert NAME in [one["collection"] for one in done.plain]
    assert len(done.plain) > 1
    assert kept(published) == [2, 1], "as many as the settings say"


def test_a_store_that_fails_does_not_stop_the_others(
    published: House, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.db").write_text("this is no database, whatever its name says", "utf-8")
    monkeypatch.setenv("VITRINE_TARGETS", "broken")
    monkeypatch.setenv("VITRINE_TARGET_BROKEN", f"sqlite:///{tmp_path / 'broken.db'}")
    done = run("vacuum", NAME, "--keep", "1", "--json")
    assert done.code == 1
    assert [(one["store"], "error" in one) for one in done.plain] == [("main", False), ("broken", True)]
    assert kept(published) == [2]
    assert run("vacuum", NAME, "--store", "main").code == 0
