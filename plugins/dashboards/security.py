"""Who may read: Airflow's own users, whatever auth manager Airflow is configured with.

A reader is a user who may read assets, as collections are; an operator sees runs and dead letters too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal

from airflow.api_fastapi.app import create_auth_manager, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.auth.tokens import get_sig_validation_args, get_signing_args
from airflow.api_fastapi.core_api.security import GetUserDep, resolve_user_from_token
from fastapi import Depends, HTTPException, Request

from common.utils.errors import SettingsError, did_you_mean
from dashboards import URL_PREFIX
from dashboards.auth.simple import all_admins
from dashboards.auth.tokens import bearer, demand_not_void

Role = Literal["viewer", "op", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "op", "admin")  # each may what those before it may


@dataclass(frozen=True, slots=True)
class User:
    """Who asks.

    Attributes:
        name: The user name in Airflow.
        role: The highest that Airflow's roles give.
        via: How the user was known: a bearer token, or Airflow's own cookie.
    """

    name: str
    role: Role
    via: Literal["token", "cookie"]

    def may(self, role: Role) -> bool:
        """Whether the user has this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def demand_reader(request: Request, user: GetUserDep) -> User:
    """Lets a user who may read assets pass; 401 without a token that holds, 403 without the permission."""
    if not get_auth_manager().is_authorized_asset(method="GET", user=user):
        raise HTTPException(403, "Your Airflow user may not read assets, and collections are assets.")
    demand_not_void(request, user.get_id())
    known = User(user.get_name(), role_of(user), "token" if bearer(request) else "cookie")
    request.state.vitrine_user, request.state.airflow_user = known, user
    return known


Reader = Annotated[User, Depends(demand_reader)]


def demand_operator(user: Reader) -> User:
    """Lets operators and administrators pass, 403 for others."""
    return _demand(user, "op")


def demand_admin(user: Reader) -> User:
    """Lets administrators pass, 403 for others."""
    return _demand(user, "admin")


def _demand(user: User, role: Role) -> User:
    if not user.may(role):
        raise HTTPException(403, f"This is for the role {role} and above, and yours is {user.role}.")
    return user


def user_of(request: Request) -> User:
    """The user that a demand of the route has let pass."""
    user: User = request.state.vitrine_user
    return user


async def airflow_user_of(token: str) -> Any:
    """The user of a token as the auth manager knows it; 401 or 403 where there is none."""
    return await resolve_user_from_token(token)


def airflow_user(request: Request) -> Any:
    """The same as the auth manager knows it."""
    return request.state.airflow_user


def role_of(user: Any) -> Role:
    """The highest of an Airflow user's roles, by their names; viewer where the names say nothing.

    Args:
        user: Of the simple auth manager, with one ``role``, or of FAB, with ``roles``.
    """
    names = [role.name for role in getattr(user, "roles", ())] or [getattr(user, "role", None) or ""]
    known = {name.lower() for name in names}
    return next((role for role in reversed(ROLES) if role in known), "viewer")


def prepare_alone() -> None:
    """Makes Airflow's auth manager ready outside of Airflow's API server.

    Users are checked as the API server does it: the token by the shared secret and, in Airflow's metadata
    database, against the revoked ones.

    Raises:
        SettingsError: There is no secret that both could share.
    """
    _demand_secret(get_sig_validation_args)
    create_auth_manager()


def local_passwords() -> dict[str, str]:
    """The passwords of the simple auth manager's users, made where Airflow's API server has not done so yet.

    Empty where everybody is an administrator, and where users are kept elsewhere.
    """
    manager = create_auth_manager()
    if not isinstance(manager, SimpleAuthManager) or all_admins():
        return {}
    Path(manager.get_generated_password_file()).touch(mode=0o600)
    with redirect_stdout(StringIO()):  # which would show each new password, in words of its own
        manager.init()
    return {user.username: manager.get_passwords()[user.username] for user in manager.get_users()}


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
            next_step=f"POST the username and password as JSON to {URL_PREFIX}/auth/login.",
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
