from datetime import date
from pathlib import Path

import pytest

from common.utils.errors import SettingsError
from common.utils.settings import Settings
from vlp.source import PREFIX, configure, generate, sample

TODAY = date(2026, 3, 10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_without_a_source_the_sample_is_generated_up_to_yesterday(
    settings: Settings, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(repository / "include"))
    environment: dict[str, str] = {}
    said = configure([], environment, settings, TODAY)
    files = sorted(path.name for path in Path(sample(settings)).iterdir())
    assert len(files) >= 90
    assert files[-1] == "orders-2026-03-09.csv"
    assert said == environment[f"{PREFIX}PATH"] == sample(settings)
    assert environment[f"{PREFIX}KEY"] == "order_line_id"
    assert environment[f"{PREFIX}UPDATED_AT"] == "updated_at"


def test_a_generator_that_fails_is_heard(
    settings: Settings, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(repository / "include"))
    settings.home.write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match=r"sample cannot be generated.*NotADirectoryError"):
        generate(sample(settings), TODAY)


def test_what_is_configured_already_stays(settings: Settings) -> None:
    environment = {f"{PREFIX}PATH": "/orders", f"{PREFIX}KEY": "id"}
    assert configure([], environment, settings, TODAY) == "/orders"
    assert environment == {f"{PREFIX}PATH": "/orders", f"{PREFIX}KEY": "id"}
    assert not Path(sample(settings)).exists()


def test_data_of_the_users_own(settings: Settings, tmp_path: Path) -> None:
    environment: dict[str, str] = {f"{PREFIX}DELIMITER": ";"}
    arguments = [f"DATA={tmp_path}", "COLUMNS=date=InvoiceDate,quantity=Quantity", "KEY=a,b", "UPDATED_AT="]
    configure(arguments, environment, settings, TODAY)
    assert environment == {
        f"{PREFIX}SOURCE": "files",
        f"{PREFIX}PATH": str(tmp_path),
        f"{PREFIX}COLUMNS": "date=InvoiceDate,quantity=Quantity",
        f"{PREFIX}KEY": "a,b",
        f"{PREFIX}UPDATED_AT": "",
        f"{PREFIX}DELIMITER": ";",
    }


def test_a_relative_path_is_seen_from_where_make_was_called(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    environment = {"VITRINE_CALLED_FROM": str(tmp_path)}
    assert configure(["DATA=orders"], environment, settings, TODAY) == str(tmp_path / "orders")


def test_a_glob_is_taken_as_it_is(settings: Settings, tmp_path: Path) -> None:
    environment = {"VITRINE_CALLED_FROM": str(tmp_path)}
    assert configure(["DATA=*/a-*.csv"], environment, settings, TODAY) == str(tmp_path / "*/a-*.csv")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["DATA=nowhere"], "DATA names 'nowhere', and there is nothing. Where: .*nowhere. Next: Give a CSV"),
        (["KEY=id", "DELIMITER=;"], "KEY, DELIMITER belong to DATA, which is not given"),
        (["DATE=x"], "no option DATE: did you mean 'DATA'?"),
    ],
)
def test_a_wrong_argument_is_said_to_be(settings: Settings, arguments: list[str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        configure(arguments, {}, settings, TODAY)


def test_another_kind_of_source_stays_as_the_environment_has_it(settings: Settings) -> None:
    environment = {f"{PREFIX}SOURCE": "sql", f"{PREFIX}KEY": "id"}
    told = configure([], environment, settings, TODAY)
    assert told.startswith("sql")
    assert environment == {f"{PREFIX}SOURCE": "sql", f"{PREFIX}KEY": "id"}


def test_data_are_files_whatever_the_environment_has(settings: Settings, tmp_path: Path) -> None:
    environment = {f"{PREFIX}SOURCE": "sql"}
    configure([f"DATA={tmp_path}"], environment, settings, TODAY)
    assert environment[f"{PREFIX}SOURCE"] == "files"
