"""Accounts of Airflow's simple auth manager: users and roles in its configuration, passwords in its file."""

from __future__ import annotations

import hmac
from typing import NoReturn

from airflow.sdk.configuration import conf

from dashboards.auth.inside import SimpleAuthManager, SimpleAuthManagerUser
from dashboards.errors import Refused

EVERYBODY = SimpleAuthManagerUser(username="Anonymous", role="ADMIN")  # as Airflow itself calls them


class SimpleAccounts:
    """See :class:`dashboards.auth.accounts.Accounts`; nothing can be changed here."""

    changeable = False

    def __init__(self, manager: SimpleAuthManager) -> None:
        self._manager = manager

    def sign_in(self, name: str, password: str) -> SimpleAuthManagerUser | None:
        """Everybody is an administrator where Airflow is set up so."""
        if all_admins():
            return EVERYBODY
        user = self.present(name)
        kept = self._passwords().get(name, "")
        right = hmac.compare_digest(kept.encode(), password.encode())
        return user if user and kept and right else None

    def present(self, subject: str) -> SimpleAuthManagerUser | None:
        """From [core] simple_auth_manager_users."""
        if all_admins():
            return EVERYBODY
        return next((user for user in self._manager.get_users() if user.username == subject), None)

    def subject(self, name: str) -> str | None:
        """The user's id is its name."""
        return name if self.present(name) else None

    def credential(self, user: SimpleAuthManagerUser) -> str:
        """The password itself, where there are passwords."""
        return "" if all_admins() else self._passwords().get(user.username, "")

    def has_password(self, user: SimpleAuthManagerUser, password: str) -> bool:
        """Never asked for: nothing can be changed."""
        return self.sign_in(user.username, password) is not None

    def set_password(self, user: SimpleAuthManagerUser, password: str) -> NoReturn:
        """Refused: the file is Airflow's own."""
        raise Refused(
            501,
            "Airflow's simple auth manager takes passwords from a file alone. Change it there"
            " ([core] simple_auth_manager_passwords_file), or set Airflow up with the FAB auth manager.",
        )

    def register(self, name: str, password: str, email: str | None) -> NoReturn:
        """Refused: users are configuration."""
        raise Refused(
            501,
            "Airflow's simple auth manager takes users from its configuration alone. Add NAME:viewer to"
            " [core] simple_auth_manager_users, or set Airflow up with the FAB auth manager.",
        )

    def _passwords(self) -> dict[str, str]:
        try:
            return self._manager.get_passwords()
        except OSError as error:
            raise Refused(
                503, "Airflow's file of passwords cannot be read: its API server makes it when it starts."
            ) from error


def all_admins() -> bool:
    """Whether Airflow takes everybody for an administrator."""
    return bool(conf.getboolean("core", "simple_auth_manager_all_admins"))
