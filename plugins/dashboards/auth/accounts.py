"""The accounts of Airflow's auth manager: what sign-in needs of them, one adapter an auth manager."""

from __future__ import annotations

from typing import Any, Protocol

from dashboards.auth.fab import FabAccounts, is_fab
from dashboards.auth.inside import SimpleAuthManager, get_auth_manager
from dashboards.auth.simple import SimpleAccounts
from dashboards.errors import Refused


class Accounts(Protocol):
    """Accounts by their names and passwords; users are the auth manager's own."""

    changeable: bool
    """Whether accounts and passwords can be made and changed here."""

    def sign_in(self, name: str, password: str) -> Any | None:
        """The user of this name and password; None whatever of both is wrong, in about the same time."""

    def present(self, subject: str) -> Any | None:
        """The user of an id as it is now; None where it is gone or locked."""

    def subject(self, name: str) -> str | None:
        """The id of the user that signs in under a name; None where there is none."""

    def credential(self, user: Any) -> str:
        """What changes with the user's password, wherever it is changed; secret."""

    def has_password(self, user: Any, password: str) -> bool:
        """Whether this is the user's password."""

    def set_password(self, user: Any, password: str) -> None:
        """Gives the user another password.

        Raises:
            Refused: 501 where passwords are kept elsewhere; it says where.
        """

    def register(self, name: str, password: str, email: str | None) -> None:
        """Makes an account with the viewer role.

        Raises:
            Refused: 409 where the name or address is taken, 501 where accounts are made elsewhere.
        """


def accounts() -> Accounts:
    """Those of the auth manager that Airflow is configured with.

    Raises:
        Refused: 501 where the auth manager is one that signs users in at a place of its own.
    """
    manager: Any = get_auth_manager()
    if isinstance(manager, SimpleAuthManager):
        return SimpleAccounts(manager)
    if is_fab(manager):
        return FabAccounts(manager)
    raise Refused(
        501,
        f"{type(manager).__name__} signs users in itself: use Airflow's sign-in page; its cookie holds here.",
    )
