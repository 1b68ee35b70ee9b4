"""The adapter of run records: its settings, and what tells one source from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.io.sources.runs import ADAPTER, RunSettings
from common.utils.errors import SettingsError, SourceError


def test_a_path_is_needed() -> None:
    with pytest.raises(SourceError) as refused:
        ADAPTER.open(RunSettings(format="dbt", path=""), "VITRINE_A_B_")
    assert refused.value.where == "VITRINE_A_B_PATH"


def test_a_format_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="VITRINE_A_B_FORMAT"):
        RunSettings.of("VITRINE_A_B_")


def test_each_format_is_another_source(tmp_path: Path) -> None:
    made = [
        ADAPTER.open(RunSettings(format=kind, path=str(tmp_path)), "")
        for kind in ("openlineage", "dbt", "singer", "airflow")
    ]
    assert len({one.fingerprint for one in made}) == 4
    assert [one.incremental for one in made] == [False, False, False, True]
