"""Stores by the id of an Airflow Connection, which is looked up when a task runs and never at parse time."""

from __future__ import annotations

from airflow.sdk import Connection
from airflow.sdk.configuration import ensure_secrets_loaded
from airflow.sdk.exceptions import AirflowNotFoundException

from common.utils.connections import connection_url, looked_up
from common.utils.settings import Settings


def task_settings(*stores: str) -> Settings:
    """The settings of a task that needs some stores.

    Raises:
        SettingsError: The environment is wrong, or the Connection of one of the stores.
    """
    return Settings.from_environment().resolved(_known_to_tasks, *stores)


def command_settings(*stores: str) -> Settings:
    """The same for a command beside Airflow, which reads Airflow's metadata database itself."""
    return Settings.from_environment().resolved(_known_to_commands, *stores)


def _known_to_tasks(connection_id: str) -> str:
    try:
        found = Connection.get(connection_id)
    except AirflowNotFoundException:
        found = None
    return connection_url(connection_id, found)


def _known_to_commands(connection_id: str) -> str:
    return connection_url(connection_id, looked_up(connection_id, ensure_secrets_loaded()))
