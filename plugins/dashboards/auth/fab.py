"""Accounts of the FAB auth manager: its own tables, hashing and roles in Airflow's metadata database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from dashboards.auth.inside import fab_flask_app, release_session
from dashboards.errors import Refused

AUTH_DB = 1  # FAB's number for passwords that are in its own tables

_making = Lock()


def is_fab(manager: object) -> bool:
    """Whether this is the FAB auth manager, whose provider need not be installed."""
    return any(kind.__name__ == "FabAuthManager" for kind in type(manager).__mro__)


class FabAccounts:
    """See :class:`dashboards.auth.accounts.Accounts`."""

    changeable = True

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def sign_in(self, name: str, password: str) -> Any | None:
        """By name or e-mail address, as FAB does; it hashes a password for unknown names, too."""
        with self._security():
            user = self._manager.create_token(headers={}, body={"username": name, "password": password})
            subject = user and str(user.id)
        return self.present(subject) if subject else None

    def present(self, subject: str) -> Any | None:
        """The user, where it is active."""
        with self._security() as security:
            user = security.get_user_by_id(int(subject))
            if user is None or not user.is_active:
                return None
        return self._manager.deserialize_user({"sub": subject})

    def subject(self, name: str) -> str | None:
        """By name or e-mail address, whatever the case of the letters."""
        with self._security() as security:
            user = security.find_user(username=name) or security.find_user(email=name)
            return str(user.id) if user else None

    def credential(self, user: Any) -> str:
        """The hash as it is now; FAB keeps the user itself for a while."""
        with self._security() as security:
            return str(security.get_user_by_id(int(user.get_id())).password)

    def has_password(self, user: Any, password: str) -> bool:
        """By FAB's hash."""
        with self._security() as security:
            return bool(security.check_password(user.get_name(), password))

    def set_password(self, user: Any, password: str) -> None:
        """Hashed by FAB, which ends the user's sessions in Airflow's pages, too."""
        with self._security() as security:
            self._demand_own_passwords(security)
            if not security.reset_password(int(user.get_id()), password):
                raise Refused(404, f"There is no user {user.get_name()!r} any more.")

    def register(self, name: str, password: str, email: str | None) -> None:
        """FAB wants an address; without one it is given one that leads nowhere."""
        address = email or f"{name.lower()}@users.invalid"
        with self._security() as security:
            self._demand_own_passwords(security)
            if security.find_user(username=name) or security.find_user(email=address):
                raise Refused(409, "This user name or e-mail address is taken: choose another.")
            security.add_user(name, name, "", address, security.find_role("Viewer"), password)

    @contextmanager
    def _security(self) -> Iterator[Any]:
        """FAB's security manager, in the Flask context that it needs."""
        with self._flask_app().app_context():
            try:
                yield self._manager.security_manager
            finally:
                release_session()

    def _flask_app(self) -> Any:
        """Airflow's API server has made it; alone, we do as it does."""
        with _making:
            if self._manager.flask_app is None:
                self._manager.flask_app = fab_flask_app()
            return self._manager.flask_app

    @staticmethod
    def _demand_own_passwords(security: Any) -> None:
        if security.auth_type != AUTH_DB:
            raise Refused(
                501, "Airflow takes users from another directory (AUTH_TYPE): change accounts there."
            )
