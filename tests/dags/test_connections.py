"""Stores by the id of an Airflow Connection: from the environment and from Airflow's metadata database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.io import reports
from common.utils.settings import Settings
from dags.house import TASKS, House, states

ALWAYS = {"window_start": "1970-01-01", "window_end": "2027-01-01"}
SECRET = "p@ss/w:o?rd"


@pytest.fixture
def stored(metadata_database: None, tmp_path: Path) -> Iterator[str]:
    """The id of a Connection in the metadata database: an SQLite file."""
    from airflow.models.connection import Connection
    from airflow.settings import Session

    with Session() as session:
        session.add(Connection(conn_id="kept", conn_type="sqlite", host=str(tmp_path / "kept.db")))
        session.commit()
    yield "kept"
    with Session() as session:
        session.query(Connection).filter(Connection.conn_id == "kept").delete()
        session.commit()


def rows_in(house: House, file: Path) -> list[dict[str, Any]]:
    house.settings = Settings(home=house.settings.home, collections=f"sqlite:///{file}")
    return house.rows()


def test_a_connection_of_the_environment(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "my_store")
    monkeypatch.setenv("AIRFLOW_CONN_MY_STORE", f"sqlite:///{tmp_path / 'mine.db'}")
    assert house.run(**ALWAYS).state == "success"
    assert len(rows_in(house, tmp_path / "mine.db")) == 2


def test_a_connection_of_the_metadata_database(
    house: House, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "archive")
    monkeypatch.setenv("VITRINE_TARGET_ARCHIVE", stored)
    assert house.run(**ALWAYS).state == "success"
    assert len(rows_in(house, tmp_path / "kept.db")) == 2


def test_a_command_beside_airflow_finds_it_too(
    house: House, stored: str, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vlp.run", "ONLY=sales/product_revenue"],
        env={**os.environ, "PYTHONPATH": str(repository / "dags"), "VITRINE_COLLECTIONS": stored},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(rows_in(house, tmp_path / "kept.db")) == 2


def test_an_unknown_connection_fails_the_run_at_once_and_not_the_parsing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_COLLECTIONS", "nowhere")
    run = house.run(**ALWAYS)
    assert states(run)[TASKS[0]] == "failed:1"
    assert "Airflow has no Connection 'nowhere'" in house.record.error


def test_a_wrong_connection_of_a_target_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "archive")
    monkeypatch.setenv("VITRINE_TARGET_ARCHIVE", "nowhere")
    run = house.run(**ALWAYS)
    assert run.state == "failed"
    assert states(run) == dict.fromkeys(TASKS, "success:1")
    record = reports.read(house.settings, house.contract.name, run.run_id, "archive")
    assert record
    assert "no Connection 'nowhere'" in record.error


def test_a_password_is_told_to_nobody(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from urllib.parse import quote

    monkeypatch.setenv("VITRINE_COLLECTIONS", "away")
    escaped = quote(SECRET, safe="")
    monkeypatch.setenv("AIRFLOW_CONN_AWAY", f"postgres://ann:{escaped}@127.0.0.1:1/shop")
    run = house.run(**ALWAYS)
    assert states(run)[TASKS[0]] == "failed:2"
    assert "127.0.0.1" in house.record.error
    told = house.record.error + caplog.text + "".join(capfd.readouterr())
    assert SECRET not in told
    assert escaped not in told
