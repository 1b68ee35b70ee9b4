"""Results of dbt, and what is none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from run_files import read


def results(*found: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    told = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "invocation_id": "i1",
        "generated_at": "2026-01-01T02:00:00Z",
        **metadata,
    }
    return {"metadata": told, "results": list(found)}


def test_results_of_dbt(tmp_path: Path) -> None:
    good = {
        "unique_id": "model.a",
        "status": "success",
        "timing": [
            {"name": "compile", "started_at": "2026-01-01T01:00:00Z", "completed_at": "2026-01-01T01:00:01Z"},
            {"name": "execute", "started_at": "2026-01-01T01:00:01Z", "completed_at": "2026-01-01T01:00:09Z"},
        ],
        "execution_time": 9.1234567,
        "adapter_response": {"rows_affected": 42},
        "message": "SELECT 42",
    }
    bad = {"unique_id": "model.b", "status": "error", "timing": [], "message": "no table", "failures": None}
    path = tmp_path / "run_results.json.gz"
    path.write_bytes(gzip.compress(json.dumps(results(good, bad)).encode()))
    (first, second), letters = read("dbt", path)
    assert letters == []
    assert (first["id"], first["pipeline"], first["run_id"]) == ("i1/model.a", "model.a", "i1")
    assert (first["started_at"], first["ended_at"]) == ("2026-01-01T01:00:00Z", "2026-01-01T01:00:09Z")
    assert (first["seconds"], first["rows"], first["error"]) == ("9.123457", "42", None)
    assert (second["started_at"], second["ended_at"]) == (None, "2026-01-01T02:00:00Z")
    assert (second["seconds"], second["rows"], second["error"]) == (None, None, "no table")


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ({"a": 1}, "no_run_results"),
        (results({"status": "success"}), "incomplete"),
        (results({"unique_id": "a"}, invocation_id=None), "incomplete"),
        (results({"unique_id": "a", "timing": 3}), "result"),
        ({"metadata": results()["metadata"], "results": "none"}, "no_run_results"),
    ],
)
def test_what_is_no_result_is_kept_with_its_reason(tmp_path: Path, document: Any, rule: str) -> None:
    (tmp_path / "r.json").write_text(json.dumps(document))
    good, (bad,) = read("dbt", tmp_path / "r.json")
    assert (good, bad["rule"], bad["_position"]) == ([], rule, 1)


def test_another_artifact_holds_no_runs(tmp_path: Path) -> None:
    manifest = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v7.json"}
    (tmp_path / "manifest.json").write_text(json.dumps({"metadata": manifest, "nodes": {}}))
    assert read("dbt", tmp_path) == ([], [])
