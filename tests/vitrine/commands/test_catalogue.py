from pathlib import Path
from typing import Any

import pytest

import vlp.catalogue  # noqa: F401 (Airflow logs to what standard output is now, not to that of one command)
from vitrine.commands import catalogue


def test_the_page_is_made_of_the_dags(process: Any) -> None:
    done = process("catalogue")
    assert done.code == 0, done.out + done.err
    assert "vitrine_sales_product_revenue_v1" in done.out


def test_drift_fails_with_the_difference_and_is_mended(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PAGE", tmp_path / "page.md")
    assert run("catalogue", "--check").code == 1
    assert run("catalogue", "--write").code == 0
    assert run("catalogue", "--check", "--json").plain["drifted"] is False
    text = (tmp_path / "page.md").read_text("utf-8")
    (tmp_path / "page.md").write_text(text.replace("sales-data", "other-data"), "utf-8")
    done = run("catalogue", "--check")
    assert done.code == 1
    assert any(line.startswith("-") and "other-data" in line for line in done.out.splitlines())
    assert "make catalogue" in done.err


def test_the_entries_as_json(process: Any) -> None:
    found = {one["dag_id"]: one for one in process("catalogue", "--json").plain}
    mine = found["vitrine_sales_product_revenue_v1"]
    assert (mine["collection"], mine["owner"]) == ("sales/product_revenue", "sales-data")
    assert mine["contract"]["file"] == "include/contracts/sales/product_revenue.odcs.yaml"
