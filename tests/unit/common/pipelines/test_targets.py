from pathlib import Path

import pytest

from common.pipelines.checked import checked
from common.pipelines.targets import with_targets
from common.utils.errors import SettingsError
from common.utils.settings import Settings
from unit.common.pipelines.pipeline_kit import house, published, rows, written

TARGETS = "owner:", "targets: {files: 'parquet://${OUT}/files', away: '${AWAY}'}\nowner:"


def test_a_target_holds_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    monkeypatch.setenv("OUT", str(tmp_path / "out"))
    monkeypatch.setenv("AWAY", f"csv://{tmp_path}/away")
    right = published(written(tmp_path, TARGETS), settings)
    assert rows(right, settings, "files") == rows(right, settings) == rows(right, settings, "away")
    assert list((tmp_path / "out").rglob("*.parquet"))


def test_only_the_place_that_is_needed_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    monkeypatch.setenv("OUT", str(tmp_path))
    contract = checked(written(tmp_path, TARGETS), settings).contract
    assert with_targets(settings, contract, "files").store_url("files") == f"parquet://{tmp_path}/files"
    assert with_targets(settings, contract).stores == ("main", "files", "away")
    with pytest.raises(SettingsError, match="The variable AWAY is not set"):
        with_targets(settings, contract, "away")


def test_a_name_belongs_to_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    contract = checked(written(tmp_path, TARGETS), settings).contract
    monkeypatch.setenv("VITRINE_TARGETS", "files")
    monkeypatch.setenv("VITRINE_TARGET_FILES", "csv:///elsewhere")
    with pytest.raises(
        SettingsError, match="The target 'files' of shop/orders is one of VITRINE_TARGETS too"
    ):
        with_targets(Settings.from_environment(), contract)
