from pathlib import Path

import pytest
from pydantic import ValidationError

from common.utils.errors import SettingsError
from common.utils.settings import MAIN, REPOSITORY, Settings, from_repository

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


def test_targets_are_named_by_one_variable_and_placed_by_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().stores == (MAIN,)
    monkeypatch.setenv("VITRINE_TARGETS", "warehouse, archive_2")
    monkeypatch.setenv("VITRINE_TARGET_WAREHOUSE", "postgresql://db/x")
    monkeypatch.setenv("VITRINE_TARGET_ARCHIVE_2", "parquet:///srv/x")
    settings = Settings.from_environment()
    assert settings.stores == (MAIN, "warehouse", "archive_2")
    assert settings.store_url("archive_2") == "parquet:///srv/x"
    assert settings.store_url(MAIN) == settings.collections_url


@pytest.mark.parametrize("names", ["Warehouse", "main", "a,a", "a b", "a-b"])
def test_a_name_that_no_target_can_have_is_refused(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", names)
    monkeypatch.setenv("VITRINE_TARGET_A", "sqlite:////srv/x.db")
    with pytest.raises(SettingsError, match=r"VITRINE_TARGETS: .* cannot name a target"):
        Settings.from_environment()


def test_a_target_without_a_place_is_told_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "archive")
    with pytest.raises(SettingsError, match=r"VITRINE_TARGETS: .*VITRINE_TARGET_ARCHIVE does not say"):
        Settings.from_environment()


def test_no_two_stores_are_the_same() -> None:
    url = "sqlite:////srv/x.db"
    settings = Settings(collections=url, targets={"a": url, "b": "sqlite:////srv/y.db"})
    assert settings.collections_url == url
    assert settings.store_url("b") == "sqlite:////srv/y.db"
    with pytest.raises(SettingsError, match="VITRINE_TARGET_A and VITRINE_COLLECTIONS are the same store"):
        settings.store_url("a")


def test_an_unknown_store_is_told_the_nearest() -> None:
    with pytest.raises(SettingsError, match="no store 'archiv': did you mean 'archive'"):
        Settings(targets={"archive": "sqlite:////srv/x.db"}).store_url("archiv")


def test_what_is_no_url_is_a_connection_that_is_known_elsewhere() -> None:
    settings = Settings(collections="my_db", targets={"a": "my_other", "b": "my_third"})
    with pytest.raises(SettingsError, match="VITRINE_COLLECTIONS is neither a URL nor"):
        settings.collections_url  # noqa: B018 (it raises)

    def url_of(connection_id: str) -> str:
        assert connection_id != "my_third", "nobody asked for it"
        return f"postgresql://host/{connection_id}"

    resolved = settings.resolved(url_of, MAIN, "a")
    assert resolved.collections_url == "postgresql://host/my_db"
    assert resolved.store_url("a") == "postgresql://host/my_other"
    with pytest.raises(SettingsError, match="VITRINE_TARGET_B"):
        resolved.store_url("b")
    assert Settings().resolved(url_of, MAIN).collections == ""


def test_no_store_is_shown() -> None:
    settings = Settings(collections="postgresql://u:geheim@h/d", targets={"a": "mysql://u:geheim@h/d"})
    assert "geheim" not in repr(settings)
    assert "geheim" not in str(settings)


def test_a_path_as_seen_from_the_repository(tmp_path: Path) -> None:
    assert from_repository(REPOSITORY / "dags" / ".." / "docs" / "api.md") == "docs/api.md"
    assert from_repository(tmp_path / "x.yaml") == str(tmp_path / "x.yaml")
