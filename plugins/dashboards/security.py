"""Who may read: Airflow's own users, whatever auth manager Airflow is configured with.

The only module that knows Airflow's API server. A reader is a user who may read assets, as collections are.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow.api_fastapi.app import create_auth_manager, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.auth.tokens import get_sig_validation_args, get_signing_args
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException

from common.utils.errors import SettingsError, did_you_mean


def demand_reader(user: GetUserDep) -> None:
    """Lets a user who may read assets pass; 401 without a valid token, 403 without the permission."""
    if not get_auth_manager().is_authorized_asset(method="GET", user=user):
        raise HTTPException(403, "Your Airflow user may not read assets, and collections are assets.")


def prepare_alone() -> None:
    """Makes Airflow's auth manager ready outside of Airflow's API server.

    Users are checked as the API server does it: the token by the shared secret and, in Airflow's metadata
    database, against the revoked ones.

    Raises:
        SettingsError: There is no secret that both could share.
    """
    _demand_secret(get_sig_validation_args)
    create_auth_manager()


def issue_token(username: str | None) -> tuple[str, str]:
    """A bearer token of one of the simple auth manager's users, the first where none is named; and that name.

    Raises:
        SettingsError: There is no secret, no such user, or users sign in elsewhere.
    """
    _demand_secret(get_signing_args)
    manager = create_auth_manager()
    if not isinstance(manager, SimpleAuthManager):
        raise SettingsError(
            f"{type(manager).__name__} issues tokens itself, for a user's password.",
            next_step="POST the username and password as JSON to /auth/token of Airflow's API server.",
        )
    users = {user.username: user for user in manager.get_users()}
    name = username if username is not None else next(iter(users), "")
    if name not in users:
        raise SettingsError(f"Airflow has no user {name!r}: {did_you_mean(name, users)}")
    user = SimpleAuthManagerUser(username=name, role=users[name].role, teams=users[name].teams)
    return manager.generate_jwt(user), name


def _demand_secret(arguments: Callable[..., object]) -> None:
    """Airflow would make up a secret, and no other process would share it."""
    try:
        arguments(make_secret_key_if_needed=False)
    except ValueError as error:
        raise SettingsError(
            "Airflow has no JWT secret for users' tokens.",
            next_step="Set AIRFLOW__API_AUTH__JWT_SECRET to the value that Airflow's API server has"
            " (or start with its AIRFLOW_HOME, whose airflow.cfg may hold it).",
        ) from error
