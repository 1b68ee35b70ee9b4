"""The main store by the id of an Airflow Connection, for the API in Airflow's API server and alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.utils.errors import SettingsError
from dashboards.connections import api_settings


@pytest.fixture
def stored(airflow_users: Callable[..., str], tmp_path: Path) -> Iterator[str]:
    """The id of a Connection in the metadata database."""
    from airflow.models.connection import Connection
    from airflow.settings import Session

    with Session() as session:
        session.add(Connection(conn_id="kept", conn_type="sqlite", host=str(tmp_path / "kept.db")))
        session.commit()
    yield "kept"
    with Session() as session:
        session.query(Connection).filter(Connection.conn_id == "kept").delete()
        session.commit()


def test_a_url_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "postgresql://db/shop")
    assert api_settings().collections_url == "postgresql://db/shop"


def test_a_connection_of_the_environment(
    airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "my_store")
    monkeypatch.setenv("AIRFLOW_CONN_MY_STORE", "postgres://ann:p%40ss@db:5433/shop")
    assert api_settings().collections_url == "postgresql://ann:p%40ss@db:5433/shop"


def test_a_connection_of_the_metadata_database(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", stored)
    assert api_settings().collections_url == f"sqlite:///{tmp_path / 'kept.db'}"


def test_an_unknown_one_is_told(airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboards.app import app_from_environment

    monkeypatch.setenv("VITRINE_COLLECTIONS", "nowhere")
    with pytest.raises(SettingsError, match="Airflow has no Connection 'nowhere'"):
        app_from_environment()


def test_targets_are_no_concern_of_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "archive")
    monkeypatch.setenv("VITRINE_TARGET_ARCHIVE", "nowhere")
    monkeypatch.setenv("VITRINE_COLLECTIONS", "postgresql://db/shop")
    assert api_settings().collections_url == "postgresql://db/shop"
