"""The main store by the id of an Airflow Connection, as the API server knows it and the API alone does."""

from __future__ import annotations

from airflow.sdk.configuration import ensure_secrets_loaded

from common.utils.connections import connection_url, looked_up
from common.utils.settings import MAIN, Settings


def api_settings() -> Settings:
    """The settings, with a Connection looked up now: one that changes later shows after a restart.

    Raises:
        SettingsError: The environment is wrong, or the Connection of the main store.
    """
    return Settings.from_environment().resolved(_known_to_servers, MAIN)


def _known_to_servers(connection_id: str) -> str:
    return connection_url(connection_id, looked_up(connection_id, ensure_secrets_loaded()))
