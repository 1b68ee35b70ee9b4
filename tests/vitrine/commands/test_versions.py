from typing import Any

from unit.common.verbs.house import House

NAME = "sales/product_revenue"


def test_versions_are_listed_with_the_live_one_first(published: House, run: Any, process: Any) -> None:
    done = process("versions", NAME)
    assert (done.code, done.err) == (0, "")
    header, live, first = done.out.splitlines()
    assert header.split()[:2] == ["version", "rows"]
    assert live.split()[:3] == ["2", "(live)", "2"]
    assert first.split()[:2] == ["1", "1"]
    plain = run("versions", NAME, "--json").plain
    assert [(one["number"], one["rows"], one["run"]) for one in plain["versions"]] == [
        (2, 2, "two"),
        (1, 1, "one"),
    ]
    assert (plain["hold"], plain["events"]) == (None, [])


def test_nothing_is_published_yet(run: Any, home: Any) -> None:
    assert run("versions", NAME).out == f"{NAME}: nothing is published yet.\n"
    assert run("versions", NAME, "--json").plain["versions"] == []
    assert not home.exists()


def test_a_hold_is_told_with_the_way_out(published: House, run: Any) -> None:
    assert run("rollback", NAME, "--reason", "prices", "--hold", "--yes").code == 0
    done = run("versions", NAME)
    assert "rollback of 1" in done.out
    assert "prices. Scheduled runs publish nothing; next: vitrine release" in done.out
    assert run("versions", NAME, "--json").plain["hold"]["reason"] == "prices"


def test_a_target_is_another_store(published: House, run: Any, monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "warehouse")
    monkeypatch.setenv("VITRINE_TARGET_WAREHOUSE", f"sqlite:///{tmp_path / 'other.db'}")
    assert "nothing is published yet" in run("versions", NAME, "--store", "warehouse").out
    done = run("versions", NAME, "--store", "warehous")
    assert done.code == 1
    assert done.err.startswith(f"{NAME} has no store 'warehous': did you mean 'warehouse'?\n  Where: ")
