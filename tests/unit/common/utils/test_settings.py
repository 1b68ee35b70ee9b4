from pathlib import Path

import pytest
from pydantic import ValidationError

from common.utils.errors import SettingsError
from common.utils.settings import REPOSITORY, FileSource, Settings

PREFIX = "VITRINE_SALES_PRODUCT_REVENUE_"


def test_without_an_environment_everything_stands_in_the_repository() -> None:
    settings = Settings.from_environment()
    assert settings.home == REPOSITORY / ".vitrine"
    assert settings.contracts == REPOSITORY / "include" / "contracts"
    assert (settings.lookback_days, settings.batch_size, settings.keep_versions) == (3, 1000, 3)


def test_places_follow_home_unless_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", "/srv/vitrine")
    settings = Settings.from_environment()
    assert settings.lake_root == "/srv/vitrine/lake"
    assert settings.collections_url == "sqlite:////srv/vitrine/collections.db"
    assert settings.reports == Path("/srv/vitrine/reports")
    monkeypatch.setenv("VITRINE_LAKE", "s3://lake")
    monkeypatch.setenv("VITRINE_COLLECTIONS", "postgresql://db/collections")
    settings = Settings.from_environment()
    assert (settings.lake_root, settings.collections_url) == ("s3://lake", "postgresql://db/collections")


def test_every_wrong_variable_is_named_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKBACK_DAYS", "geheim")
    monkeypatch.setenv("VITRINE_MEMORY_LIMIT", "hidden")
    with pytest.raises(
        SettingsError, match=r"LOOKBACK_DAYS: .*VITRINE_MEMORY_LIMIT: .*env/\.env\.example"
    ) as caught:
        Settings.from_environment()
    assert "geheim" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().batch_size = 5  # type: ignore[misc]


def test_a_file_source_reads_its_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "PATH", "/data")
    monkeypatch.setenv(PREFIX + "COLUMNS", "date=InvoiceDate, product_id = StockCode,")
    monkeypatch.setenv(PREFIX + "KEY", "InvoiceNo, StockCode,")
    monkeypatch.setenv(PREFIX + "DELIMITER", ";")
    source = FileSource.of("sales", "product_revenue")
    assert source.path == "/data"
    assert source.columns == {"date": "InvoiceDate", "product_id": "StockCode"}
    assert source.key == ("InvoiceNo", "StockCode")
    assert (source.delimiter, source.encoding, source.updated_at) == (";", "utf-8", "")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("COLUMNS", "date", r"COLUMNS: .*write it as ours=theirs"),
        ("COLUMNS", "=x", r"COLUMNS: .*write it as ours=theirs"),
        ("DELIMITER", ";;", r"DELIMITER: "),
    ],
)
def test_a_wrong_file_source_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(PREFIX + "PATH", "/data")
    monkeypatch.setenv(PREFIX + variable, value)
    with pytest.raises(SettingsError, match=PREFIX + told):
        FileSource.of("sales", "product_revenue")


def test_a_missing_path_is_told_by_its_variable() -> None:
    with pytest.raises(SettingsError, match=PREFIX + "PATH: Field required"):
        FileSource.of("sales", "product_revenue")


def test_only_our_own_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "LAKE", "COLLECTIONS", "CONTRACTS", "KEEP_VERSIONS", "MEMORY_LIMIT"):
        monkeypatch.setenv(name, "5GB")
    assert Settings.from_environment() == Settings(
        home=REPOSITORY / ".vitrine", lake="", collections="", keep_versions=3, memory_limit="1GB"
    )


@pytest.mark.parametrize("name", ["home", "lake"])
def test_folders_that_delta_tables_cannot_stand_in_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"VITRINE_{name.upper()}", "/data/x[1]")
    with pytest.raises(SettingsError, match=rf"VITRINE_{name.upper()}: .*takes no folder with %, \[ or \]"):
        Settings.from_environment()
