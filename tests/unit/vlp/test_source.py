from datetime import date
from pathlib import Path

import pytest

from common.utils.errors import SettingsError
from common.utils.settings import Settings
from common.verbs.subject import SAMPLES
from vlp.source import PREFIX, configure, generate, only

TODAY = date(2026, 3, 10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_the_samples_are_generated_up_to_yesterday(
    settings: Settings, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{repository / 'include'}:{repository / 'dags'}")
    environment: dict[str, str] = {}
    said = configure([], environment, settings, TODAY)
    samples = settings.home / "samples"
    files = sorted(path.name for path in (samples / "sales" / "product_revenue").iterdir())
    assert len(files) >= 90
    assert files[-1] == "orders-2026-03-09.csv"
    assert environment == {SAMPLES: str(samples)}
    assert str(samples) in said


def test_a_generator_that_fails_is_heard(
    settings: Settings, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(repository / "include"))
    settings.home.write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match=r"samples cannot be generated.*NotADirectoryError"):
        generate(str(settings.home / "samples"), TODAY)


def test_there_are_no_samples_where_none_are_wanted(settings: Settings) -> None:
    environment = {SAMPLES: "", f"{PREFIX}PATH": "/orders"}
    assert configure([], environment, settings, TODAY) == "as the VITRINE_* variables say"
    assert environment == {SAMPLES: "", f"{PREFIX}PATH": "/orders"}
    assert not settings.home.exists()


def test_data_of_the_users_own(settings: Settings, tmp_path: Path) -> None:
    environment = {SAMPLES: "", f"{PREFIX}DELIMITER": ";"}
    arguments = [f"DATA={tmp_path}", "COLUMNS=date=InvoiceDate,quantity=Quantity", "KEY=a,b", "UPDATED_AT="]
    configure(arguments, environment, settings, TODAY)
    assert environment == {
        SAMPLES: "",
        f"{PREFIX}SOURCE": "files",
        f"{PREFIX}PATH": str(tmp_path),
        f"{PREFIX}COLUMNS": "date=InvoiceDate,quantity=Quantity",
        f"{PREFIX}KEY": "a,b",
        f"{PREFIX}UPDATED_AT": "",
        f"{PREFIX}DELIMITER": ";",
    }


def test_a_relative_path_is_seen_from_where_make_was_called(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    environment = {SAMPLES: "", "VITRINE_CALLED_FROM": str(tmp_path)}
    assert configure(["DATA=orders"], environment, settings, TODAY) == str(tmp_path / "orders")


def test_a_glob_is_taken_as_it_is(settings: Settings, tmp_path: Path) -> None:
    environment = {SAMPLES: "", "VITRINE_CALLED_FROM": str(tmp_path)}
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


def test_data_are_files_whatever_the_environment_has(settings: Settings, tmp_path: Path) -> None:
    environment = {SAMPLES: "", f"{PREFIX}SOURCE": "sql"}
    configure([f"DATA={tmp_path}"], environment, settings, TODAY)
    assert environment[f"{PREFIX}SOURCE"] == "files"


def test_which_collections_are_run() -> None:
    assert only([]) == ()
    assert only(["DATA=x"]) == ("sales/product_revenue",), "the files are of one domain"
    assert only(["DATA=x", "ONLY=a/b, c/d"]) == ("a/b", "c/d")
