"""Airflow's users, by their tokens; and what is answered where they cannot be checked."""

from collections.abc import Callable
from typing import Any

import pytest

PATHS = ["/v1/collections", "/v1/collections/shop/orders", "/v1/collections/no/such", "/v1/openapi.json"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_read_without_a_token(api: Any, path: str) -> None:
    del api.client.headers["authorization"]
    answer = api.client.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in answer.json()["message"]
    assert "orders" not in answer.text


@pytest.mark.parametrize(
    ("authorization", "status", "told"),
    [
        ("Bearer nonsense", 403, "Invalid JWT token"),
        ("Bearer ", 401, "Not authenticated"),
        ("Basic YTpi", 401, "Not authenticated"),
    ],
)
def test_another_credential_is_refused(api: Any, authorization: str, status: int, told: str) -> None:
    answer = api.client.get("/v1/collections", headers={"Authorization": authorization})
    assert answer.status_code == status
    assert told in answer.json()["message"]


@pytest.mark.parametrize(("role", "status"), [("viewer", 200), ("user", 200), ("admin", 200), (None, 403)])
def test_a_reader_may_read_assets(
    api: Any, airflow_users: Callable[..., str], role: str | None, status: int
) -> None:
    answer = api.client.get("/v1/collections", headers={"Authorization": f"Bearer {airflow_users(role)}"})
    assert answer.status_code == status
    if status == 403:
        assert "may not read assets" in answer.json()["message"]


def test_an_expired_token_is_refused(api: Any, airflow_users: Callable[..., str]) -> None:
    token = airflow_users(expiration_time_in_seconds=-60)
    answer = api.client.get("/v1/collections", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert "Token Expired" in answer.json()["message"]


def test_a_revoked_token_is_refused(api: Any, airflow_users: Callable[..., str]) -> None:
    from airflow.api_fastapi.app import get_auth_manager

    token = airflow_users()
    headers = {"Authorization": f"Bearer {token}"}
    assert api.client.get("/v1/collections", headers=headers).status_code == 200
    get_auth_manager().revoke_token(token)
    assert api.client.get("/v1/collections", headers=headers).status_code == 403


def test_airflows_cookie_is_as_good_as_the_header(api: Any, airflow_users: Callable[..., str]) -> None:
    del api.client.headers["authorization"]
    api.client.cookies.set("_token", airflow_users())
    assert api.client.get("/v1/collections").status_code == 200


def test_users_that_cannot_be_checked_are_told_apart_from_a_wrong_token(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.revoked_token import RevokedToken
    from airflow.utils.session import create_session
    from sqlalchemy import text

    with create_session() as session:
        session.execute(text("ALTER TABLE revoked_token RENAME TO revoked_token_away"))
    try:
        answer = api.client.get("/v1/collections")
    finally:
        with create_session() as session:
            session.execute(text("ALTER TABLE revoked_token_away RENAME TO revoked_token"))
    assert answer.status_code == 503
    assert "airflow db migrate" in answer.json()["message"]
    assert RevokedToken.__tablename__ not in answer.text
    assert api.client.get("/v1/collections").status_code == 200


def test_the_document_is_for_readers(api: Any) -> None:
    document = api.client.get("/v1/openapi.json").json()
    assert "/v1/collections/shop/orders" in document["paths"]
    assert document["servers"] == [{"url": "/"}]


def test_a_token_names_its_user_and_needs_one(airflow_users: Callable[..., str]) -> None:
    from common.utils.errors import SettingsError
    from dashboards.security import issue_token

    assert issue_token(None)[1] == "admin"
    with pytest.raises(SettingsError, match="no user 'admn': did you mean 'admin'"):
        issue_token("admn")
    with pytest.raises(SettingsError, match="no user ''"):
        issue_token("")


def test_another_auth_manager_issues_its_own_tokens(
    airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from common.utils.errors import SettingsError
    from dashboards import security

    monkeypatch.setattr(security, "create_auth_manager", object)
    with pytest.raises(SettingsError, match="POST the username and password as JSON to /auth/token"):
        security.issue_token(None)


def test_a_secret_made_up_by_airflow_is_no_secret(
    airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from common.utils.errors import SettingsError
    from dashboards.security import issue_token, prepare_alone

    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "")
    for needs in (prepare_alone, lambda: issue_token(None)):
        with pytest.raises(SettingsError, match="Set AIRFLOW__API_AUTH__JWT_SECRET"):
            needs()
