import os
from pathlib import Path
from typing import Any

import pytest

ROWS = [
    {"date": "2026-01-05", "product": "desk", "revenue": "1.5000"},
    {"date": "2026-01-06", "product": "lamp", "revenue": "10.0000"},
]


def test_the_plan_and_sample_rows_without_a_trace(pipeline: Path, process: Any, home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.parent.rglob("*")}
    done = process("explain", str(pipeline))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "shop/orders: Daily revenue per product"
    assert "  line 14  filter: date date, sold_at timestamp, product string, quantity integer?, " in done.out
    assert "  line 15  aggregate: date date, product string, revenue decimal(" in done.out
    assert (
        "contract 1.0.0: key date, product; partitioned by day; computed by day; fresh within 48 h" in lines
    )
    assert "sample of order_lines: the first 5 records; 1 quantity_type" in lines
    assert [line.split() for line in lines[-2:]] == [list(row.values()) for row in ROWS]
    assert {path: path.stat().st_mtime_ns for path in home.parent.rglob("*")} == before
    assert not home.exists()


def test_the_plan_as_json(pipeline: Path, run: Any, home: Path) -> None:
    plain = run("explain", str(pipeline), "--rows", "1", "--json").plain
    assert plain["sample"]["rows"] == ROWS[:1]
    assert plain["sample"]["read"] == {"order_lines": {"records": 5, "rejected": {"quantity_type": 1}}}
    assert [step["step"] for step in plain["tables"][-1]["steps"]] == ["filter", "aggregate"]
    assert plain["sources"][0]["kind"] == "files"
    assert "GROUP BY" in plain["sql"]
    assert not home.exists()


def test_without_rows_no_source_is_read(pipeline: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERS")
    done = run("explain", str(pipeline), "--rows", "0", "--json")
    assert (done.code, done.plain["sample"]) == (0, None)
    done = run("explain", str(pipeline), "--json")
    assert (done.code, done.plain["sample"]) == (1, None), "the plan is shown all the same"
    assert "The variable ORDERS is not set." in done.err


def test_no_credential_is_shown(
    pipeline: Path, changed: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "all")
    monkeypatch.setenv("VITRINE_TARGET_ALL", "mysql://me:p4ss@localhost/x")
    targets = "{a: 'postgresql://me:${PASS}@localhost/x', b: enc:abcdef, c: parquet:///data/out}"
    changed("collection:", f"targets: {targets}\ncollection:")
    shown = run("explain", str(pipeline), "--rows", "0", "--json").plain["targets"]
    assert shown.pop("all") == "mysql://***@localhost/x"
    assert shown == {"a": "postgresql://***@localhost/x", "b": "enc:…", "c": "parquet:///data/out"}


def test_a_wrong_file_is_refused_with_all_its_problems(pipeline: Path, changed: Any, run: Any) -> None:
    changed("quantity > 0", "quantiti > 0")
    changed("key: [date, product]", "key: [date, produkt]")
    done = run("explain", str(pipeline))
    assert (done.code, done.out) == (1, "")
    assert "did you mean 'quantity'?" in done.err


@pytest.mark.parametrize("name", ["shop/orders.yaml", "Shop/orders_v1.yaml", "shop/orders_v1.yml"])
def test_a_file_by_another_name_is_refused(pipeline: Path, run: Any, name: str) -> None:
    other = pipeline.parents[1] / "other" / name
    other.parent.mkdir(parents=True)
    other.write_text(pipeline.read_text("utf-8"), "utf-8")
    done = run("explain", str(other))
    assert (done.code, done.out) == (1, "")
    assert "<domain>/<subject>_v<major>.yaml" in done.err
    assert "VITRINE_PIPELINES" not in os.environ
