"""Airflow's users, by their tokens; and what is answered where they cannot be checked."""

from collections.abc import Callable
from typing import Any

import pytest

from dashboards.gate import Gate
from plugins.shop import orders

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
    with pytest.raises(
        SettingsError, match="POST the username and password as JSON to /dashboards/v1/auth/login"
    ):
        security.issue_token(None)


@pytest.mark.parametrize(
    ("role", "known", "statuses"),
    [
        ("viewer", "viewer", [200, 403, 403]),
        ("user", "viewer", [200, 403, 403]),
        ("op", "op", [200, 200, 403]),
        ("ADMIN", "admin", [200, 200, 200]),
        (None, None, [403, 403, 403]),
    ],
)
def test_each_role_may_what_those_before_it_may(
    airflow_users: Callable[..., str], role: str | None, known: str | None, statuses: list[int]
) -> None:
    from fastapi import Depends, FastAPI
    from starlette.requests import Request
    from starlette.testclient import TestClient

    from dashboards.security import demand_admin, demand_operator, demand_reader, user_of

    app = FastAPI()
    for demand in (demand_reader, demand_operator, demand_admin):

        def told(request: Request) -> dict[str, str]:
            return {"role": user_of(request).role, "name": user_of(request).name}

        app.add_api_route(f"/{demand.__name__}", told, dependencies=[Depends(demand)])
    headers = {"Authorization": f"Bearer {airflow_users(role)}"}
    client = TestClient(app, headers=headers)
    answers = [client.get(f"/demand_{who}") for who in ("reader", "operator", "admin")]
    assert [answer.status_code for answer in answers] == statuses
    if known:
        assert answers[0].json() == {"role": known, "name": "ann"}


def test_of_several_roles_the_highest_counts() -> None:
    from types import SimpleNamespace

    from dashboards.security import role_of

    def user(*names: str) -> Any:
        return SimpleNamespace(roles=[SimpleNamespace(name=name) for name in names])

    assert role_of(user("Viewer", "Op", "analysts")) == "op"
    assert role_of(user("Op", "Admin")) == "admin"
    assert role_of(user("analysts")) == "viewer", "what the name does not say, the permission to read does"
    assert role_of(user()) == "viewer"


def test_a_voided_token_is_refused_and_a_newer_one_taken(
    api: Any, airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboards.auth import sessions, tables

    headers = {"Authorization": f"Bearer {airflow_users()}"}
    assert api.client.get("/v1/collections", headers=headers).status_code == 200
    sessions.void("ann")
    try:
        answer = api.client.get("/v1/collections", headers=headers)
        assert answer.status_code == 401
        assert "The password was changed" in answer.json()["message"]
    finally:
        with tables.transaction() as database:
            database.execute(tables.VOIDED.delete())
    assert api.client.get("/v1/collections", headers=headers).status_code == 200


def test_a_secret_made_up_by_airflow_is_no_secret(
    airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from common.utils.errors import SettingsError
    from dashboards.security import issue_token, prepare_alone

    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "")
    for needs in (prepare_alone, lambda: issue_token(None)):
        with pytest.raises(SettingsError, match="Set AIRFLOW__API_AUTH__JWT_SECRET"):
            needs()


def test_endless_tokens_are_refused_and_not_remembered(shop: Any, api: Any) -> None:
    shop.publish(orders(3))
    api.get()
    gate = api.app.middleware_stack
    while not isinstance(gate, Gate):
        gate = gate.app
    before = len(gate.readers._both._looks), len(gate.readers._users._looks)
    for number in range(3):
        api.client.headers["Authorization"] = f"Bearer {number:060000d}"
        assert api.get().status_code in (401, 403)
    assert (len(gate.readers._both._looks), len(gate.readers._users._looks)) == before == (1, 1)
