"""Accounts where there are none of their own: everybody is an administrator, or users sign in elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.auth import accounts as module
from dashboards.auth.accounts import accounts
from dashboards.auth.simple import EVERYBODY
from dashboards.errors import Refused
from dashboards.security import role_of

pytestmark = pytest.mark.usefixtures("airflow_users")


def test_where_everybody_is_an_administrator_anybody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    found = accounts()
    assert found.sign_in("who", "ever") is EVERYBODY
    assert found.present(EVERYBODY.get_id()) is EVERYBODY
    assert role_of(EVERYBODY) == "admin"
    assert not found.changeable


def test_else_the_file_of_passwords_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "ann:viewer,bob:op,eve:viewer")
    place = tmp_path / "passwords.json"
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(place))
    found = accounts()
    with pytest.raises(Refused, match="cannot be read") as caught:
        found.sign_in("ann", "secret")
    assert caught.value.status_code == 503
    place.write_text('{"ann": "sécret", "gone": "secret", "eve": ""}')
    assert found.sign_in("ann", "sécret").username == "ann"  # type: ignore[union-attr]
    for name, password in [("ann", "x"), ("bob", ""), ("gone", "secret"), ("eve", ""), ("", "")]:
        assert found.sign_in(name, password) is None
    assert found.present("gone") is None
    assert found.subject("bob") == "bob"


def test_another_auth_manager_signs_users_in_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "get_auth_manager", object)
    with pytest.raises(Refused, match="use Airflow's sign-in page") as caught:
        accounts()
    assert caught.value.status_code == 501


def test_a_sign_in_is_everybodys_where_all_are_administrators(
    api: Any, airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    answer = api.client.post("/v1/auth/login", json={"username": "who", "password": "ever"})
    assert answer.json()["data"]["user"] == {"username": "Anonymous", "role": "admin"}
    headers = {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}
    assert api.client.get("/v1/auth/me", headers=headers).json()["data"]["role"] == "admin"
