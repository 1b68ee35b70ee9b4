from pathlib import Path
from typing import Any

import pytest

from unit.common.verbs.house import House

NAME = "sales/product_revenue"


def test_a_subject_in_python_is_run_and_published(house: House, process: Any) -> None:
    house.write("b.csv", *["2026-01-06,p1,Mug,1,3.50"] * 30, "2026-01-06,p1,Mug,two,3.50")
    done = process("run", NAME)
    assert done.code == 0
    header, main, ledger, report, letters = done.out.splitlines()
    assert header.split() == [
        "store",
        "outcome",
        "version",
        "rows",
        "inserted",
        "updated",
        "removed",
        "seconds",
    ]
    assert main.split()[:7] == ["main", "published", "1", "2", "2", "0", "0"]
    assert ledger == "ledger  32 read = 31 written + 0 unchanged + 0 de-duplicated + 1 rejected"
    assert Path(report.removeprefix("report  ")).is_file()
    assert letters.endswith(f"vitrine dead-letters {NAME}")
    verbs = [line.split("  ")[1] for line in done.err.splitlines()]
    assert verbs == ["extract order_lines", "transform", "validate", "load main", "publish main"]
    assert house.live().number == 1


def test_json_tells_each_store(
    house: House, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "warehouse")
    monkeypatch.setenv("VITRINE_TARGET_WAREHOUSE", f"sqlite:///{tmp_path / 'other.db'}")
    done = run("run", NAME, "--json")
    assert done.code == 0
    assert [line.split("  ")[1] for line in done.err.splitlines()][-2:] == [
        "load warehouse",
        "publish warehouse",
    ]
    plain = done.plain
    assert [(one["store"], one["outcome"], one["version"], one["rows"]) for one in plain["stores"]] == [
        ("main", "published", 1, 1),
        ("warehouse", "published", 1, 1),
    ]
    assert plain["ledger"]["read"] == 1
    assert plain["run"].startswith("manual__20")
    again = run("run", NAME, "--json").plain
    assert [one["outcome"] for one in again["stores"]] == ["unchanged", "unchanged"]
    assert again["run"] != plain["run"]


def test_a_dry_run_publishes_nothing(house: House, run: Any) -> None:
    done = run("run", NAME, "--dry-run")
    assert done.code == 0
    assert done.out.splitlines()[1].split()[:5] == ["main", "dry", "run", "-", "-"]
    assert run("versions", NAME, "--json").plain["versions"] == []


def test_only_the_days_of_a_window_are_answered_for(house: House, run: Any) -> None:
    house.write("b.csv", "2026-01-06,p1,Mug,2,3.50", "2026-01-07,p1,Mug,2,3.50")
    plain = run("run", NAME, "--window", "2026-01-06..2026-01-07", "--json").plain
    assert plain["window"] == {"start": "2026-01-06T00:00:00Z", "end": "2026-01-07T00:00:00Z"}
    assert house.content().column("date").to_pylist() == [house.content().column("date")[0].as_py()]
    assert str(house.content().column("date")[0]) == "2026-01-06"


@pytest.mark.parametrize("window", ["2026-01-06", "a..b", "2026-01-07..2026-01-06", "a..b..c", ".."])
def test_a_wrong_window_is_wrong_usage(house: House, run: Any, window: str) -> None:
    done = run("run", NAME, "--window", window)
    assert (done.code, done.out) == (2, "")
    assert "--window" in done.err


def test_a_run_that_is_refused_says_why_without_a_traceback(house: House, process: Any) -> None:
    house.write("b.csv", *["2026-01-06,p1,Mug,two,3.50"] * 30)
    done = process("run", NAME)
    assert done.code == 1
    assert done.out.splitlines()[1].split()[:4] == ["main", "FAILED", "-", "-"]
    assert "Traceback" not in done.err
    lines = done.err.splitlines()
    assert "  validate  " in done.err
    assert any(line.startswith("  Where: ") for line in lines)
    assert any(line.startswith("  Next: ") for line in lines)


def test_a_target_that_fails_leaves_the_main_store_published(
    house: House, process: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.db").write_text("this is no database, whatever its name says", "utf-8")
    monkeypatch.setenv("VITRINE_TARGETS", "broken")
    monkeypatch.setenv("VITRINE_TARGET_BROKEN", f"sqlite:///{tmp_path / 'broken.db'}")
    done = process("run", NAME)
    assert done.code == 1
    assert [line.split()[:2] for line in done.out.splitlines()[1:3]] == [
        ["main", "published"],
        ["broken", "FAILED"],
    ]
    assert "Traceback" not in done.err
    assert house.live().number == 1


def test_another_source_needs_a_full_refresh(house: House, run: Any, tmp_path: Path) -> None:
    assert run("run", NAME).code == 0
    other = tmp_path / "elsewhere"
    other.mkdir()
    (house.files / "a.csv").rename(other / "a.csv")
    house.configure(PATH=str(other))
    done = run("run", NAME)
    assert done.code == 1
    assert "full_refresh" in done.err
    assert run("run", NAME, "--full-refresh").code == 0


@pytest.mark.parametrize("what", ["sales", "Sales/x", "a/b/c", "../sales/product_revenue"])
def test_what_is_no_name_is_wrong_usage(run: Any, what: str) -> None:
    assert run("run", what).code == 2


def test_an_unknown_collection_has_a_nearest_name(run: Any) -> None:
    done = run("run", "sales/product_revenu")
    assert done.code == 1
    assert "did you mean 'sales/product_revenue'?" in done.err


def test_a_pipeline_in_yaml_wherever_its_file_stands(
    pipeline: Path, process: Any, run: Any, home: Path
) -> None:
    done = process("run", str(pipeline.relative_to(home.parent)), "--json")
    assert done.code == 0, done.err
    assert [(one["store"], one["outcome"], one["rows"]) for one in done.plain["stores"]] == [
        ("main", "published", 2)
    ]
    assert (done.plain["collection"], done.plain["ledger"]["rejected"]) == (
        "shop/orders",
        {"quantity_type": 1},
    )
    again = run("run", str(pipeline), "--json").plain
    assert [one["outcome"] for one in again["stores"]] == ["unchanged"]
    assert run("versions", "shop/orders", "--json").plain["versions"][0]["rows"] == 2


def test_a_pipelines_own_targets_are_stores_too(
    pipeline: Path, changed: Any, run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", f"sqlite:///{home.parent / 'warehouse.db'}")
    changed("collection:", "targets: {warehouse: '${WAREHOUSE}'}\ncollection:")
    done = run("run", str(pipeline), "--json")
    assert [(one["store"], one["outcome"], one["rows"]) for one in done.plain["stores"]] == [
        ("main", "published", 2),
        ("warehouse", "published", 2),
    ]
    done = run("vacuum", "shop/orders", "--json")
    assert [one["store"] for one in done.plain] == ["main", "warehouse"]
