"""The source that the environment configures: found by the name of its module."""

import traceback
from pathlib import Path

import pytest

from common.io.sources import Adapter
from common.io.sources.configured import adapter, configured
from common.utils.errors import SettingsError

PREFIX = "VITRINE_A_B_"


def no_connection(connection_id: str) -> str:
    raise AssertionError(f"nobody asked for {connection_id}")


@pytest.mark.parametrize("kind", ["files", "rest", "feeds", "sql", "mongo"])
def test_every_kind_is_found_by_its_name(kind: str) -> None:
    assert isinstance(adapter(kind), Adapter)


@pytest.mark.parametrize("kind", ["fiels", "settings", "../files", ""])
def test_what_is_no_kind_is_told(kind: str) -> None:
    with pytest.raises(SettingsError, match="There is no kind of source") as caught:
        adapter(kind, f"{PREFIX}SOURCE")
    assert f"{PREFIX}SOURCE" in str(caught.value)
    assert ("did you mean 'files'" in str(caught.value)) == (kind in ("fiels", "../files"))


def test_without_a_kind_it_is_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PATH", str(tmp_path))
    found = configured(PREFIX, no_connection)
    assert str(tmp_path) in found.source.name
    assert (found.variables, found.source.items()) == (PREFIX, [])


def test_a_connection_is_looked_up_by_its_id_and_a_url_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SOURCE", "sql")
    monkeypatch.setenv(f"{PREFIX}TABLE", "lines")
    monkeypatch.setenv(f"{PREFIX}CONNECTION", "my_db")
    found = configured(PREFIX, lambda id_: f"sqlite:////data/{id_}.db")
    assert found.settings.connection == "sqlite:////data/my_db.db"
    monkeypatch.setenv(f"{PREFIX}CONNECTION", "sqlite:////data/other.db")
    assert configured(PREFIX, no_connection).settings.connection == "sqlite:////data/other.db"


def test_a_connection_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SOURCE", "sql")
    monkeypatch.setenv(f"{PREFIX}TABLE", "lines")
    monkeypatch.setenv(f"{PREFIX}CONNECTION", "postgresql://me:s3cr3t@db/x")
    assert "s3cr3t" not in repr(configured(PREFIX, no_connection))


def test_what_is_neither_a_url_nor_an_id_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SOURCE", "sql")
    monkeypatch.setenv(f"{PREFIX}TABLE", "lines")
    monkeypatch.setenv(f"{PREFIX}CONNECTION", "postgresql//me:s3cr3t@db/x")
    with pytest.raises(SettingsError, match=f"{PREFIX}CONNECTION is neither") as caught:
        configured(PREFIX, no_connection)
    assert "s3cr3t" not in str(caught.value)


def test_a_wrong_value_is_in_no_chain_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SOURCE", "rest")
    monkeypatch.setenv(f"{PREFIX}HEADERS", "X-Key s3cr3t")
    with pytest.raises(SettingsError) as caught:
        configured(PREFIX, no_connection)
    assert caught.value.__cause__ is None
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))
