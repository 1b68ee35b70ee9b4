"""What sign-in takes from Airflow's inside; the other modules of sign-in have it from here alone."""

from __future__ import annotations

from typing import Any

from airflow import settings
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.revoked_token import RevokedToken
from sqlalchemy import Engine

__all__ = [
    "COOKIE_NAME_JWT_TOKEN",
    "RevokedToken",
    "SimpleAuthManager",
    "SimpleAuthManagerUser",
    "fab_flask_app",
    "get_auth_manager",
    "metadata_engine",
    "release_session",
]


def metadata_engine() -> Engine:
    """The pooled engine of the metadata database, which an API process has anyway."""
    engine: Engine = settings.get_engine()  # type: ignore[no-untyped-call]
    return engine


def release_session() -> None:
    """Gives back this thread's connection, as FAB itself does after each request."""
    settings.Session.remove()  # type: ignore[union-attr]


def fab_flask_app() -> Any:
    """A Flask app of the FAB auth manager, which makes its security manager usable."""
    from airflow.providers.fab.www.app import create_app  # noqa: PLC0415 (the provider may be missing)

    return create_app(enable_plugins=False)
