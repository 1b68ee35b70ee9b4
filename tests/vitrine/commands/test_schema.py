from pathlib import Path
from typing import Any

import pytest

from common.pipelines import schema


def test_it_is_shown(process: Any) -> None:
    done = process("schema")
    assert (done.code, done.err) == (0, "")
    assert done.plain == schema.document()


def test_drift_fails_and_is_mended(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "PATH", tmp_path / "schema.json")
    assert run("schema", "--check").code == 1
    assert run("schema", "--write").code == 0
    assert run("schema", "--check").code == 0
    (tmp_path / "schema.json").write_text("{}", "utf-8")
    done = run("schema", "--check")
    assert done.code == 1
    assert "make pipeline-schema" in done.err
